"""A hub of controllers and engines whose MongoDB server comes and goes."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import ipyparallel
import pytest
from hub_cluster import client, controller
from hub_kinds import arguments
from mongo_servers import JOURNALED, running
from waiting import SECONDS, wait_until

import mqsql

pytestmark = pytest.mark.hub


@ipyparallel.interactive  # type: ignore[untyped-decorator]  # engines cannot import this module
def count_up(name: str, lines: int) -> int:
    for number in range(lines):
        print(f'{number} of {name}')
    return lines


def printed(name: str, lines: int) -> str:
    return ''.join(f'{number} of {name}\n' for number in range(lines))


def test_tasks_print_while_the_server_comes_and_goes(tmp_path: Path) -> None:
    expected: dict[str, str] = {}
    with running('secantus', tmp_path / 'server', *JOURNALED['secantus']) as server:

        def run(rc: Any, name: str) -> list[Any]:
            view = rc.load_balanced_view()
            tasks = [view.apply_async(count_up, f'{name}{i}', 5) for i in range(10)]
            expected.update({task.msg_ids[0]: printed(f'{name}{i}', 5) for i, task in enumerate(tasks)})
            for task in tasks:
                assert task.get(timeout=SECONDS) == 5
            return tasks

        def all_written() -> bool:
            with mqsql.open(f'{server.url}/ipython-tasks.task_records', readonly=True) as store:
                found = store.find({'msg_id': {'$in': list(expected)}}, ['stdout', 'completed'])
                return {record['msg_id']: record['stdout'] for record in found if record['completed']} == expected

        def all_known(rc: Any) -> bool:
            found = rc.db_query({'msg_id': {'$in': list(expected)}}, keys=['stdout', 'completed'])
            done = {record['msg_id']: record['stdout'] for record in found if record['completed']}
            return done == expected

        database = arguments('MongoDB', {'connection_args': [server.url], 'query_timeout': 60})
        with controller(tmp_path, database=database) as cluster, client(cluster) as rc:
            run(rc, 'before ')
            wait_until(lambda: all_known(rc))
            server.freeze()
            tasks = run(rc, 'frozen ')
            with pytest.raises(Exception, match='has not answered since'):
                rc.db_query({})
            ids = [task.msg_ids[0] for task in tasks]
            # Tasks that are new are known meanwhile.
            wait_for(lambda: len(rc.db_query({'msg_id': {'$in': ids}}, keys=['stdout'])) == len(ids))
            server.thaw()
            run(rc, 'thawed ')
            wait_for(lambda: all_known(rc))
            wait_until(all_written)
            server.kill()
            run(rc, 'killed ')
            server.start()
            run(rc, 'started ')
            wait_for(lambda: all_known(rc))
            wait_until(all_written)
            assert set(rc.hub_history()) >= set(expected)


def wait_for(holds: Callable[[], bool]) -> None:
    """Return when it holds; the hub may answer that it cannot ask the server."""

    def holds_now() -> bool:
        try:
            return holds()
        except ipyparallel.error.RemoteError as e:
            if 'the server' not in str(e):
                raise
            return False

    wait_until(holds_now)
