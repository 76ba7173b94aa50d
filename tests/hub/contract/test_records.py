"""What is recorded comes back, and nothing that was given or is returned is shared."""

import copy
from datetime import UTC, datetime, timedelta, timezone
from typing import Any

import pytest
import zmq
from hub_kinds import RECORDING, Kind
from ipyparallel.controller.hub import empty_record, init_record
from jupyter_client.session import Session

from contract.conftest import Maker
from mqsql.errors import StorageError
from mqsql.schema import TASKS

pytestmark = pytest.mark.parametrize('kind', RECORDING, ids=str, indirect=True, scope='module')

NOON = datetime(2026, 3, 1, 12, tzinfo=UTC)
LONG = 'x' * 20_000
MICROSECOND = timedelta(microseconds=1)

DOCUMENT: dict[str, Any] = {
    'plain': [1, 1.0, True, False, None, '', 'text', -(2**63), 2**63 - 1, 0.1, 1e308, -0.0],
    'keys': {'': 1, 'a.b': 2, '$gt': 3, '$date': 'x', '_id': 4, '"': 5, '0': 6, 'ä\u2028\U0001f600': 7},
    'nested': [[[], [{}]], {'a': {'b': {'c': [None]}}}],
    'time': NOON + MICROSECOND,
    'bytes': b'\0\xff',
    'order': {'b': 1, 'a': 2},
    'nul': 'a\0b',
}

TIMES = [
    NOON,
    NOON + MICROSECOND,
    NOON + timedelta(microseconds=999_999),
    datetime(1969, 12, 31, 23, 59, 59, 999_999, tzinfo=UTC),
    datetime(1, 1, 1, tzinfo=UTC),
    datetime(9999, 12, 31, 23, 59, 59, 999_999, tzinfo=UTC),
    (NOON + MICROSECOND).astimezone(timezone(timedelta(hours=-9, minutes=-30))),
    datetime(2026, 3, 1, 12, 0, 0, 1),
    datetime(2026, 10, 25, 2, 30, fold=1),
]


def task_record(**values: Any) -> dict[str, Any]:
    """What the hub makes of a request."""
    message = Session(key=b'key').msg('apply_request', content={'a': 5})
    record = init_record({**message, 'metadata': {'label': 'a'}, 'buffers': [b'one', b'two']})
    return {**record, **values}


def unlazy(record: dict[str, Any]) -> dict[str, Any]:
    """The record with lists of bytes."""
    buffers = {key: [bytes(b) for b in record[key]] for key in ('buffers', 'result_buffers') if record.get(key)}
    return {**record, **buffers}


# --- what comes back


def test_a_record_comes_back_as_it_was_given(db: Any) -> None:
    record = task_record(content=DOCUMENT, metadata={}, stdout='', stderr='e', queue='mux')
    db.add_record(record['msg_id'], record)
    whole = dict.fromkeys(TASKS.columns) | record
    assert unlazy(db.get_record(record['msg_id'])) == whole
    assert [unlazy(found) for found in db.find_records({})] == [whole]
    assert list(db.get_record(record['msg_id'])['content']['order']) == ['b', 'a']
    types = [type(value) for value in db.get_record(record['msg_id'])['content']['plain']]
    assert types == [type(value) for value in DOCUMENT['plain']]


def test_an_empty_record_comes_back_as_it_was_given(db: Any) -> None:
    db.add_record('m', empty_record() | {'msg_id': 'm'})
    assert db.get_record('m') == dict.fromkeys(TASKS.columns) | empty_record() | {'msg_id': 'm'}
    db.add_record('n', {})
    assert db.get_record('n') == dict.fromkeys(TASKS.columns) | {'msg_id': 'n'}


