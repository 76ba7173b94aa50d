"""Unexpected values in the hub's database: labels of any type, and values that no column holds, which cost only themselves."""

import logging
from collections.abc import Iterator, Mapping
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import apsw
import ipyparallel
import pytest
from hub_cluster import client, controller, finished, wait_for_record
from ipyparallel.controller.hub import empty_record
from waiting import SECONDS

from mqsql.hub import SQLiteDB

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


def test_a_document_without_end_is_left_out(db: SQLiteDB) -> None:
    content: dict[str, Any] = {'a': 1}
    content['b'] = content
    deep: list[Any] = []
    for _ in range(1000):
        deep = [deep]
    db.add_record('m', {'content': content, 'metadata': {'deep': deep}, 'label': deep, 'queue': 'q'})
    assert db.get_record('m')['queue'] == 'q'


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
            other.purge_hub_results(again.msg_ids)
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
