"""ipyparallel's hub calls each method with what a controller would give it, and its clients see what happened."""

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from hub_alone import BROADCASTS, ENGINES, TASKS, HubAlone, hub_alone
from hub_kinds import Kind

from contract.documented import (
    DIVIDED_BY_ZERO,
    LAST_HOUR,
    OTHERS_BEFORE,
    PENDING,
    RESULT_HEADERS,
    answer,
    ids,
)
from mqsql.schema import TASKS as TABLE

ONE, OTHER = ENGINES
QUEUES = pytest.mark.parametrize('queue', [TASKS, ONE])
LARGE = bytes(range(256)) * 4096
BUFFERS = [b'', b'one', memoryview(b'two'), LARGE, *(b'%d' % i for i in range(100))]
PLAIN = [bytes(buffer) for buffer in BUFFERS]


def task(hub: HubAlone, *, queue: str = TASKS, engine: str = ONE, text: str = '', **options: Any) -> str:
    """A task that ends well, and perhaps prints; `options` are its dates."""
    request = hub.request([b'argument'], date=options.get('date'))
    msg_id = hub.submit(request, queue)
    if text:
        hub.show(request, 'stream', name='stdout', text=text)
    hub.finish(request, engine, [b'result'], queue=queue, **options)
    return msg_id


# --- requests and results


@QUEUES
def test_a_task_from_its_request_to_its_result(hub: HubAlone, queue: str) -> None:
    request = hub.request(BUFFERS, label='a', more={'deep': [1, None, {'x': 0.5}]})
    msg_id = hub.submit(request, queue)
    (record,) = hub.db_query({}, ['buffers', *TABLE.default_keys])
    given = {'msg_id': msg_id, 'header': request['header'], 'content': request['content'], 'label': 'a'}
    given |= {'metadata': request['metadata'], 'submitted': request['header']['date']}
    given |= {'client_uuid': hub.session.session, 'queue': 'mux' if queue == ONE else 'task', 'buffers': PLAIN}
    given |= {'engine_uuid': ONE if queue == ONE else None, 'stdout': '', 'stderr': ''}
    assert record == dict.fromkeys(record, None) | given
    assert record.keys() == set(TABLE.columns) - {'result_buffers'}
    if queue == TASKS:
        hub.assign(msg_id, ONE)
        assert hub.db_query({'engine_uuid': ONE}, []) == [{'msg_id': msg_id}]
    started = datetime(2026, 3, 1, 12, 0, 0, 123456, tzinfo=UTC)
    hub.finish(request, ONE, BUFFERS, queue=queue, started=started, date=started + timedelta(microseconds=1))
    (record,) = hub.db_query({'msg_id': msg_id}, ['buffers', 'result_buffers', *TABLE.default_keys])
    assert (record['buffers'], record['result_buffers']) == (PLAIN, PLAIN)
    assert (record['started'], record['completed']) == (started, started + timedelta(microseconds=1))
    assert record['received'] >= record['submitted']
    assert record['result_metadata'] == {'engine': ONE, 'started': started, 'status': 'ok'}
    assert record['result_content'] == {'status': 'ok'}
    assert record['result_header']['date'] == record['completed']
    assert {key: record[key] for key in given} == given | {'engine_uuid': ONE}


def test_a_broadcast_from_its_request_to_its_result(hub: HubAlone) -> None:
    request = hub.request([b'a'])
    msg_id = hub.submit(request, BROADCASTS)
    assert ids(answer(hub, PENDING)) == [msg_id]
    hub.finish(request, OTHER, [b'r'], queue=BROADCASTS)
    (record,) = hub.db_query({'engine_uuid': OTHER}, ['result_buffers', 'completed'])
    assert record['result_buffers'] == [b'r']
    assert record['completed'] is not None


def test_the_result_of_a_task_that_has_no_record_is_dropped_without_harm(hub: HubAlone) -> None:
    request = hub.request()
    msg_id = hub.submit(request)
    hub.hub.db.drop_record(msg_id)
    with pytest.raises(KeyError, match='no record'):
        hub.hub.db.update_record(msg_id, {'completed': None})
    assert hub.ask('history_request')['history'] == []


def test_what_an_engine_was_to_do_is_given_up_when_it_dies(hub: HubAlone) -> None:
    lost, kept = (hub.submit(hub.request([b'a']), engine) for engine in ENGINES)
    hub.lose(ONE)
    (record,) = hub.db_query({'completed': {'$ne': None}}, ['result_buffers', *TABLE.default_keys])
    assert (record['msg_id'], record['engine_uuid'], record['result_buffers']) == (lost, ONE, [])
    assert record['result_content']['ename'] == 'EngineError'
    assert record['result_header'] == {'engine': ONE, 'date': record['completed']}
    assert ids(hub.db_query({'result_content.ename': 'EngineError'})) == [lost]
    assert ids(answer(hub, PENDING)) == [kept]


# --- output