def test_a_history_is_there_after_closing_as_far_as_the_kind_keeps_it(make: Maker) -> None:
    db, record = make(), task_record(content=DOCUMENT, buffers=[b'kept', bytes(100_000)], submitted=NOON)
    db.add_record('m', {**record, 'msg_id': 'm'})
    db.update_record('m', {'stdout': 'said', 'completed': NOON + MICROSECOND, 'result_buffers': [b'r']})
    before = unlazy(db.get_record('m'))
    db = make.again()
    assert db.get_history() == ['m'] * make.kind.survives
    assert [unlazy(found) for found in db.find_records({})] == [before] * make.kind.survives


@pytest.mark.parametrize('msg_id', ['m', '', 'a.b', '$a', 'ü\0"', 'x' * 1000, 'c56173bc-d2e655b6_19062_4'])
def test_an_id_is_any_text(db: Any, msg_id: str) -> None:
    db.add_record(msg_id, {'label': 1, 'buffers': [b'a']})
    db.update_record(msg_id, {'stdout': 'x'})
    assert db.get_record(msg_id)['msg_id'] == msg_id
    assert db.find_records({'msg_id': msg_id}, ['stdout']) == [{'msg_id': msg_id, 'stdout': 'x'}]
    assert db.find_records({'msg_id': {'$in': [msg_id]}}, []) == [{'msg_id': msg_id}]
    assert db.get_history() == [msg_id]


@pytest.mark.parametrize('time', TIMES, ids=str)
def test_a_time_is_an_instant_to_the_microsecond(db: Any, time: datetime) -> None:
    db.add_record('m', {'submitted': time, 'header': {'date': time, 'dates': [time]}})
    db.update_record('m', {'completed': time})
    record = db.get_record('m')
    instant = time.astimezone(UTC) if time.tzinfo is None else time
    for found in (record['submitted'], record['completed'], record['header']['date'], *record['header']['dates']):
        assert (found, found.tzinfo) == (instant, UTC)
    for query in ({'submitted': time}, {'header.date': time}, {'header.dates': time}, {'submitted': {'$lte': time}}):
        assert db.find_records(query, []) == [{'msg_id': 'm'}]
    if instant > datetime.min.replace(tzinfo=UTC):
        before = instant - timedelta(microseconds=1)
        for query in ({'submitted': before}, {'header.date': {'$lt': instant}}):
            assert db.find_records(query, []) == []
        assert db.find_records({'submitted': {'$gt': before}}, []) == [{'msg_id': 'm'}]


def test_of_a_value_that_the_kind_does_not_have_as_little_as_possible_is_left_out(kind: Kind, db: Any) -> None:
    content = {'a': 1, 'large': 2**80, 'text': '\ud800', 'nul\0': 1, 'list': [1, -(2**63) - 1, {'b': 2}]}
    db.add_record('m', {'content': content, 'label': 2**64, 'stdout': 'x', 'queue': 'q'})
    db.update_record('m', {'result_content': content, 'stderr': 'y'})
    record = db.get_record('m')
    kept = {'a': 1, 'list': [1, None, {'b': 2}]} if kind.mongodb else content
    assert (record['content'], record['result_content']) == (kept, kept)
    assert record['label'] == (None if kind.mongodb else 2**64)
    assert (record['stdout'], record['queue'], record['stderr']) == ('x', 'q', 'y')


def test_documents_come_back_as_dicts(db: Any) -> None:
    content = {'ename': 'ZeroDivisionError', 'traceback': ['a', 'b']}
    db.add_record('m', {})
    for key in ('error', 'execute_result', 'display_data'):
        db.update_record('m', {key: content})
        assert db.get_record('m')[key] == content


# --- buffers


def test_buffers_of_every_sort(db: Any) -> None:
    buffers = [b'a', bytearray(b'b'), memoryview(b'c'), zmq.Frame(b'd'), memoryview(b'xexfxg')[1::2], b'']
    db.add_record('m', {'buffers': buffers})
    db.update_record('m', {'result_buffers': buffers})
    for record in (db.get_record('m'), *db.find_records({}), *db.find_records({}, ['buffers', 'result_buffers'])):
        for key in ('buffers', 'result_buffers'):
            assert record[key] == [b'a', b'b', b'c', b'd', b'efg', b'']
            assert (len(record[key]), bytes(record[key][-2]), bytes(record[key][0])) == (6, b'efg', b'a')
            assert [memoryview(buffer).nbytes for buffer in record[key]] == [1, 1, 1, 1, 3, 0]
            assert record[key]


