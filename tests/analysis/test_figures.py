"""The figures of small histories, and of a few thousand tasks against figures computed in another way."""

from collections import Counter
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from math import ceil
from pathlib import Path
from typing import Any

import pytest

import mqsql
from bench.data import History
from mqsql.analysis import failures as failures_module
from mqsql.analysis import groups as groups_module
from mqsql.analysis.durations import Percentiles
from mqsql.analysis.failures import Failure, to_resubmit
from mqsql.analysis.groups import Groups
from mqsql.analysis.statistics import STATISTICS_KEYS, Statistics, gather
from mqsql.storage import Store

NOON = datetime(2026, 3, 1, 12, tzinfo=UTC)


def after(seconds: float) -> datetime:
    return NOON + timedelta(seconds=seconds)


def ended(key: str, status: str | None, wait: float, run: float, **more: Any) -> dict[str, Any]:
    """A task that was submitted at noon."""
    return {
        'msg_id': key,
        'submitted': NOON,
        'started': after(wait),
        'completed': after(wait + run),
        'received': after(wait + run + 0.5),
        'engine_uuid': 'e1',
        'client_uuid': 'c1',
        'result_content': None if status is None else {'status': status},
        **more,
    }


def failed(key: str, ename: Any, evalue: Any, **more: Any) -> dict[str, Any]:
    content = {'status': 'error', 'ename': ename, 'evalue': evalue, 'traceback': ['…']}
    return ended(key, 'error', 3, 1, **{'result_content': content, 'label': 'b', **more})


SMALL = [
    ended('done-1', 'ok', 1, 10, label='a'),
    ended('done-2', 'ok', 2, 20, label='a', engine_uuid='e2'),
    ended('no-status', None, 2, 30, label=['x', {'y': 1}]),
    failed('failed-1', 'ValueError', 'first\nsecond'),
    failed('failed-2', 'ValueError', 'again', resubmitted='failed-3'),
    failed('failed-3', 'KeyError', None),
    failed('nameless', None, 'odd'),
    ended('aborted', 'aborted', 0, 0, started=None, engine_uuid='', client_uuid='c2'),
    {'msg_id': 'pending', 'submitted': after(60), 'client_uuid': 'c2', 'label': 'a'},
    {'msg_id': 'running', 'submitted': after(-60), 'client_uuid': 'c2', 'engine_uuid': 'e1'},
    {'msg_id': 'unknown', 'stdout': 'x'},
]


def figures(store: Store, query: dict[str, Any] | None = None) -> Statistics:
    return gather(store.find(query, STATISTICS_KEYS))


def test_the_figures_of_a_small_history(store: Store) -> None:
    store.add_records(SMALL)
    found = figures(store)
    assert found.states == {'pending': 1, 'running': 1, 'done': 3, 'failed': 4, 'aborted': 1, 'unknown': 1}
    assert (found.first, found.last) == (after(-60), after(60))
    assert found.wait == Percentiles(7, 3.0, 3.0, 3.0, 3.0)
    assert found.run == Percentiles(7, 1.0, 30.0, 30.0, 30.0)
    assert found.arrival == Percentiles(8, 0.5, 0.5, 0.5, 0.5)
    assert [(name, group.tasks, dict(group.states)) for name, group in found.engines] == [
        ('e1', 7, {'done': 2, 'failed': 4, 'running': 1}),
        (None, 3, {'aborted': 1, 'pending': 1, 'unknown': 1}),
        ('e2', 1, {'done': 1}),
    ]
    assert [(name, group.tasks) for name, group in found.clients] == [('c1', 7), ('c2', 3), (None, 1)]
    labels = {name: (group.tasks, group.wait, group.run) for name, group in found.labels}
    assert labels == {
        None: (3, None, None),
        'a': (3, Percentiles(2, 1.0, 2.0, 2.0, 2.0), Percentiles(2, 10.0, 20.0, 20.0, 20.0)),
        'b': (4, Percentiles(4, 3.0, 3.0, 3.0, 3.0), Percentiles(4, 1.0, 1.0, 1.0, 1.0)),
        '["x",{"y":1}]': (1, Percentiles(1, 2.0, 2.0, 2.0, 2.0), Percentiles(1, 30.0, 30.0, 30.0, 30.0)),
    }
    assert (found.throughput.seconds, [(b.ended, b.failed) for b in found.throughput.buckets()]) == (
        1,
        [(1, 0), (0, 0), (0, 0), (0, 0), (4, 4), *[(0, 0)] * 6, (1, 0), *[(0, 0)] * 10, (1, 0), *[(0, 0)] * 9, (1, 0)],
    )


def test_failures_are_listed_by_their_exception(store: Store) -> None:
    store.add_records(SMALL)
    assert figures(store).failures.by_count() == [
        Failure('ValueError', 2, 'failed-2', 'again', 1, ['failed-1']),
        Failure('(no name)', 1, 'nameless', 'odd', 0, ['nameless']),
        Failure('KeyError', 1, 'failed-3', '', 0, ['failed-3']),
    ]
    assert list(to_resubmit(store)) == ['failed-1', 'failed-3', 'nameless']
    assert list(to_resubmit(store, {'result_content.ename': 'KeyError'})) == ['failed-3']


