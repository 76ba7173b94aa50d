"""How long culling holds a hub up. Imports `hub`, `schema` and `storage` of the project.

    python -m bench.retention --records 200000 --large 1000

A file of finished tasks, some with a result of 1 MB, is opened with each limit in turn, so that half of it has to go. Meanwhile
the hub's calls are made, as for one task after another, and timed: `add_record`, `get_record` three times, `update_record`.
Printed for each limit, and for none, are

- the number of calls, their 99.9th percentile, the longest, and how many took more than the 20 ms that a step may take,
- the seconds until there was nothing left to do,
- the records and the size of the file, before and after.

What else the machine does is in the longest call too: compare with the line without a limit.
"""

import argparse
import shutil
import sys
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from itertools import islice
from pathlib import Path
from statistics import quantiles
from typing import Any, Self

import apsw
from rich import box
from rich.console import Console
from rich.table import Table

import mqsql
from bench.hub_processes import directory
from mqsql.hub.sqlite_db import SQLiteDB
from mqsql.schema import TASKS, Record
from mqsql.storage.sqlite.store import SqliteStore

MOST_SECONDS = 0.02  # that a step may hold the hub up
LARGE, SMALL = 1_000_000, 200  # bytes of results
BATCH = 10_000  # records of one transaction
PAUSE_SECONDS = 0.005  # between tasks
LOOK_SECONDS = 1.0  # between two looks at the file, which has settled when nothing has gone between several
SETTLED = 5  # looks
FEW_PAGES = 1_000  # free ones, in a file that has settled

NOW = datetime.now(UTC)
HOUR = 3600.0

console = Console(highlight=False, width=None if sys.stdout.isatty() else 130)


# --- records


def request(msg_id: str, at: datetime) -> Record:
    """A request as the hub records it."""
    header = {'msg_id': msg_id, 'msg_type': 'apply_request', 'date': at, 'session': 'client', 'version': '5.3'}
    given = {'header': header, 'metadata': {}, 'content': {}, 'buffers': [b'a' * 300], 'stdout': '', 'stderr': ''}
    return {'msg_id': msg_id, 'submitted': at, 'client_uuid': 'client', 'queue': 'task', **given}


def result(at: datetime, size: int) -> Record:
    """A result as the hub records it."""
    header = {'msg_type': 'apply_reply', 'date': at, 'session': 'engine', 'version': '5.3'}
    given = {'result_header': header, 'result_content': {'status': 'ok'}, 'result_buffers': [bytes(size)]}
    return {'started': at, 'completed': at, 'received': at, 'engine_uuid': 'engine', 'stdout': 'a line\n', **given}