@QUEUES
def test_what_a_task_prints_and_shows(hub: HubAlone, queue: str) -> None:
    request = hub.request()
    hub.submit(request, queue)
    for i in range(50):
        hub.show(request, 'stream', name='stdout', text=f'line {i}\n')
        hub.show(request, 'stream', name='stderr', text=str(i % 10))
    hub.show(request, 'execute_input', code='1 + 1')
    shown = {'data': {'text/plain': '2', 'a.b': {'$x': 1}}, 'metadata': {}}
    hub.show(request, 'execute_result', execution_count=1, **shown)
    hub.show(request, 'error', ename='E', evalue='', traceback=['a', 'b'])
    for i in range(3):
        hub.show(request, 'display_data', **{**shown, 'number': i})
    (record,) = hub.db_query({})
    assert record['stdout'] == ''.join(f'line {i}\n' for i in range(50))
    assert record['stderr'] == '0123456789' * 5
    assert record['execute_input'] == '1 + 1'
    assert record['execute_result'] == {'execution_count': 1, **shown}
    assert record['error'] == {'ename': 'E', 'evalue': '', 'traceback': ['a', 'b']}
    displays = [{**shown, 'number': i} for i in range(3)]
    assert record['display_data'] == {**displays[2], 'earlier': displays[:2]}
    for query in ({'pyin': '1 + 1'}, {'pyout.execution_count': 1}, {'pyerr.ename': 'E'}, {'stderr': {'$regex': '9$'}}):
        assert len(hub.db_query(query, [])) == 1


@QUEUES
def test_output_that_comes_before_its_request(hub: HubAlone, queue: str) -> None:
    request = hub.request(BUFFERS, label={'run': 1})
    hub.show(request, 'stream', name='stdout', text='early\n')
    hub.show(request, 'display_data', data={'n': 1})
    hub.show(request, 'display_data', data={'n': 2})
    msg_id = request['header']['msg_id']
    (record,) = hub.db_query({'submitted': None})
    assert (record['msg_id'], record['stdout'], record['label']) == (msg_id, 'early\n', None)
    assert hub.ask('history_request')['history'] == [msg_id]
    hub.submit(request, queue)
    hub.show(request, 'stream', name='stdout', text='late\n')
    hub.show(request, 'display_data', data={'n': 3})
    hub.finish(request, ONE, [b'r'], queue=queue)
    (record,) = hub.db_query({'label': {'run': 1}}, ['buffers', *TABLE.default_keys])
    assert (record['stdout'], record['buffers']) == ('early\nlate\n', PLAIN)
    assert (record['submitted'], record['header']) == (request['header']['date'], request['header'])
    assert record['display_data'] == {'data': {'n': 3}, 'earlier': [{'data': {'n': 1}}, {'data': {'n': 2}}]}
    assert record['completed'] is not None


# --- what clients ask


@QUEUES
def test_results_are_fetched_with_their_buffers(hub: HubAlone, db: Any, queue: str) -> None:
    request = hub.request(label='a')
    done = hub.submit(request, queue)
    hub.show(request, 'stream', name='stdout', text='said\n')
    hub.finish(request, ONE, BUFFERS, queue=queue)
    (record,) = hub.db_query({'msg_id': done})
    with hub_alone(db) as later:  # it does not remember the task
        for asked in (hub, later):
            reply = asked.ask('result_request', msg_ids=[done])
            assert (reply['status'], reply['completed'], reply['pending']) == ('ok', [done], [])
            assert reply['buffers'] == PLAIN
            assert reply[done]['io'] == {
                key: record[key] for key in ('execute_input', 'execute_result', 'error', 'stdout', 'stderr')
            }
            for key in ('header', 'metadata', 'result_metadata', 'result_header', 'result_content', 'received'):
                assert reply[done][key] == record[key]
    pending = hub.submit(hub.request(), queue)
    reply = hub.ask('result_request', msg_ids=[pending, done])
    assert (reply['completed'], reply['pending']) == ([done], [pending])
    assert hub.ask('result_request', msg_ids=['absent'])['ename'] == 'KeyError'


def test_a_task_without_a_result_is_pending_for_a_hub_that_does_not_remember_it(hub: HubAlone, db: Any) -> None:
    msg_id = hub.submit(hub.request([b'a']))
    with hub_alone(db) as later:
        assert later.ask('result_request', msg_ids=[msg_id])['pending'] == [msg_id]


def test_thousands_of_results(hub: HubAlone, db: Any) -> None:
    noon = datetime(2026, 3, 1, 12, tzinfo=UTC)
    tasks = [f'm{i:04}' for i in range(1100)]
    for i, msg_id in enumerate(tasks):
        times = {'submitted': noon + timedelta(seconds=i), 'completed': noon}
        db.add_record(msg_id, {**times, 'result_buffers': [b'r'] if i % 100 == 0 else []})
    reply = hub.ask('result_request', msg_ids=tasks)
    assert (reply['completed'], len(reply['buffers'])) == (tasks, 11)
    assert len(hub.db_query({'msg_id': {'$in': tasks[50:]}}, ['buffers'])) == 1050
    assert hub.ask('purge_request', msg_ids=tasks[1:])['status'] == 'ok'
    assert hub.ask('history_request')['history'] == tasks[:1]