def test_only_tasks_that_match_count(store: Store) -> None:
    store.add_records(SMALL)
    found = figures(store, {'label': 'a'})
    assert found.states == {'done': 2, 'pending': 1}
    assert found.failures.by_count() == []


def test_an_empty_history_has_no_figures(store: Store) -> None:
    found = figures(store)
    assert found.states.total() == 0
    assert (found.first, found.wait, found.run, found.arrival) == (None, None, None, None)
    assert list(found.engines) == []
    assert list(found.throughput.buckets()) == []


def test_clocks_that_differ_give_negative_times(store: Store) -> None:
    store.add_record('m', ended('m', 'ok', -2, 1))
    assert figures(store).wait == Percentiles(1, -2.0, -2.0, -2.0, -2.0)


def test_many_names_are_counted_together(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(groups_module, 'MOST_GROUPS', 2)
    groups = Groups()
    for name in ('a', 'b', 'c', 'd', 'a', None):
        groups[name].states['done'] += 1
    assert [(name, group.tasks) for name, group in groups] == [('(others)', 3), ('a', 2), ('b', 1)]
    monkeypatch.setattr(failures_module, 'MOST_NAMES', 1)
    found = failures_module.Failures()
    for name in ('A', 'B', 'C'):
        found.add({**failed(name.lower(), name, ''), 'resubmitted': None})
    assert [(failure.ename, failure.count) for failure in found.by_count()] == [('(others)', 2), ('A', 1)]


# --- figures computed in another way


def nearest_rank(seconds: list[float]) -> Percentiles | None:
    ranked = sorted(seconds)
    if not ranked:
        return None
    p50, p90, p99 = (ranked[ceil(percent * len(ranked) / 100) - 1] for percent in (50, 90, 99))
    return Percentiles(len(ranked), p50, p90, p99, ranked[-1])


def state(task: dict[str, Any]) -> str:
    if task['completed']:
        return 'failed' if task['result_content']['status'] == 'error' else 'done'
    return 'running' if task['engine_uuid'] else 'pending'


@pytest.fixture(scope='module')
def tasks() -> list[dict[str, Any]]:
    return [{**task, 'result_buffers': None} for task in History(3_000, 7)]


@pytest.fixture(params=['file', 'duckdb', 'parquet'])
def filled(request: pytest.FixtureRequest, tmp_path: Path, tasks: list[dict[str, Any]]) -> Iterator[Store]:
    """The tasks in a store."""
    url = {'file': str(tmp_path / 'tasks.db'), 'duckdb': f'duckdb:{tmp_path}/tasks.duckdb', 'parquet': ':memory:'}
    with mqsql.open(url[request.param]) as store:
        store.add_records(tasks)
        if request.param != 'parquet':
            yield store
            return
        store.to_parquet(tmp_path / 'tasks.parquet')
    with mqsql.open(f'parquet:{tmp_path}/tasks.parquet') as store:
        yield store


def test_a_long_history(filled: Store, tasks: list[dict[str, Any]]) -> None:
    found = figures(filled)
    assert found.states == Counter(map(state, tasks))
    waits = [(t, (t['started'] - t['submitted']).total_seconds()) for t in tasks if t['started']]
    runs = [(t, (t['completed'] - t['started']).total_seconds()) for t in tasks if t['completed']]
    assert found.wait == nearest_rank([seconds for _, seconds in waits])
    assert found.run == nearest_rank([seconds for _, seconds in runs])
    assert found.arrival == nearest_rank([(t['received'] - t['completed']).total_seconds() for t, _ in runs])
    for key, groups in (('engine_uuid', found.engines), ('label', found.labels)):
        assert {name: group.tasks for name, group in groups} == Counter(task[key] for task in tasks)
        for name, group in groups:
            assert group.states == Counter(state(task) for task in tasks if task[key] == name)
            assert group.wait == nearest_rank([seconds for task, seconds in waits if task[key] == name])
            assert group.run == nearest_rank([seconds for task, seconds in runs if task[key] == name])
    assert {name: group.tasks for name, group in found.clients} == Counter(task['client_uuid'] for task in tasks)
    names = [(t['result_content']['ename'], t['msg_id']) for t in tasks if state(t) == 'failed']
    assert {f.ename: f.count for f in found.failures.by_count()} == Counter(name for name, _ in names)
    for failure in found.failures.by_count():
        assert failure.ids == [key for name, key in names if name == failure.ename]
        assert failure.example == failure.ids[-1]
    assert list(to_resubmit(filled)) == [key for _, key in names]
    assert sum(bucket.ended for bucket in found.throughput.buckets()) == len(runs)
    assert sum(bucket.failed for bucket in found.throughput.buckets()) == len(names)
