"""Traces, held against the rules of the Trace Event Format that Perfetto and chrome://tracing rely on."""

import io
import json
from collections import defaultdict
from collections.abc import Iterable
from itertools import pairwise
from typing import Any

from timed_records import MICROSECONDS, failed, store_of, task

from bench.data import History
from mqsql.analysis.trace import write_trace
from mqsql.schema import Record
from mqsql.storage import Store

Event = dict[str, Any]


def traced(store: Store, query: dict[str, Any] | None = None) -> list[Event]:
    """The events of a trace."""
    file = io.BytesIO()
    write_trace(store, query or {}, file.write, lambda records, total: records)
    trace = json.loads(file.getvalue())
    assert trace.keys() == {'displayTimeUnit', 'traceEvents'}
    events: list[Event] = trace['traceEvents']
    return events


def of_kind(events: Iterable[Event], kind: str) -> list[Event]:
    return [event for event in events if event['ph'] == kind]


def test_a_task_is_an_event_on_the_track_of_its_engine() -> None:
    with store_of(task('a', 1, 2.5, 4, engine='engine-1', label='x')) as store:
        events = traced(store)
    (run,) = of_kind(events, 'X')
    assert (run['name'], run['cat'], run['ts'], run['dur']) == ('x', 'done', MICROSECONDS + 2_500_000, 1_500_000)
    assert run['args'] == {'msg_id': 'a', 'label': 'x', 'state': 'done', 'client': 'a-client'}
    names = {
        (event['name'], event.get('tid')): event['args'] for event in of_kind(events, 'M') if event['pid'] == run['pid']
    }
    assert names['process_name', None] == {'name': 'engine engine-1'}
    assert names['process_labels', None] == {'labels': 'engine-1'}
    assert names['thread_name', run['tid']] == {'name': 'tasks'}


def test_an_engine_has_its_number_where_it_is_known() -> None:
    file = io.BytesIO()
    with store_of(task('a', 1, 2, 4, engine='abcdefghij')) as store:
        write_trace(store, {}, file.write, lambda records, total: records, {'abcdefghij': '3'})
    assert b'"name":"engine 3 abcdefgh"' in file.getvalue()


def test_a_wait_is_an_asynchronous_event_of_its_engine() -> None:
    with store_of(task('a', 1, 2.5, 4, engine='e', label='x')) as store:
        events = traced(store)
    (begin,), (end,), (run,) = (of_kind(events, kind) for kind in 'beX')
    assert (begin['ts'], end['ts']) == (MICROSECONDS + 1_000_000, MICROSECONDS + 2_500_000)
    assert (begin['args']['msg_id'], begin['args']['label']) == ('a', 'x')
    assert begin['pid'] == end['pid'] == run['pid']
    assert all(begin[key] == end[key] for key in ('name', 'cat', 'id2'))


def test_a_failure_has_its_exception_and_a_colour() -> None:
    with store_of(failed('a', 1, 2, 3, ename='KeyError', engine='e')) as store:
        (run,) = of_kind(traced(store), 'X')
    assert (run['cat'], run['args']['ename'], run['cname']) == ('failed', 'KeyError', 'terrible')


def test_what_has_not_ended_is_drawn_until_the_last_time() -> None:
    with store_of(task('a', 1, 2, engine='e'), task('b', 5), task('c', 1, 2, 9, engine='f', status='aborted')) as store:
        events = traced(store)
    states = {event['args']['msg_id']: (event['cat'], event['dur']) for event in of_kind(events, 'X')}
    assert states == {'a': ('running', 7_000_000), 'c': ('aborted', 7_000_000)}
    (waiting,) = (event for event in of_kind(events, 'b') if event['args']['msg_id'] == 'b')
    (name,) = (e for e in events if e['name'] == 'process_name' and e['pid'] == waiting['pid'])
    assert name['args'] == {'name': 'no engine'}
    assert max(event['ts'] for event in of_kind(events, 'e')) == MICROSECONDS + 9_000_000


def test_only_tasks_that_match_are_drawn() -> None:
    with store_of(task('a', 1, 2, 3, label='x'), task('b', 1, 2, 3)) as store:
        events = traced(store, {'label': 'x'})
    assert {event['args']['msg_id'] for event in of_kind(events, 'X') + of_kind(events, 'b')} == {'a'}


def test_a_trace_of_nothing_is_a_trace() -> None:
    with store_of(task('a', 1)) as store:
        assert traced(store, {'label': 'none'}) == []


def test_odd_texts_are_json() -> None:
    odd: list[Record] = [
        task('"\\\n', 1, 2, 3, label='\ud800<\0'),
        task('b', 1, 2, 3, label=[2**63, float('nan'), b'\xff']),
    ]
    with store_of(*odd) as store:
        labels = {event['args']['msg_id']: event['name'] for event in of_kind(traced(store), 'X')}
    assert labels['"\\\n'] == '?<\0'
    assert 'NaN' in labels['b']


def test_a_history_is_drawn_whole_and_no_two_events_of_a_track_overlap() -> None:
    with store_of(*History(2_000, 3)) as store:
        events = traced(store)
        started, submitted = store.count({'started': {'$ne': None}}), store.count({})
    runs, waits = of_kind(events, 'X'), of_kind(events, 'b')
    assert (len(runs), len(waits), len(of_kind(events, 'e'))) == (started, submitted, submitted)
    check_tracks((event['pid'], event['tid'], event['ts'], event['ts'] + event['dur']) for event in runs)
    # The end of a wait follows its beginning.
    pairs = [(a, b) for a, b in pairwise(events) if a['ph'] == 'b']
    assert all(b['ph'] == 'e' and a['id2'] == b['id2'] and a['ts'] < b['ts'] for a, b in pairs)
    check_tracks((a['pid'], a['id2']['local'], a['ts'], b['ts']) for a, b in pairs)
    check_names(events)


def check_tracks(intervals: Iterable[tuple[int, object, int, int]]) -> None:
    """No two intervals of a track overlap, and their times are whole microseconds."""
    tracks = defaultdict(list)
    for process, track, start, end in intervals:
        assert type(start) is type(end) is int
        assert 0 < start <= end
        tracks[process, track].append((start, end))
    assert len(tracks) > 16
    for track in tracks.values():
        assert all(before[1] <= after[0] for before, after in pairwise(sorted(track)))


def check_names(events: list[Event]) -> None:
    """Every process and every thread has one name, and no two have the same number."""
    processes = [event['pid'] for event in events if event['name'] == 'process_name']
    threads = [(event['pid'], event['tid']) for event in events if event['name'] == 'thread_name']
    assert set(processes) == {event['pid'] for event in events}
    assert set(threads) == {(event['pid'], event['tid']) for event in events if event['ph'] in 'Xbe'}
    numbers = [*processes, *(thread for _, thread in threads)]
    assert len(numbers) == len(set(numbers))