@pytest.mark.parametrize(
    'buffers',
    [[], [b''], [b'', b''], [b'%d' % i for i in range(200)], [bytes(range(256)) * 4096], [bytes(5_000_000), b'x']],
    ids=['none', 'empty', 'empties', 'many', 'megabyte', 'megabytes'],
)
def test_buffers_of_every_number_and_size(make: Maker, buffers: list[bytes]) -> None:
    db = make()
    db.add_record('m', {'buffers': buffers})
    db.add_record('n', {'buffers': buffers[:1], 'result_buffers': buffers})
    assert list(db.get_record('m')['buffers']) == list(db.get_record('n')['result_buffers']) == buffers
    assert bool(db.get_record('m')['buffers']) == bool(buffers)
    db.update_record('m', {'buffers': [b'new'], 'result_buffers': buffers})
    record = db.get_record('m')
    assert (list(record['buffers']), list(record['result_buffers'])) == ([b'new'], buffers)
    db.update_record('n', {'result_buffers': None, 'buffers': []})
    assert (db.get_record('n')['result_buffers'], db.get_record('n')['buffers']) == (None, [])


def test_buffers_are_found_by_whether_there_are_any(db: Any) -> None:
    for msg_id, buffers in (('none', None), ('empty', []), ('one', [b'']), ('two', [b'a', b'b'])):
        db.add_record(msg_id, {'buffers': buffers})
    for query, found in (
        (None, ['none']),
        ({'$ne': None}, ['empty', 'one', 'two']),
        ({'$exists': True}, ['empty', 'one', 'two']),
        ({'$size': 1}, ['one']),
        ({'$size': 0}, ['empty']),
    ):
        assert sorted(r['msg_id'] for r in db.find_records({'buffers': query}, [])) == found


# --- records of one task


def test_a_request_after_its_output_completes_the_record(db: Any) -> None:
    db.add_record('m', empty_record() | {'msg_id': 'm', 'stdout': 'early\n'})
    assert db.get_history() == ['m']
    db.add_record('m', empty_record() | {'msg_id': 'm', 'submitted': NOON, 'content': {}, 'buffers': [b'x']})
    found = db.get_record('m')
    assert (found['stdout'], found['submitted'], found['buffers']) == ('early\n', NOON, [b'x'])


def test_an_update_changes_what_it_names_and_nothing_else(db: Any) -> None:
    record = task_record(submitted=NOON)
    for msg_id in ('m', 'n'):
        db.add_record(msg_id, {**record, 'msg_id': msg_id})
    before = unlazy(db.get_record('m'))
    db.update_record('m', {})
    assert unlazy(db.get_record('m')) == before
    changes = {'stdout': 'x', 'completed': NOON, 'pyin': 'alias', 'header': {}, 'label': None, 'submitted': None}
    db.update_record('m', changes)
    changes['execute_input'] = changes.pop('pyin')
    assert unlazy(db.get_record('m')) == before | changes
    assert unlazy(db.get_record('n')) == before | {'msg_id': 'n'}
    assert db.find_records({'submitted': None, 'label': None, 'header': {}}, []) == [{'msg_id': 'm'}]


def test_a_line_of_output_after_another(db: Any) -> None:
    db.add_record('m', {'stdout': '', 'buffers': [bytes(1_000_000)]})
    for i in range(200):
        db.update_record('m', {'stdout': db.get_record('m')['stdout'] + f'line {i}\n' + 'x' * 200})
    text = db.get_record('m')['stdout']
    assert text.count('line') == 200
    assert db.find_records({'stdout': text}, ['stdout']) == [{'msg_id': 'm', 'stdout': text}]
    db.update_record('m', {'stdout': 'other'})
    assert db.find_records({'stdout': {'$regex': 'line'}}, []) == []


