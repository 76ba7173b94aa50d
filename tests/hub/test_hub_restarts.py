"""Controllers that are stopped, killed, or share a file with others: nothing is lost, and the hub goes on."""

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import apsw
import ipyparallel
import psutil  # type: ignore[import-untyped]
import pytest
from hub_cluster import (
    client,
    controller,
    ended,
    finished,
    held,
    hub_process,
    kill_controller,
    sqlite_in,
    wait_for_record,
)
from ipyparallel.error import RemoteError, TaskAborted
from systems import needs_file_limits
from waiting import SECONDS, wait_until

import mqsql

pytestmark = pytest.mark.hub


@ipyparallel.interactive  # type: ignore[untyped-decorator]  # engines cannot import this module
def work(x: int) -> float:
    print('working on', x)
    return 1 / x


@ipyparallel.interactive  # type: ignore[untyped-decorator]
def give_a_megabyte(i: int) -> bytes:
    return bytes([i]) * 1_000_000


def ask_file(directory: Path, sql: str) -> object:
    connection = apsw.Connection(str(directory / 'tasks.db'))
    try:
        return connection.execute(sql).get
    finally:
        connection.close()


def stop(cluster: Any, directory: Path) -> None:
    cluster.stop_controller_sync()


def kill(cluster: Any, directory: Path) -> None:
    kill_controller(directory)


# --- restarts


@pytest.mark.parametrize('end', [stop, kill])
def test_tasks_of_an_earlier_session_are_known_and_can_be_resubmitted(
    tmp_path: Path, end: Callable[[Any, Path], None]
) -> None:
    with controller(tmp_path, engines=1) as cluster, client(cluster, 1) as rc:
        view = rc.load_balanced_view()
        tasks = [view.apply_async(work, 4), view.apply_async(work, 0)]
        with held(view, tmp_path) as before:
            aborted = view.apply_async(work, 2)
            aborted.abort()
        with pytest.raises(TaskAborted):
            aborted.get(timeout=SECONDS)
        ids = finished(rc, *tasks, aborted, before)
        pending = rc[0].apply_async(time.sleep, 3600)
        wait_for_record(rc, {'msg_id': pending.msg_ids[0]})
        history = rc.hub_history()
        end(cluster, tmp_path)
    assert ask_file(tmp_path, 'PRAGMA integrity_check') == 'ok'
    with controller(tmp_path, engines=1) as cluster, client(cluster, 1) as rc:
        assert rc.hub_history() == history
        assert [r['msg_id'] for r in rc.db_query({'completed': None}, keys=[])] == pending.msg_ids
        again = rc.get_result(ids[0])
        assert again.get(timeout=SECONDS) in (0.25, [0.25])
        assert again.stdout == 'working on 4\n'
        with pytest.raises(RemoteError, match='ZeroDivisionError'):
            rc.get_result(ids[1]).get(timeout=SECONDS)
        second = rc.resubmit(ids[0])
        assert second.get(timeout=SECONDS) == [0.25]
        assert rc.resubmit(finished(rc, second)).get(timeout=SECONDS) == [0.25]
        with pytest.raises(RemoteError, match='ZeroDivisionError'):
            rc.resubmit(ids[1]).get(timeout=SECONDS)
        assert rc.resubmit(ids[2]).get(timeout=SECONDS) == [0.5]
        assert rc.db_query({'msg_id': ids[0]}, keys='resubmitted')[0]['resubmitted'] == second.msg_ids[0]
        rc.purge_hub_results(ids)
        assert not set(ids) & set(rc.hub_history())


def test_what_a_killed_controller_has_acknowledged_is_there_after_it(tmp_path: Path) -> None:
    with controller(tmp_path, engines=1) as cluster:
        with client(cluster, 1) as rc:
            view = rc.load_balanced_view()
            results = [view.apply_async(work, i) for i in range(1, 300)]
            results[100].get(timeout=SECONDS)
            ended(rc, *results[:60])
            seen = rc.db_query({'completed': {'$ne': None}}, keys=['stdout'])
            kill_controller(tmp_path)
        assert len(seen) >= 60
    with mqsql.open(tmp_path / 'tasks.db') as store:
        for record in seen:
            found = store.get_record(record['msg_id'])
            assert found['completed'] is not None
            assert (found['stdout'] or '').startswith(record['stdout'] or '')
            assert len(found['result_buffers']) > 0
    assert ask_file(tmp_path, 'PRAGMA integrity_check') == 'ok'


