"""Unexpected values in the hub's database: labels of any type, and values that no column holds, which cost only themselves."""

import logging
from collections.abc import Iterator, Mapping
from datetime import UTC, datetime
from enum import Enum
from pathlib import Path
from types import MappingProxyType
from typing import Any

import apsw
import ipyparallel
import pytest
from hub_cluster import client, controller, finished, wait_for_record
from ipyparallel.controller.hub import empty_record
from waiting import SECONDS

from mqsql.errors import QueryError, StorageError
from mqsql.hub.sqlite_db import SQLiteDB

NOON = datetime(2026, 3, 1, 12, tzinfo=UTC)
LABELS: list[Any] = [7, 0.5, ['run', 3], {'run': 1}, True, 'text', {'a': [1, {'b': None}]}, [], '', -(2**70), b'raw']


class Hostile:
    """Raises whenever it is looked at."""

    def __getattribute__(self, name: str) -> Any:
        if name == '__class__':  # which pytest looks at
            return Hostile
        raise ZeroDivisionError(name)

    def __bool__(self) -> bool:
        raise ZeroDivisionError('bool')

    def __repr__(self) -> str:
        raise ZeroDivisionError('repr')


@pytest.fixture
def db(tmp_path: Path) -> Iterator[SQLiteDB]:
    opened = SQLiteDB(location=str(tmp_path))
    yield opened
    opened.close()


@pytest.fixture
def said(caplog: pytest.LogCaptureFixture) -> pytest.LogCaptureFixture:
    caplog.set_level(logging.ERROR)
    return caplog


# --- labels


@pytest.mark.parametrize('label', LABELS, ids=str)
def test_a_label_of_any_type_is_recorded_and_found(db: SQLiteDB, label: Any) -> None:
    db.add_record('m', empty_record() | {'submitted': NOON, 'label': label})
    db.add_record('other', empty_record() | {'label': 'other'})
    assert db.get_record('m')['label'] == label
    assert [r['msg_id'] for r in db.find_records({'label': label}, ['label'])] == ['m']
    assert [r['label'] for r in db.find_records({'label': {'$in': [label, 'x']}}, ['label'])] == [label]
    db.update_record('other', {'label': label})
    assert len(db.find_records({'label': label})) == 2


def test_labels_of_all_types_in_one_query(db: SQLiteDB) -> None:
    for i, label in enumerate(LABELS):
        db.add_record(f'm{i}', {'label': label})
    assert [r['label'] for r in db.find_records({'label': {'$in': [7, 'text', None]}}, ['label'])] == [7, 'text']
    assert [r['label'] for r in db.find_records({'label.run': 1}, ['label'])] == [{'run': 1}]


# --- what no column holds

ODD: list[tuple[str, Any]] = [
    ('engine_uuid', 3),
    ('queue', b'\xff'),
    ('label', {1, 2}),
    ('label', Hostile()),
    ('started', 'yesterday'),
    ('completed', 5),
    ('submitted', Hostile()),
    ('buffers', 5),
    ('buffers', ['text']),
    ('result_buffers', b'one'),
    ('content', 'text'),
    ('content', Hostile()),
    ('metadata', {1, 2}),
    ('error', 5),
    ('execute_input', ['code']),
    ('stdout', 5),
    ('display_data', 5),
    ('a key of tomorrow', 5),
]


@pytest.mark.parametrize(('key', 'value'), ODD, ids=[f'{key}-{i}' for i, (key, _) in enumerate(ODD)])
@pytest.mark.parametrize('locked', [False, True], ids=['free', 'locked'])
def test_what_a_column_cannot_hold_costs_only_itself(
    tmp_path: Path, said: pytest.LogCaptureFixture, key: str, value: Any, locked: bool
) -> None:
    db = SQLiteDB(location=str(tmp_path), busy_timeout=0)
    other = apsw.Connection(str(tmp_path / 'tasks.db'))
    if locked:
        other.execute('BEGIN IMMEDIATE')
    whole = {'msg_id': 'm', 'client_uuid': 'c', 'header': {'a': 1}, 'stderr': 'e'}
    for msg_id in ('m', 'm2'):
        db.add_record(msg_id, {**whole, 'msg_id': msg_id, key: value})
    db.update_record('m', {'stderr': 'ee', key: value, 'resubmitted': 'r'})
    if locked:
        other.execute('ROLLBACK')
    other.close()
    record = db.get_record('m')
    assert {name: record[name] for name in whole} == {**whole, 'stderr': 'ee'}
    assert record['resubmitted'] == 'r'
    assert record.get(key) is None
    lines = [line.getMessage() for line in said.records if 'left out' in line.getMessage()]
    assert len(lines) == 1
    assert key in lines[0]
    db.close()


