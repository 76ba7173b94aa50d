"""Each event of each task is given once, whatever happens between two polls."""

import subprocess
import sys
from collections import Counter
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from random import Random
from typing import Any

import pytest

import mqsql
from mqsql.analysis import following
from mqsql.analysis.events import Event, in_order, latest_events, steps_of
from mqsql.analysis.following import Follower
from mqsql.storage import Store

NOON = datetime(2026, 3, 1, 12, tzinfo=UTC)


def said(events: list[Event] | Iterator[Event]) -> list[str]:
    return [f'{event.record["msg_id"]} {event.kind}' for event in events]


def over(status: str = 'ok') -> dict[str, Any]:
    """What a hub hears with the result."""
    now = datetime.now(UTC)
    return {'started': now, 'completed': now, 'received': now, 'result_content': {'status': status}}


def add(store: Store, *keys: str, **more: Any) -> None:
    for key in keys:
        store.add_record(key, {'submitted': NOON, **more})


@pytest.fixture
def few(monkeypatch: pytest.MonkeyPatch) -> None:
    """Little is known, and little is looked at."""
    monkeypatch.setattr(following, 'RECENT', 8)
    monkeypatch.setattr(following, 'WINDOW', 4)
    monkeypatch.setattr(following, 'BATCH', 3)
    monkeypatch.setattr(following, 'LOOKED_AT', 2)


# --- one task


def test_a_task_is_followed_from_its_submission_to_its_end(store: Store) -> None:
    follower = Follower(store)
    assert said(follower.poll()) == []
    add(store, 'a')
    assert said(follower.poll()) == ['a submitted']
    assert said(follower.poll()) == []
    store.update_record('a', {'engine_uuid': 'e'})
    assert said(follower.poll()) == ['a started']
    store.update_record('a', {'stdout': 'x'})
    assert said(follower.poll()) == []
    store.update_record('a', over('error'))
    assert said(follower.poll()) == ['a failed']
    assert said(follower.poll()) == []


def test_what_happens_at_once_is_given_in_order(store: Store) -> None:
    follower = Follower(store)
    add(store, 'a', engine_uuid='e', **over())
    add(store, 'b', engine_uuid='e', **{**over('aborted'), 'started': None})
    add(store, 'c', engine_uuid='', **{**over('error'), 'started': None})
    assert said(follower.poll()) == [
        *('a submitted', 'b submitted', 'c submitted'),
        *('a started', 'a done', 'b started', 'b aborted', 'c failed'),
    ]


def test_a_task_of_which_first_the_output_is_known(store: Store) -> None:
    follower = Follower(store)
    store.add_record('a', {'stdout': 'x'})
    assert said(follower.poll()) == []
    store.update_record('a', {'engine_uuid': 'e'})
    assert said(follower.poll()) == ['a started']
    store.update_record('a', {'submitted': NOON})
    assert said(follower.poll()) == ['a submitted']
    store.update_record('a', over())
    assert said(follower.poll()) == ['a done']


def test_one_task_ends_while_another_is_submitted(store: Store) -> None:
    add(store, 'a')
    follower = Follower(store)
    assert said(follower.poll()) == []
    add(store, 'b')
    store.update_record('a', over())
    assert said(follower.poll()) == ['b submitted', 'a started', 'a done']
    assert said(follower.poll()) == []


def test_the_time_of_a_start_is_the_one_that_the_hub_knows(store: Store) -> None:
    follower = Follower(store)
    add(store, 'a', engine_uuid='e')
    add(store, 'b', engine_uuid='e', **{**over(), 'started': NOON})
    before = datetime.now(UTC)
    times = {f'{event.record["msg_id"]} {event.kind}': event.time for event in follower.poll()}
    assert before <= times['a started'] <= datetime.now(UTC)
    assert times['b started'] == NOON


# --- what was there before


