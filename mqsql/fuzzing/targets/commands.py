"""Programs that speak JSON lines: a request on standard input, then its reply on standard output, both Extended JSON.

    {"op": "begin"}                                       {}, or {"can": ["update", "delete", "index", "reopen"]}
    {"op": "insert", "records": [{"_id": "m0", ...}]}     {}
    {"op": "find", "query": {"a": {"$gt": 5}}}            {"records": [{"_id": "m0", ...}]}
    {"op": "update", "key": "m0", "changes": {...}}       {}
    {"op": "delete", "query": {...}}                      {}
    {"op": "index", "path": "a.b"}                        {}
    {"op": "reopen"}                                      {}

`find` may have `keys` (a list of paths), `sort` (pairs of a path and 1 or -1), `limit` and `skip`. `begin` makes the backend
empty; what the program cannot do is not asked of it. The reply to a request that fails is {"error": "why"}.
"""

import json
import shlex
import subprocess
from contextlib import suppress
from pathlib import Path
from typing import Any

from mqsql.errors import cut
from mqsql.fuzzing.extended_json import dumps, loads
from mqsql.fuzzing.steps import Find, Query, Record
from mqsql.fuzzing.targets.base import Target, TargetError

ABILITIES = {'update': ['update'], 'delete': ['drop', 'drop matching'], 'index': ['index'], 'reopen': ['reopen']}
SECONDS_TO_END = 2


class EndedError(Exception):
    """The program has ended in place of an answer."""


class RefusedError(Exception):
    """The program said that a request failed."""


class CommandTarget(Target):
    """A program, which runs until it ends or is closed."""

    def __init__(self, command: str, place: Path) -> None:
        self._words, self._place = shlex.split(command), place
        self._program: subprocess.Popen[str] | None = None

    def begin(self, directory: Path) -> None:
        if self._program is None:
            self._start()
        can = self.ask('begin').get('can', [])
        self.abilities = frozenset(ability for word in can for ability in ABILITIES.get(word, []))

    def _start(self) -> None:
        try:
            self._program = subprocess.Popen(
                self._words,
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                text=True,
                encoding='utf-8',
                bufsize=1,
                cwd=self._place,
            )
        except OSError as e:
            raise TargetError(f'{self._words[0]}: {e.strerror or e}') from e

    def ask(self, op: str, **more: Any) -> dict[str, Any]:
        """The reply to a request."""
        program = self._program
        assert program is not None
        assert program.stdin is not None
        assert program.stdout is not None
        line = ''
        with suppress(BrokenPipeError):
            program.stdin.write(dumps({'op': op, **more}) + '\n')
            line = program.stdout.readline()
        if not line:
            raise self._ended()
        return _read_reply(line)

    def _ended(self) -> EndedError:
        program, self._program = self._program, None
        assert program is not None
        return EndedError(_how_it_ended(program.wait(SECONDS_TO_END)))

    def add(self, records: list[Record]) -> None:
        self.ask('insert', records=records)

    def find(self, step: Find) -> list[Record]:
        options = {'keys': step.keys, 'sort': step.sort, 'limit': step.limit, 'skip': step.skip}
        reply = self.ask('find', query=step.query, **{name: value for name, value in options.items() if value})
        if not isinstance(reply.get('records'), list):
            raise RefusedError('the reply has no list of records')
        found: list[Record] = reply['records']
        return found

    def state(self, keys: list[str]) -> list[Record]:
        return [record for record in self.find(Find({})) if record.get('_id') in keys]

    def update(self, key: str, changes: Record) -> None:
        self.ask('update', key=key, changes=changes)

    def drop(self, key: str) -> None:
        self.drop_matching({'_id': key})

    def drop_matching(self, query: Query) -> None:
        self.ask('delete', query=query)

    def create_index(self, path: str) -> None:
        self.ask('index', path=path)

    def reopen(self) -> None:
        self.ask('reopen')

    def close(self) -> None:
        """Nothing: the program goes on, and is made empty for the next history."""

    def end(self) -> None:
        """End the program."""
        if self._program is not None:
            self._program.kill()
            self._program.wait()


def _read_reply(line: str) -> dict[str, Any]:
    try:
        reply = loads(line)
    except (ValueError, KeyError, TypeError, AttributeError) as e:
        raise RefusedError(f'the reply is no Extended JSON: {cut(line.strip())}') from e
    if not isinstance(reply, dict):
        raise RefusedError(f'the reply is no object: {cut(json.dumps(line.strip()))}')
    if 'error' in reply:
        raise RefusedError(str(reply['error']))
    return reply


def _how_it_ended(status: int) -> str:
    return f'killed by signal {-status}' if status < 0 else f'exit status {status}'