def test_of_a_document_the_smallest_part_is_left_out(db: SQLiteDB, said: pytest.LogCaptureFixture) -> None:
    content = {'a': 1, 2: 'two', 'b': {'c': {1, 2}, 'd': [1, object(), {'e': 5, (1,): 6}]}, 'f': NOON}
    db.add_record('m', {'content': content, 'label': ['run', {3}]})
    record = db.get_record('m')
    assert record['content'] == {'a': 1, 'b': {'d': [1, None, {'e': 5}]}, 'f': NOON}
    assert record['label'] == ['run', None]
    lines = [line.getMessage() for line in said.records]
    assert any(line.startswith('content: 2 (int) of a task') for line in lines)
    assert any(line.startswith('label: {3} (set) of a task') for line in lines)


def test_of_a_document_without_end_the_beginning_is_kept(db: SQLiteDB) -> None:
    content: dict[str, Any] = {'a': 1}
    content['b'] = content
    deep: list[Any] = []
    for _ in range(1000):
        deep = [deep]
    db.add_record('m', {'content': content, 'metadata': {'deep': deep}, 'label': deep, 'queue': 'q'})
    record = db.get_record('m')
    assert record['queue'] == 'q'
    # Clients read what is in these, and fail where there is no document at all.
    assert record['content']['a'] == 1
    assert depth(record['metadata']['deep']) == depth(record['label']) - 1 == depth(record['content']) - 1


def depth(value: Any) -> int:
    """The levels of dicts and lists within each other, the last of each."""
    levels = 0
    while isinstance(value, dict | list) and value:
        levels, value = levels + 1, [*value.values()][-1] if isinstance(value, dict) else value[-1]
    return levels


def test_the_log_names_each_kind_once(db: SQLiteDB, said: pytest.LogCaptureFixture) -> None:
    for i in range(5):
        db.add_record(f'm{i}', {'engine_uuid': i, 'queue': {i}, 'nope': i})
        db.update_record(f'm{i}', {'engine_uuid': i / 2})
    assert len(said.records) == 4
    assert all('left out' in line.getMessage() for line in said.records)


@pytest.mark.parametrize('msg_id', [5, None, b'\xff', ['m'], {'m': 1}, Hostile()], ids=range(6))
def test_a_task_that_has_no_name_is_named_in_the_log(db: SQLiteDB, said: pytest.LogCaptureFixture, msg_id: Any) -> None:
    db.add_record(msg_id, {'label': 'a'})
    assert len(said.records) == 1
    assert db.get_history() == []
    with pytest.raises(KeyError):
        db.get_record(msg_id)
    with pytest.raises(KeyError):
        db.drop_record(msg_id)


class Name(str, Enum):  # noqa: UP042
    FIRST = 'm'


class Own(str):
    """Text that equals nothing."""

    def __eq__(self, other: object) -> bool:
        return False

    __hash__ = str.__hash__