def test_what_was_there_is_not_new(store: Store) -> None:
    add(store, 'ended', **over())
    add(store, 'running', engine_uuid='e')
    add(store, 'pending')
    follower = Follower(store)
    assert said(follower.poll()) == []
    store.update_record('pending', {'engine_uuid': 'e'})
    store.update_record('running', over())
    assert said(follower.poll()) == ['running done', 'pending started']


def test_a_history_that_begins_is_given_whole(store: Store) -> None:
    add(store, 'a', engine_uuid='e', **over())
    add(store, 'b')
    follower = Follower(store, whole=True)
    assert said(follower.poll()) == ['a submitted', 'b submitted', 'a started', 'a done']
    add(store, 'c')
    assert said(follower.poll()) == ['c submitted']


def test_the_last_events_are_not_repeated(store: Store) -> None:
    add(store, 'a')
    follower = Follower(store)
    add(store, 'b', engine_uuid='e', **over())
    store.update_record('a', over())
    assert said(follower.latest(3)) == ['b done', 'a started', 'a done']
    assert said(follower.poll()) == ['b submitted', 'b started']
    assert said(follower.poll()) == []


def times(first: float, second: float, third: float) -> dict[str, Any]:
    names = ('submitted', 'started', 'completed')
    return {name: NOON + timedelta(seconds=s) for name, s in zip(names, (first, second, third), strict=True)}


def test_the_last_events_are_the_last_by_time(store: Store) -> None:
    store.add_record('a', {**times(0, 10, 20), 'result_content': {'status': 'error'}, 'label': 'x'})
    store.add_record('b', {**times(1, 2, 30), 'result_content': {'status': 'aborted'}})
    store.add_record('c', {**times(5, 15, 16), 'label': 'x'})
    store.add_record('d', {'submitted': NOON + timedelta(seconds=40)})
    kinds = ['submitted', 'started', 'done', 'failed', 'aborted']

    def latest(number: int, query: dict[str, Any], kinds: list[str]) -> list[str]:
        return said(latest_events(store, number, query, kinds, NOON))

    assert latest(4, {}, kinds) == ['c done', 'a failed', 'b aborted', 'd submitted']
    assert latest(0, {}, kinds) == []
    assert latest(99, {'label': 'x'}, kinds) == [
        *('a submitted', 'c submitted', 'a started', 'c started', 'c done', 'a failed'),
    ]
    assert latest(99, {}, ['failed', 'aborted']) == ['a failed', 'b aborted']
    assert latest(99, {}, ['done']) == ['c done']
    assert latest(2, {}, ['started']) == ['a started', 'c started']


def test_the_events_of_a_task_stay_in_order_if_clocks_differ() -> None:
    from mqsql.analysis.events import Step, events_of

    def task(key: str, *seconds: float) -> list[Event]:
        record = {'msg_id': key, 'engine_uuid': 'e', 'result_content': {'status': 'ok'}, **times(*seconds)}
        assert steps_of(record) == Step.SUBMITTED | Step.STARTED | Step.ENDED
        return list(events_of(record, Step(0), NOON))

    assert said(in_order([task('a', 5, 2, 3), task('b', 1, 4, 6)])) == [
        *('b submitted', 'b started', 'a submitted', 'a started', 'a done', 'b done'),
    ]


# --- which events


def test_only_tasks_that_match_are_given_when_they_do(store: Store) -> None:
    follower = Follower(store, {'engine_uuid': 'e'})
    add(store, 'a', 'b')
    assert said(follower.poll()) == []
    store.update_record('a', {'engine_uuid': 'e'})
    store.update_record('b', {'engine_uuid': 'f'})
    assert said(follower.poll()) == ['a started']


def test_only_the_kinds_that_are_asked_for_are_given(store: Store) -> None:
    follower = Follower(store, kinds=['failed', 'submitted'])
    add(store, 'a', 'b', engine_uuid='e')
    store.update_record('a', over('error'))
    store.update_record('b', over())
    assert said(follower.poll()) == ['a submitted', 'b submitted', 'a failed']


# --- many tasks, and purges