# --- others on the same file


def test_two_controllers_on_one_file_see_each_others_tasks(tmp_path: Path) -> None:
    directories = tmp_path / 'one', tmp_path / 'two'
    for directory in directories:
        directory.mkdir()
    with (
        controller(directories[0], engines=1, database=sqlite_in(tmp_path)) as first,
        client(first, 1) as one,
        controller(directories[1], engines=1, database=sqlite_in(tmp_path)) as second,
        client(second, 1) as two,
    ):
        tasks = [rc.load_balanced_view().map_async(work, range(1, 100), chunksize=1) for rc in (one, two)]
        ids = [finished(rc, task) for rc, task in zip((one, two), tasks, strict=True)]
        for rc in (one, two):
            assert set(rc.hub_history()) == {*ids[0], *ids[1]}
        assert two.get_result(ids[0][:2]).get(timeout=SECONDS) == [[1.0], [0.5]]
        again = two.resubmit(ids[0][1])
        assert again.get(timeout=SECONDS) == [[0.5]]
        finished(two, again)
        one.purge_hub_results(targets=one.ids)
        assert set(two.hub_history()) & {*ids[0], *ids[1]} == set(ids[1])
        kill_controller(directories[0])
        (after,) = finished(two, two[0].apply_async(work, 5))
        assert two.get_result(after).get(timeout=SECONDS) in (0.2, [0.2])
        two.purge_hub_results('all')
        assert two.hub_history() == []
    assert ask_file(tmp_path, 'PRAGMA integrity_check') == 'ok'


@contextmanager
def locked(directory: Path, hub: Any) -> Iterator[None]:
    """Another program is in the middle of a change."""
    connection = apsw.Connection(str(directory / 'tasks.db'))
    connection.set_busy_timeout(60_000)
    connection.execute('BEGIN IMMEDIATE')
    yield
    connection.execute('ROLLBACK')
    connection.close()


@contextmanager
def full(directory: Path, hub: Any) -> Iterator[None]:
    """The hub can make no file longer than the longest of the database, which leaves no room for a megabyte."""
    size = max(path.stat().st_size for path in directory.glob('tasks.db*') if path.suffix != '.db-shm')
    hub.rlimit(psutil.RLIMIT_FSIZE, (size, -1))
    yield
    hub.rlimit(psutil.RLIMIT_FSIZE, (-1, -1))


@pytest.mark.parametrize('trouble', [locked, pytest.param(full, marks=needs_file_limits)])
def test_while_the_file_cannot_be_written_tasks_go_on_and_are_written_later(
    tmp_path: Path, trouble: Callable[[Path, Any], Any]
) -> None:
    def said(text: str) -> int:
        """How often the controller's log says so."""
        return sum(
            path.read_text(encoding='utf-8', errors='replace').count(text)
            for path in tmp_path.rglob('ipcontroller*.log')
        )

    with controller(tmp_path, engines=1) as cluster, client(cluster, 1) as rc:
        before = finished(rc, rc[0].apply_async(work, 1))
        with trouble(tmp_path, hub_process(tmp_path)):
            ids = ended(rc, *[rc[0].apply_async(give_a_megabyte, i) for i in range(5)])
            wait_until(lambda: said('are kept in memory'), 'the hub does not say that it keeps tasks in memory')
            ids += ended(rc, rc[0].apply_async(work, 2))
            with mqsql.open(tmp_path / 'tasks.db', readonly=True) as store:
                assert store.count({'msg_id': {'$in': ids}, 'completed': {'$ne': None}}) < len(ids)
            assert rc.hub_history() == [*before, *ids]
            with client(cluster, 1) as other:
                assert other.get_result(ids[-1]).get(timeout=SECONDS) in (0.5, [0.5])
        wait_until(lambda: said('have been written'), 'the hub does not say that it has written the tasks')
        with mqsql.open(tmp_path / 'tasks.db', readonly=True) as store:
            assert store.get_history() == [*before, *ids]
            assert store.count({'completed': {'$ne': None}}) == 7
            assert [len(r['result_buffers'][-1]) > 999_999 for r in store.find_records({'msg_id': {'$in': ids[:5]}})]
        assert ask_file(tmp_path, 'PRAGMA integrity_check') == 'ok'
        assert said('are kept in memory') == said('have been written') == 1