def test_every_display_is_kept(db: Any) -> None:
    db.add_record('m', {})
    displays = [{'data': {'text/plain': str(i)}, 'metadata': {}} for i in range(3)]
    for content in displays:
        db.update_record('m', {'display_data': content})
    # The hub writes back what it has read when the request comes after its output.
    db.update_record('m', {'display_data': db.get_record('m')['display_data'], 'submitted': NOON})
    found = db.get_record('m')['display_data']
    assert found == {**displays[2], 'earlier': displays[:2]}
    assert [r['msg_id'] for r in db.find_records({'display_data.earlier.data.text/plain': '1'}, [])] == ['m']


def test_keys_of_an_update_are_only_keys(db: Any) -> None:
    db.add_record('m', {'stderr': 'e'})
    for key in ("stdout = 'x' WHERE ? <> ? --", '$set', 'stdout.x', 'header.a', '_id', ''):
        db.update_record('m', {key: 'zz', 'queue': 'q'})
    record = db.get_record('m')
    assert (record['stdout'], record['header'], record['stderr'], record['queue']) == (None, None, 'e', 'q')


def test_what_is_not_there_is_a_key_error(db: Any) -> None:
    for call in (db.get_record, lambda msg_id: db.update_record(msg_id, {'label': 'a'})):
        for msg_id in ('absent', ''):
            with pytest.raises(KeyError, match='no record'):
                call(msg_id)
    assert db.get_history() == []


# --- nothing is shared


def test_records_that_are_given_are_left_as_they_are(db: Any) -> None:
    record = task_record(submitted=datetime(2026, 3, 1, 12), content=copy.deepcopy(DOCUMENT), display_data={'n': 1})
    record['header']['date'] = datetime(2026, 3, 1, 12)
    before = copy.deepcopy(record)
    db.add_record('m', record)
    db.update_record('m', record)
    db.update_record('m', {'display_data': {'n': 2}})
    db.update_record('m', record)
    assert record == before
    assert db.get_record('m')['submitted'] == datetime(2026, 3, 1, 12).astimezone()


def test_a_record_is_not_changed_by_changing_what_it_was_given(db: Any) -> None:
    record: dict[str, Any] = {'header': {'a': 1}, 'buffers': [bytearray(b'x')], 'label': ['l'], 'content': {'b': [1]}}
    db.add_record('m', record)
    db.add_record('n', {})
    db.update_record('n', record)
    record['header']['a'] = 2
    record['buffers'][0][:] = b'y'
    record['buffers'].append(b'z')
    record['label'].append('m')
    record['content']['b'].append(2)
    for _ in range(2):
        for found in (
            db.get_record('m'),
            db.get_record('n'),
            *db.find_records({}),
            *db.find_records({}, TASKS.all_keys),
        ):
            assert (found['header'], found['label'], found['content']) == ({'a': 1}, ['l'], {'b': [1]})
            assert list(found['buffers']) == [b'x']
            found['header']['a'] = 3
            found['label'].append('m')
            found['content']['b'].append(2)
            found['garbage'] = found.pop('buffers')


def test_a_database_that_is_closed_says_so(make: Maker, caplog: pytest.LogCaptureFixture) -> None:
    db = make()
    db.add_record('m', {})
    make.close()
    db.close()
    for call in (
        lambda: db.add_record('n', {}),
        lambda: db.update_record('m', {'label': 'a'}),
        lambda: db.drop_record('m'),
        lambda: db.drop_matching_records({}),
        lambda: db.find_records({}),
        db.get_history,
    ):
        with pytest.raises(StorageError, match='closed'):
            call()
    for _ in range(2):  # the hub expects nothing else of this method
        with pytest.raises(KeyError):
            db.get_record('m')
    assert caplog.text.count('(said once)') == 1
    assert 'the store is closed; open it again' in caplog.text