@pytest.mark.usefixtures('few')
def test_more_tasks_than_are_looked_at_at_once(store: Store) -> None:
    add(store, *(f'old{i}' for i in range(20)), **over())
    follower = Follower(store)
    add(store, *(f'new{i}' for i in range(50)))
    assert said(follower.poll()) == [f'new{i} submitted' for i in range(50)]
    for i in range(50):
        store.update_record(f'new{i}', {'engine_uuid': 'e'})
    started: list[str] = []
    while len(started) < 50:
        some = said(follower.poll())
        assert some
        started += some
    assert sorted(started) == sorted(f'new{i} started' for i in range(50))
    assert said(follower.poll()) == []


@pytest.mark.usefixtures('few')
@pytest.mark.parametrize('left', ['some', 'none'])
def test_a_purge_makes_nothing_new(store: Store, left: str) -> None:
    add(store, *(f'first{i}' for i in range(20)), client_uuid='a', completed=NOON, received=NOON)
    add(store, 'stays', client_uuid='a')
    add(store, *(f'second{i}' for i in range(20)), client_uuid='b', **over())
    follower = Follower(store)
    assert said(follower.poll()) == []
    store.drop_matching_records({'client_uuid': 'b', **({} if left == 'none' else {'msg_id': {'$ne': 'second19'}})})
    assert said(follower.poll()) == []
    add(store, 'new')
    add(store, 'new-and-over', engine_uuid='e', **over())
    assert sorted(said(follower.poll())) == [
        'new submitted',
        'new-and-over done',
        'new-and-over started',
        'new-and-over submitted',
    ]
    store.update_record('stays', over())
    assert said(follower.poll()) == ['stays started', 'stays done']
    assert said(follower.poll()) == []


def test_a_task_that_is_purged_before_it_ends_has_no_end(store: Store) -> None:
    add(store, 'a', 'b')
    follower = Follower(store)
    store.drop_record('a')
    assert said(follower.poll()) == []
    store.update_record('b', over())
    assert said(follower.poll()) == ['b started', 'b done']


@pytest.mark.usefixtures('few')
@pytest.mark.parametrize('seed', range(8))
def test_whatever_happens_each_event_is_given_once(seed: int) -> None:
    """A history that grows, ends and is purged at random, between polls that come at random."""
    draws, given = Random(seed), Counter[str]()
    unended: list[str] = []
    expected: set[str] = set()
    with mqsql.open('dict:') as store:
        for i in range(20):
            add(store, f'old{i}', **(over() if draws.random() < 0.7 else {}))
        unended = list(store.keys({'completed': None}))
        follower = Follower(store)
        for i in range(600):
            match draws.choices(['add', 'engine', 'end', 'poll', 'purge'], [10, 8, 10, 4, 0.3])[0]:
                case 'add':
                    add(store, f'm{i}')
                    unended.append(f'm{i}')
                    expected.add(f'm{i} submitted')
                case 'engine' if unended:
                    key = draws.choice(unended)
                    store.update_record(key, {'engine_uuid': 'e'})
                    expected.add(f'{key} started')
                case 'end' if unended:
                    key = unended.pop(draws.randrange(len(unended)))
                    status = draws.choice(['ok', 'error'])
                    store.update_record(key, over(status))
                    expected |= {f'{key} started', f'{key} {"failed" if status == "error" else "done"}'}
                case 'poll':
                    given.update(said(follower.poll()))
                case 'purge':
                    given.update(said(follower.poll()))
                    store.drop_matching_records({'completed': {'$ne': None}} if draws.random() < 0.5 else _last(store))
                    unended = [key for key in unended if store.find_one(key)]
        for _ in range(200):
            given.update(said(follower.poll()))
    assert given == Counter(expected)


def _last(store: Store) -> dict[str, Any]:
    """The tasks that were inserted last and have ended."""
    ended = store.keys({'completed': {'$ne': None}}, sort={'$natural': -1}, limit=30)
    return {'msg_id': {'$in': ended}}


# --- a hub in another process

