"""What cannot be stored costs only itself: labels of any type, and values that no key of a record has."""

import logging
from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from typing import Any

import pytest
from hub_kinds import RECORDING, Kind
from ipyparallel.controller.hub import empty_record
from odd_values import UNSTORABLE, Hostile, Name, OddItems, OddMapping, Own

from contract.conftest import Maker

pytestmark = pytest.mark.parametrize('kind', RECORDING, ids=str, indirect=True, scope='module')

NOON = datetime(2026, 3, 1, 12, tzinfo=UTC)
LONG = 'x' * 20_000
LABELS: list[Any] = [7, 0.5, ['run', 3], {'run': 1}, True, 'text', {'a': [1, {'b': None}]}, [], '', -(2**63), b'raw']


Said = Callable[[], list[str]]


@pytest.fixture
def said(caplog: pytest.LogCaptureFixture) -> Said:
    """What the log has of the values that are left out."""

    def lines() -> list[str]:
        found = (record.getMessage() for record in caplog.records if record.levelno >= logging.ERROR)
        return [line for line in found if 'kept in memory' not in line]

    return lines


# --- labels


@pytest.mark.parametrize('label', LABELS, ids=str)
def test_a_label_of_any_type_is_recorded_and_found(db: Any, label: Any) -> None:
    db.add_record('m', empty_record() | {'submitted': NOON, 'label': label})
    db.add_record('other', empty_record() | {'label': 'other'})
    assert db.get_record('m')['label'] == label
    assert [r['msg_id'] for r in db.find_records({'label': label}, ['label'])] == ['m']
    assert [r['label'] for r in db.find_records({'label': {'$in': [label, 'x']}}, ['label'])] == [label]
    db.update_record('other', {'label': label})
    assert len(db.find_records({'label': label})) == 2


def test_labels_of_all_types_in_one_query(db: Any) -> None:
    for i, label in enumerate(LABELS):
        db.add_record(f'm{i}', {'label': label})
    assert [r['label'] for r in db.find_records({'label': {'$in': [7, 'text', None]}}, ['label'])] == [7, 'text']
    assert [r['label'] for r in db.find_records({'label.run': 1}, ['label'])] == [{'run': 1}]


# --- what no key of a record has


@pytest.mark.parametrize(('key', 'value'), UNSTORABLE, ids=[f'{key}-{i}' for i, (key, _) in enumerate(UNSTORABLE)])
def test_what_a_key_cannot_have_costs_only_itself(make: Maker, said: Said, key: str, value: Any) -> None:
    db = make()
    whole = {'msg_id': 'm', 'client_uuid': 'c', 'header': {'a': 1}, 'stderr': 'e'}
    for msg_id in ('m', 'm2'):
        db.add_record(msg_id, {**whole, 'msg_id': msg_id, key: value})
    db.update_record('m', {'stderr': 'ee', key: value, 'resubmitted': 'r'})
    for record in (db.get_record('m'), *make.again().find_records({'msg_id': 'm'})):
        assert {name: record[name] for name in whole} == {**whole, 'stderr': 'ee'}
        assert record['resubmitted'] == 'r'
        assert record.get(key) is None
    (line,) = said()
    assert key in line
    assert 'left out' in line


def test_of_a_document_the_smallest_part_is_left_out(db: Any, said: Said) -> None:
    content = {'a': 1, 2: 'two', 'b': {'c': {1, 2}, 'd': [1, object(), {'e': 5, (1,): 6}]}, 'f': NOON}
    db.add_record('m', {'content': content, 'label': ['run', {3}]})
    record = db.get_record('m')
    assert record['content'] == {'a': 1, 'b': {'d': [1, None, {'e': 5}]}, 'f': NOON}
    assert record['label'] == ['run', None]
    lines = said()
    assert any(line.startswith('content: 2 (int) of a task') for line in lines)
    assert any(line.startswith('label: {3} (set) of a task') for line in lines)


def test_of_a_document_without_end_the_beginning_is_kept(db: Any) -> None:
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


def test_the_log_names_each_kind_once(db: Any, said: Said) -> None:
    for i in range(5):
        db.add_record(f'm{i}', {'engine_uuid': i, 'queue': {i}, 'nope': i})
        db.update_record(f'm{i}', {'engine_uuid': i / 2})
    assert len(said()) == 4
    assert all('left out' in line for line in said())