def test_a_task_is_submitted_again_and_again(hub: HubAlone) -> None:
    request = hub.request(BUFFERS, label='a')
    first = hub.submit(request)
    hub.finish(request, ONE)
    chain = [first]
    for _ in range(2):
        reply = hub.ask('resubmit_request', msg_ids=chain[-1:])
        again = hub.resubmitted()
        chain.append(reply['resubmitted'][chain[-1]])
        assert [bytes(buffer) for buffer in again['buffers']] == PLAIN
        assert (again['msg_id'], again['content']) == (chain[-1], request['content'])
        # The hub warns of a conflict where the record differs from what passes now.
        hub.submit(again)
        hub.finish(again, OTHER)
    found = {record['msg_id']: record for record in hub.db_query({}, ['resubmitted', 'buffers', 'engine_uuid'])}
    assert [found[msg_id]['resubmitted'] for msg_id in chain] == [*chain[1:], None]
    assert [found[msg_id]['engine_uuid'] for msg_id in chain] == [ONE, OTHER, OTHER]
    assert all(found[msg_id]['buffers'] == PLAIN for msg_id in chain)
    assert hub.ask('history_request')['history'] == chain
    assert hub.ask('resubmit_request', msg_ids=[first, 'absent'])['ename'] == 'KeyError'


def test_purges_in_every_form(hub: HubAlone) -> None:
    tasks = [task(hub, queue=ENGINES[i % 2], engine=ENGINES[i % 2]) for i in range(8)]
    pending = hub.submit(hub.request(), ONE)
    printed = hub.request()
    hub.show(printed, 'stream', name='stdout', text='of a broadcast\n')

    def left() -> list[str]:
        history: list[str] = hub.ask('history_request')['history']
        return history[1:] if history[:1] == [printed['header']['msg_id']] else history

    for content, rest in (
        ({'msg_ids': tasks[:1]}, [*tasks[1:], pending]),
        ({'msg_ids': [*tasks[1:3], 'absent']}, [*tasks[3:], pending]),
        ({'msg_ids': [], 'engine_ids': []}, [*tasks[3:], pending]),
        ({'msg_ids': [tasks[3]], 'engine_ids': [0]}, [*tasks[5::2], pending]),
    ):
        assert hub.ask('purge_request', **content)['status'] == 'ok'
        assert left() == rest
    assert hub.ask('purge_request', msg_ids=[tasks[5], pending])['ename'] == 'IndexError'
    assert hub.ask('purge_request', msg_ids='all')['status'] == 'ok'
    assert hub.ask('history_request')['history'] == [pending]


def test_the_queries_of_the_documentation(hub: HubAlone) -> None:
    now = datetime.now(UTC)
    recent, old = now - timedelta(minutes=30), now - timedelta(hours=2)
    mine = [task(hub, engine=engine, started=started) for started in (recent, old) for engine in ENGINES]
    pending = hub.submit(hub.request())
    others = [task(hub, started=started) for started in (recent, old)]
    for msg_id in others:
        hub.hub.db.update_record(msg_id, {'client_uuid': 'somebody-else'})
    request = hub.request(label='divide')
    failed = hub.submit(request)
    hub.finish(request, OTHER, started=recent, status='error', ename='ZeroDivisionError', evalue='division by zero')
    assert answer(hub, PENDING) == [{'msg_id': pending, 'started': None}]
    assert ids(answer(hub, LAST_HOUR)) == sorted([*mine[:2], failed])
    assert ids(answer(hub, OTHERS_BEFORE)) == others[1:]
    headers = answer(hub, RESULT_HEADERS)
    assert ids(headers) == sorted([*mine, *others, failed])
    assert {record['result_header']['msg_type'] for record in headers} == {'apply_reply'}
    (record,) = answer(hub, DIVIDED_BY_ZERO)
    assert record == {'msg_id': failed, 'label': 'divide', 'result_content': {'evalue': 'division by zero'}}


def test_a_query_that_is_wrong_tells_the_client_why(hub: HubAlone) -> None:
    for query, keys, text in (
        ({'statred': 1}, None, "statred: unknown key 'statred', did you mean 'started'?"),
        ({'started': {'$getx': 1}}, None, "unknown operator '$getx'"),
        ({}, ['statred'], "did you mean 'started'?"),
    ):
        reply = hub.ask('db_request', query=query, keys=keys)
        assert reply['status'] == 'error'
        assert text in reply['evalue']


def test_the_order_of_history_is_that_of_submission(kind: Kind, hub: HubAlone) -> None:
    noon = datetime(2026, 3, 1, 12, tzinfo=UTC)
    offsets = [3, 1, 2, 0, 4]
    tasks = {i: task(hub, date=noon + timedelta(microseconds=i)) for i in offsets}
    assert hub.ask('history_request')['history'] == [tasks[i] for i in range(5)]