WRITER = """
import sys
from datetime import UTC, datetime
from pathlib import Path
from mqsql.hub.sqlite_db import SQLiteDB

path, number = Path(sys.argv[1]), int(sys.argv[2])
db = SQLiteDB(location=str(path.parent), filename=path.name)
print('ready', flush=True)
sys.stdin.readline()
for i in range(number + 200):
    if i < number:
        db.add_record(f'm{i}', {'msg_id': f'm{i}', 'submitted': datetime.now(UTC)})
    if 0 <= (j := i - 100) < number:
        db.update_record(f'm{j}', {'engine_uuid': f'e{j % 4}'})
    if 0 <= (j := i - 200) < number and j % 10:
        now, status = datetime.now(UTC), ('aborted', 'error')[j % 2] if j % 5 == 3 else 'ok'
        result = {'completed': now, 'received': now, 'result_content': {'status': status}}
        db.update_record(f'm{j}', {'started': now} | result)
db.close()
"""


def test_a_hub_that_writes_meanwhile_is_followed(path: Path) -> None:
    number = 2_000
    mqsql.open(path).close()
    command = [sys.executable, '-c', WRITER, str(path), str(number)]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE) as hub:
        assert hub.stdin is not None
        assert hub.stdout is not None
        hub.stdout.readline()
        with mqsql.open(path, readonly=True) as store:
            follower, given, polls = Follower(store), Counter[str](), 0
            hub.stdin.write(b'\n')
            hub.stdin.close()
            while hub.poll() is None:
                events = said(follower.poll())
                given.update(events)
                polls += bool(events)
            given.update(said(follower.poll()))
            assert said(follower.poll()) == []
    assert hub.returncode == 0
    assert polls > 1
    expected = [f'm{i} {kind}' for i in range(number) for kind in ('submitted', 'started')]
    ends = {i: ('aborted', 'failed')[i % 2] if i % 5 == 3 else 'done' for i in range(number) if i % 10}
    assert given == Counter([*expected, *(f'm{i} {kind}' for i, kind in ends.items())])


# --- what a poll costs


@pytest.fixture
def asked(monkeypatch: pytest.MonkeyPatch) -> Callable[[Store], list[tuple[Any, Any]]]:
    """Notes the queries of a store from now on, with their options."""

    def note(store: Store) -> list[tuple[Any, Any]]:
        noted: list[tuple[Any, Any]] = []

        def noting(method: Any) -> Any:
            def call(query: Any, *args: Any, **options: Any) -> Any:
                noted.append((query, options))
                return method(query, *args, **options)

            return call

        for name in ('find', 'keys', 'count'):
            monkeypatch.setattr(store, name, noting(getattr(store, name)))
        return noted

    return note


Asked = Callable[[Store], list[tuple[Any, Any]]]


def test_a_poll_asks_for_nothing_if_nothing_has_changed(path: Path, asked: Asked) -> None:
    with mqsql.open(path) as hub, mqsql.open(path, readonly=True) as store:
        add(hub, 'a', 'b')
        follower = Follower(store)
        assert said(follower.poll()) == []
        queries = asked(store)
        assert said(follower.poll()) == []
        assert queries == []
        add(hub, 'c')
        assert said(follower.poll()) == ['c submitted']
        assert queries


def test_no_query_of_a_poll_reads_the_history(path: Path, asked: Asked) -> None:
    """Every query is of an index, or of the records that were inserted last."""
    with mqsql.open(path) as hub, mqsql.open(path, readonly=True) as store:
        add(hub, *(f'old{i}' for i in range(50)), **over())
        add(hub, 'a', 'b')
        follower = Follower(store)
        queries = asked(store)
        add(hub, 'c')
        hub.update_record('a', {'engine_uuid': 'e'})
        hub.update_record('b', over())
        assert sorted(said(follower.poll())) == ['a started', 'b done', 'b started', 'c submitted']
        assert len(queries) >= 5
        for query, options in queries:
            plan = '\n'.join(store.explain(query, [], **options).plan)
            assert (query == {} and 'limit' in options) or 'SCAN task_records' not in plan, plan