@pytest.fixture(params=[False, True], ids=['free', 'locked'])
def locked_or_not(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[SQLiteDB]:
    """A database whose file another program may keep locked."""
    opened = SQLiteDB(location=str(tmp_path), busy_timeout=0)
    other = apsw.Connection(str(tmp_path / 'tasks.db'))
    if request.param:
        other.execute('BEGIN IMMEDIATE')
    yield opened
    if request.param:
        other.execute('ROLLBACK')
    other.close()
    opened.close()
    after = SQLiteDB(location=str(tmp_path))
    assert after.get_history() == ['m']
    assert after.get_record('m')['stdout'] == LONG + 'second'
    after.close()


LONG = 'x' * 20_000


@pytest.mark.parametrize('msg_id', [Name.FIRST, Own('m'), b'm', bytearray(b'm'), memoryview(b'm')], ids=range(5))
def test_a_task_is_one_record_however_its_name_is_written(locked_or_not: SQLiteDB, msg_id: Any) -> None:
    db = locked_or_not
    db.add_record(msg_id, {'msg_id': msg_id, 'stdout': LONG})
    db.update_record('m', {'stdout': LONG + 'first'})
    db.update_record(msg_id, {'stdout': LONG + 'second'})
    for name in (msg_id, 'm'):
        record = db.get_record(name)
        assert (record['msg_id'], record['stdout']) == ('m', LONG + 'second')
    assert [r['msg_id'] for r in db.find_records({})] == db.get_history() == ['m']


@pytest.mark.parametrize('named', ['other', 5, None, Hostile()], ids=range(4))
def test_a_record_that_names_another_task_stays_the_one_of_the_call(locked_or_not: SQLiteDB, named: Any) -> None:
    db = locked_or_not
    db.add_record('m', {'msg_id': named, 'stdout': 'first'})
    db.update_record('m', {'msg_id': named, 'stdout': LONG + 'second'})
    assert db.get_record('m')['msg_id'] == 'm'
    assert [r['msg_id'] for r in db.find_records({})] == ['m']


class OddItems(dict[Any, Any]):
    """Its own items are no pairs."""

    def items(self) -> Any:
        raise ZeroDivisionError


class OddMapping(Mapping[Any, Any]):
    """Gives pairs whose keys no dict takes."""

    def __getitem__(self, key: Any) -> Any:
        raise KeyError

    def __iter__(self) -> Iterator[Any]:
        return iter(())

    def __len__(self) -> int:
        return 3

    def items(self) -> Any:
        return [([], 1), ('label', 'kept'), ('nope', 2)]


@pytest.mark.parametrize(
    'record', [None, 5, 'text', ['label'], Hostile(), OddItems(label='kept'), OddMapping()], ids=range(7)
)
def test_a_record_that_is_no_dict_is_still_a_task(db: SQLiteDB, said: pytest.LogCaptureFixture, record: Any) -> None:
    db.add_record('m', record)
    db.update_record('m', record)
    kept = 'kept' if isinstance(record, Mapping) else None
    assert db.find_records({}, ['label']) == [{'msg_id': 'm', 'label': kept}]
    assert bool(said.records) == (not isinstance(record, OddItems))


def test_of_a_record_too_large_for_sqlite_the_largest_value_is_left_out(
    db: SQLiteDB, said: pytest.LogCaptureFixture
) -> None:
    db._store._connection.limit(apsw.SQLITE_LIMIT_LENGTH, 100_000)  # of a billion bytes
    db.add_record('m', {'content': {'a': 'x' * 200_000}, 'label': 'a', 'buffers': [b'a']})
    db.update_record('m', {'result_buffers': [b'r', bytes(200_000)], 'completed': NOON, 'stderr': 'e' * 150_000})
    record = db.get_record('m')
    assert (record['label'], record['buffers'], record['completed']) == ('a', [b'a'], NOON)
    assert (record['content'], record['result_buffers'], record['stderr']) == (None, None, None)
    lines = [line.getMessage() for line in said.records]
    assert [line.partition(':')[0] for line in lines] == ['content', 'result_buffers', 'stderr']
    assert all('1,000,000,000 bytes' in line for line in lines)


def test_output_that_grows_too_large_for_sqlite_holds_up_no_query(db: SQLiteDB, said: pytest.LogCaptureFixture) -> None:
    db.add_record('m', {'stdout': LONG})
    db.add_record('n', {'stdout': LONG})
    for msg_id, length in (('m', 35_000), ('n', 25_000)):
        db.update_record(msg_id, {'stdout': LONG})
        db.update_record(msg_id, {'stdout': LONG.ljust(length)})
    db._store._connection.limit(apsw.SQLITE_LIMIT_LENGTH, 30_000)  # of a billion bytes
    assert [len(r['stdout']) for r in db.find_records({}, ['stdout'])] == [20_000, 25_000]
    assert "The last output of the task 'm' is lost" in said.text
    db.update_record('m', {'stdout': LONG.ljust(40_000), 'label': 'kept'})
    assert db.find_records({'label': 'kept'}, []) == [{'msg_id': 'm'}]


def test_a_display_that_is_too_deep_with_those_before_it_costs_only_itself(db: SQLiteDB) -> None:
    deep: dict[str, Any] = {}
    for _ in range(175):
        deep = {'a': deep}
    record = displayed(db, deep, {'n': 2}, {'n': 3})
    assert record == {'n': 3, 'earlier': [deep, {'n': 2}]}
    db.update_record('m', {'display_data': {'b': record, 'c': {'d': record}}, 'stdout': 'x' * 100})
    assert db.get_record('m')['stdout'] == 'x' * 100


def test_a_query_may_hold_iterators(locked_or_not: SQLiteDB) -> None:
    db = locked_or_not
    db.add_record('m', {'label': 1, 'queue': 'q', 'stdout': LONG + 'second'})
    assert db.find_records({'label': {'$in': iter([1, 2])}}, iter(['queue'])) == [{'msg_id': 'm', 'queue': 'q'}]
    assert db.find_records({'label': 1}, {'queue': 1}) == [{'msg_id': 'm', 'queue': 'q'}]


@pytest.mark.parametrize('query', [None, 5, 'text', ['a'], Hostile(), {5: 1}, {'label': Hostile()}], ids=range(7))
def test_a_purge_without_a_query_is_refused(db: SQLiteDB, query: Any) -> None:
    db.add_record('m', {'completed': NOON})
    with pytest.raises(QueryError):
        db.drop_matching_records(query)
    assert db.get_history() == ['m']


def test_a_purge_by_a_mapping_that_is_no_dict(db: SQLiteDB) -> None:
    db.add_record('m', {'stdout': 'of a broadcast'})
    db.drop_matching_records(MappingProxyType({'completed': MappingProxyType({'$ne': None})}))
    assert db.get_history() == []


def test_a_database_that_is_closed_says_so(db: SQLiteDB) -> None:
    db.add_record('m', {})
    db.close()
    with pytest.raises(StorageError, match='closed'):
        db.add_record('n', {})
    with pytest.raises(StorageError, match='closed'):
        db.update_record('m', {'label': 'a'})


def test_a_record_is_named_by_the_call(db: SQLiteDB) -> None:
    db.add_record('m', {'msg_id': 5, 'label': 'a'})
    db.update_record('m', {'msg_id': 'other', 'queue': 'q'})
    assert [(r['msg_id'], r['label'], r['queue']) for r in db.find_records({})] == [('m', 'a', 'q')]


def test_a_request_with_an_odd_value_completes_the_record_that_its_output_began(db: SQLiteDB) -> None:
    db.add_record('m', empty_record() | {'msg_id': 'm', 'stdout': 'early\n'})
    db.add_record('m', empty_record() | {'msg_id': 'm', 'label': 7, 'engine_uuid': Hostile(), 'submitted': NOON})
    record = db.get_record('m')
    assert (record['stdout'], record['label'], record['submitted']) == ('early\n', 7, NOON)


def test_long_output_goes_on_beside_an_odd_value(db: SQLiteDB) -> None:
    text = 'x' * 20_000
    db.add_record('m', {'stdout': text})
    db.update_record('m', {'stdout': text + 'y'})
    db.update_record('m', {'stdout': text + 'yz', 'engine_uuid': 3})
    assert db.get_record('m')['stdout'] == text + 'yz'


# --- display_data


def displayed(db: SQLiteDB, *messages: Any) -> Any:
    """What the record has after these messages."""
    db.add_record('m', {'label': 'a'})
    for i, message in enumerate(messages):
        db.update_record('m', {'display_data': message, 'stdout': f'{i}'})
    record = db.get_record('m')
    assert record['stdout'] == f'{len(messages) - 1}'
    return record['display_data']


@pytest.mark.parametrize(
    ('messages', 'kept'),
    [
        ([{'n': 1}, {'n': 2}, {'n': 3}], {'n': 3, 'earlier': [{'n': 1}, {'n': 2}]}),
        ([{'earlier': 5}, {'n': 2}], {'n': 2, 'earlier': [{'earlier': 5}]}),
        ([{'n': 1}, {'earlier': 5}, {'n': 3}], {'n': 3, 'earlier': [{'n': 1}, {'earlier': 5}]}),
        ([[1, 2], {'n': 2}], {'n': 2, 'earlier': [[1, 2]]}),
        ([{'n': 1}, [1, 2], {'n': 3}], {'n': 3, 'earlier': [{'n': 1}, [1, 2]]}),
        ([{'n': 1}, 'text', 5], {'earlier': [{'n': 1}, 'text', 5]}),
        ([5, {'n': 2}], {'n': 2}),
        ([{'n': 1}, {'n': {1, 2}, 'm': 2}], {'m': 2, 'earlier': [{'n': 1}]}),
        ([{'n': 1}, Hostile(), {'n': 3}], {'n': 3, 'earlier': [{'n': 1}]}),
    ],
    ids=range(9),
)
def test_displays_of_every_kind_are_kept_in_order(db: SQLiteDB, messages: list[Any], kept: Any) -> None:
    assert displayed(db, *messages) == kept


# --- a real hub


@ipyparallel.interactive  # type: ignore[untyped-decorator]  # engines cannot import this module
def say(word: str) -> str:
    if word:
        print(word)
    return word


def asked(label: Any) -> Any:
    """The label as an operand: one that reads as operators or is a list needs $eq."""
    return {'$eq': label} if isinstance(label, Mapping | list) else label


@pytest.mark.hub
def test_tasks_with_labels_of_any_type_are_found_fetched_and_submitted_again(tmp_path: Path) -> None:
    numpy: Any = pytest.importorskip('numpy')
    labels: list[Any] = [7, 0.5, ('run', 3), {'run': 1}, numpy.int64(8), True, None, {'a': [1, {'b': None}]}, 'text']
    with controller(tmp_path) as cluster, client(cluster) as rc, client(cluster) as other:
        view = rc.load_balanced_view()
        for label in labels:
            tasks = []
            for word in ('', 'hello'):
                with view.temp_flags(label=label):
                    tasks.append(view.apply_async(say, word))
            ids = finished(rc, *tasks)
            plain = list(label) if isinstance(label, tuple) else label
            for msg_id in ids:
                record = wait_for_record(rc, {'msg_id': msg_id, 'completed': {'$ne': None}})
                assert (record['label'], record['submitted'] is None) == (plain, False)
            found = rc.db_query({'label': asked(plain if plain is None else record['label'])}, keys=['label'])
            assert {r['msg_id'] for r in found} == set(ids)
            assert other.get_result(ids).get(timeout=SECONDS) == ['', 'hello']
            again = other.resubmit(ids)
            assert again.get(timeout=SECONDS) == ['', 'hello']
            # A task submitted again has no label.
            other.purge_hub_results(finished(other, again))
        everything = rc.db_query({'label': {'$in': [7, 'text', ['run', 3]]}}, keys=['label'])
        assert sorted(map(repr, (r['label'] for r in everything))) == sorted(2 * ["'text'", '7', "['run', 3]"])


@pytest.mark.hub
def test_tasks_of_a_hub_whose_messages_are_pickles_are_recorded_whatever_they_hold(tmp_path: Path) -> None:
    kept: list[tuple[Any, Any]] = [
        ({1, 2}, None),
        ({3: 4}, {}),
        (('a', {5}), ['a', None]),
        (b'raw', b'raw'),
        (object, None),
    ]
    with controller(tmp_path, '--Session.packer=pickle') as cluster, client(cluster) as rc:
        view = rc.load_balanced_view()
        for label, expected in kept:
            with view.temp_flags(label=label):
                tasks = [view.apply_async(say, word) for word in ('', 'hello')]
            for msg_id, word in zip(finished(rc, *tasks), ('', 'hello\n'), strict=True):
                record = wait_for_record(rc, {'msg_id': msg_id, 'completed': {'$ne': None}, 'stdout': word})
                assert (record['label'], record['submitted'] is None) == (expected, False)