@pytest.mark.parametrize('msg_id', [5, None, b'\xff', ['m'], {'m': 1}, Hostile()], ids=range(6))
def test_a_task_that_has_no_name_is_named_in_the_log(db: Any, said: Said, msg_id: Any) -> None:
    db.add_record(msg_id, {'label': 'a'})
    assert len(said()) == 1
    assert db.get_history() == []
    with pytest.raises(KeyError):
        db.get_record(msg_id)
    with pytest.raises(KeyError):
        db.drop_record(msg_id)


@pytest.mark.parametrize('msg_id', [Name.FIRST, Own('m'), b'm', bytearray(b'm'), memoryview(b'm')], ids=range(5))
def test_a_task_is_one_record_however_its_name_is_written(make: Maker, msg_id: Any) -> None:
    db = make()
    db.add_record(msg_id, {'msg_id': msg_id, 'stdout': LONG})
    db.update_record('m', {'stdout': LONG + 'first'})
    db.update_record(msg_id, {'stdout': LONG + 'second'})
    for name in (msg_id, 'm'):
        record = db.get_record(name)
        assert (record['msg_id'], record['stdout']) == ('m', LONG + 'second')
    assert [r['msg_id'] for r in db.find_records({})] == db.get_history() == ['m']
    assert (
        make.again().find_records({}, ['stdout']) == [{'msg_id': 'm', 'stdout': LONG + 'second'}] * make.kind.survives
    )


@pytest.mark.parametrize('named', ['other', 5, None, Hostile()], ids=range(4))
def test_a_record_that_names_another_task_stays_the_one_of_the_call(db: Any, named: Any) -> None:
    db.add_record('m', {'msg_id': named, 'stdout': 'first'})
    db.update_record('m', {'msg_id': named, 'stdout': LONG + 'second'})
    assert db.get_record('m')['msg_id'] == 'm'
    assert [r['msg_id'] for r in db.find_records({})] == ['m']


@pytest.mark.parametrize(
    'record', [None, 5, 'text', ['label'], Hostile(), OddItems(label='kept'), OddMapping()], ids=range(7)
)
def test_a_record_that_is_no_dict_is_still_a_task(db: Any, said: Said, record: Any) -> None:
    db.add_record('m', record)
    db.update_record('m', record)
    kept = 'kept' if isinstance(record, Mapping) else None
    assert db.find_records({}, ['label']) == [{'msg_id': 'm', 'label': kept}]
    assert bool(said()) == (not isinstance(record, OddItems))


def test_a_record_is_named_by_the_call(db: Any) -> None:
    db.add_record('m', {'msg_id': 5, 'label': 'a'})
    db.update_record('m', {'msg_id': 'other', 'queue': 'q'})
    assert [(r['msg_id'], r['label'], r['queue']) for r in db.find_records({})] == [('m', 'a', 'q')]


def test_a_request_with_an_odd_value_completes_the_record_that_its_output_began(db: Any) -> None:
    db.add_record('m', empty_record() | {'msg_id': 'm', 'stdout': 'early\n'})
    db.add_record('m', empty_record() | {'msg_id': 'm', 'label': 7, 'engine_uuid': Hostile(), 'submitted': NOON})
    record = db.get_record('m')
    assert (record['stdout'], record['label'], record['submitted']) == ('early\n', 7, NOON)


def test_long_output_goes_on_beside_an_odd_value(db: Any) -> None:
    text = 'x' * 20_000
    db.add_record('m', {'stdout': text})
    db.update_record('m', {'stdout': text + 'y'})
    db.update_record('m', {'stdout': text + 'yz', 'engine_uuid': 3})
    assert db.get_record('m')['stdout'] == text + 'yz'


# --- display_data


def displayed(db: Any, *messages: Any) -> Any:
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
def test_displays_of_every_kind_are_kept_in_order(db: Any, messages: list[Any], kept: Any) -> None:
    assert displayed(db, *messages) == kept


def test_a_display_that_is_too_deep_with_those_before_it_costs_only_itself(kind: Kind, db: Any) -> None:
    deep: dict[str, Any] = {}
    for _ in range(95 if kind.mongodb else 175):
        deep = {'a': deep}
    record = displayed(db, deep, {'n': 2}, {'n': 3})
    assert record == {'n': 3, 'earlier': [deep, {'n': 2}]}
    db.update_record('m', {'display_data': {'b': record, 'c': {'d': record}}, 'stdout': 'x' * 100})
    assert db.get_record('m')['stdout'] == 'x' * 100