def history(records: int, large: int) -> Iterator[Record]:
    """Tasks that ended one each second until an hour ago, evenly mixed with `large` ones."""
    for i in range(records):
        end = NOW - timedelta(seconds=HOUR + records - i)
        yield TASKS.normalize(request(f'old{i}', end) | result(end, SMALL if i % max(1, records // large) else LARGE))


def fill(path: Path, records: int, large: int) -> None:
    """Write the file."""
    source = history(records, large)
    with SqliteStore(str(path)) as store:
        while store.add_missing(islice(source, BATCH)):
            pass


# --- one limit


class Calls:
    """Calls of the hub, as for one task after another, and how long each took."""

    def __init__(self, db: SQLiteDB) -> None:
        self._db = db
        self.seconds: list[float] = []

    def task(self) -> None:
        """The calls of one task."""
        msg_id, now = f'new{len(self.seconds)}', datetime.now(UTC)
        self._time(self._db.add_record, msg_id, request(msg_id, now))
        for _ in range(3):
            self._time(self._db.get_record, msg_id)
        self._time(self._db.update_record, msg_id, result(now, SMALL))

    def _time(self, call: Callable[..., object], *arguments: object) -> None:
        start = time.perf_counter()
        call(*arguments)
        self.seconds.append(time.perf_counter() - start)

    def cells(self) -> list[str]:
        """The figures."""
        late = sum(seconds > MOST_SECONDS for seconds in self.seconds)
        times = [f'{1000 * seconds:.1f}' for seconds in (quantiles(self.seconds, n=1000)[-1], max(self.seconds))]
        return [f'{len(self.seconds):,}', *times, f'{late:,}']


@dataclass(frozen=True)
class Look:
    """How many of the tasks of the start there are, and how many of them with buffers; the file's bytes, and free pages."""

    records: int
    buffers: int
    size: int
    free: int

    @classmethod
    def at(cls, path: Path) -> Self:
        """What is there now."""
        old: dict[str, Any] = {'completed': {'$lt': NOW}}
        with mqsql.open(path, readonly=True) as store:
            counts = store.count(old), store.count({**old, 'buffers': {'$ne': None}})
        connection = apsw.Connection(str(path), flags=apsw.SQLITE_OPEN_READONLY)
        try:
            return cls(*counts, path.stat().st_size, connection.pragma('freelist_count'))
        finally:
            connection.close()

    def cells(self) -> list[str]:
        """As text."""
        return [f'{self.records:,}', f'{self.buffers:,}', f'{self.size / 1e6:,.0f}']


def settled(looks: Sequence[Look]) -> bool:
    """Whether the last ones saw nothing go."""
    same = {(look.records, look.buffers) for look in looks[-SETTLED:]}
    return len(looks) > SETTLED and len(same) == 1 and looks[-1].free <= FEW_PAGES


def run(path: Path, options: dict[str, Any], most_seconds: float) -> list[str]:
    """The figures of one limit."""
    looks = [Look.at(path)]
    db = SQLiteDB(location=str(path.parent), **options)
    calls, start = Calls(db), time.monotonic()
    while not settled(looks) and time.monotonic() < start + most_seconds:
        end = time.monotonic() + LOOK_SECONDS
        while time.monotonic() < end:
            calls.task()
            time.sleep(PAUSE_SECONDS)
        looks.append(Look.at(path))
    seconds = time.monotonic() - start
    db.close()
    changes = zip(looks[0].cells(), Look.at(path).cells(), strict=True)
    return [*calls.cells(), f'{seconds:.0f}', *(f'{old} → {new}' for old, new in changes)]


def limits(records: int, size: int) -> dict[str, dict[str, Any]]:
    """For each limit the options by which half of the file has to go."""
    age = HOUR + records / 2
    return {
        'none': {},
        'record_limit': {'record_limit': records // 2},
        'size_limit': {'size_limit': size // 2},
        'max_age': {'max_age': age},
        'drop_buffers_after': {'drop_buffers_after': age},
    }


def main() -> None:
    """The comparison that the command line asks for."""
    parser = argparse.ArgumentParser(description=str(__doc__).partition('.')[0])
    parser.add_argument('--records', type=int, default=200_000)
    parser.add_argument('--large', type=int, default=1_000, help='how many of them have a result of 1 MB')
    parser.add_argument('--seconds', type=float, default=120, help='at most for each limit')
    parser.add_argument('--only', choices=limits(0, 0), action='append', help='a limit; may be repeated')
    asked = parser.parse_args()
    headings = 'limit', 'calls', '99.9% ms', 'worst ms', '> 20 ms', 'seconds', 'records', 'with buffers', 'MB'
    table = Table(box=box.SIMPLE_HEAD)
    for heading in headings:
        table.add_column(heading, justify='left' if heading == 'limit' else 'right', no_wrap=True)
    with directory() as where:
        full = where / 'full.db'
        fill(full, asked.records, asked.large)
        for name, options in limits(asked.records, full.stat().st_size).items():
            if name in (asked.only or limits(0, 0)):
                path = where / 'tasks.db'
                shutil.copy(full, path)
                table.add_row(name, *run(path, options, asked.seconds))
    console.print(table)


if __name__ == '__main__':
    main()
