"""The load that a hub puts on its database: its own methods, called with the messages of tasks that do not run."""

import logging
from collections import defaultdict
from datetime import UTC, datetime
from time import monotonic
from types import SimpleNamespace
from typing import Any

from ipyparallel.controller.hub import Hub

ENGINE = 'engine'


class Load:
    """Tasks as the hub of `database` hears of them. `longest` is the longest time in seconds that one message took."""

    def __init__(self, database: Any) -> None:
        self.database, self.longest = database, 0.0
        self.outputs: dict[str, str] = {}
        """What each task has printed, by its msg_id."""
        self.finished: list[str] = []
        self._hub = SimpleNamespace(
            db=database,
            session=SimpleNamespace(deserialize=lambda message, **options: message),
            log=logging.getLogger('hub'),
            by_ident={ENGINE.encode(): 0},
            pending=set(),
            unassigned=set(),
            all_completed=set(),
            tasks=defaultdict(list),
            completed=defaultdict(list),
        )

    def _hear(self, handle: Any, message: dict[str, Any]) -> None:
        started = monotonic()
        handle(self._hub, [b'client'], message)
        self.longest = max(self.longest, monotonic() - started)

    def run(self, *names: str, lines: int = 4) -> None:
        """Tasks from beginning to end, one after the other."""
        for name in names:
            self.begin(name)
            for number in range(lines):
                self.print(name, f'{number} of {name}\n')
            self.finish(name)

    def begin(self, name: str) -> None:
        """A task is submitted, and an engine gets it."""
        self.outputs[name] = ''
        header = {'msg_id': name, 'session': 'client', 'date': datetime.now(UTC), 'msg_type': 'apply_request'}
        message = {'header': header, 'content': {}, 'metadata': {}, 'buffers': [f'arguments of {name}'.encode()]}
        self._hear(Hub.save_task_request, message)
        self._hear(Hub.save_task_destination, {'content': {'msg_id': name, 'engine_id': ENGINE}})

    def print(self, name: str, text: str) -> None:
        """A task prints."""
        self.outputs[name] = self.outputs.get(name, '') + text
        self._publish(name, 'stream', {'name': 'stdout', 'text': text})

    def show(self, name: str, data: Any) -> None:
        """A task displays something."""
        self._publish(name, 'display_data', {'data': data})

    def _publish(self, name: str, kind: str, content: dict[str, Any]) -> None:
        message = {'header': {'msg_type': kind}, 'parent_header': {'msg_id': name}, 'content': content}
        self._hear(lambda hub, topics, given: Hub.save_iopub_message(hub, topics, given), message)

    def finish(self, name: str) -> None:
        """A task ends."""
        self.finished.append(name)
        message = {
            'header': {'date': datetime.now(UTC), 'msg_type': 'apply_reply'},
            'parent_header': {'msg_id': name},
            'metadata': {'engine': ENGINE, 'status': 'ok', 'started': datetime.now(UTC)},
            'content': {'status': 'ok'},
            'buffers': [f'result of {name}'.encode()],
        }
        self._hear(Hub.save_task_result, message)

    def check(self, *, buffers: bool = True) -> None:
        """The database has all of it; unless `buffers`, that is not looked for in buffers."""
        records = {record['msg_id']: record for record in self.database.find_records({})}
        assert set(records) == set(self.outputs)
        assert {name: record['stdout'] for name, record in records.items()} == self.outputs
        ended = [name for name, record in records.items() if record['completed'] is not None]
        assert sorted(ended) == sorted(self.finished)
        for name in self.finished if buffers else ():
            assert list(records[name]['buffers']) == [f'arguments of {name}'.encode()]
            assert list(records[name]['result_buffers']) == [f'result of {name}'.encode()]
        for name in self.finished:
            assert (records[name]['engine_uuid'], records[name]['result_content']) == (ENGINE, {'status': 'ok'})
