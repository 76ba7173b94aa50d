"""Nothing that a hub's database has acknowledged is lost when the controller is killed. Imports `hub`, `open` of the project.

    python -m bench.hub_soak --kills 100 --seconds 600

A real controller with two engines is under load all the time, and is killed with all its processes at random moments: while
it starts, while it recovers what the last one left, while it writes. The next one takes over file, engines and client. After
each kill the file as it was left

- passes `PRAGMA integrity_check`,
- holds every record of which a call had returned, with every column that it had been given, when a copy of it is opened and
  what the hub had logged is merged (see hub_journal),
- holds no record of a task that the client did not submit.

Exit code 1 if not, or if the hub had to keep anything in memory.
"""

import argparse
import random
import shutil
import sys
import time
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import apsw
from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn

import mqsql
from bench import hub_journal
from bench.hub_journal import Sizes
from bench.hub_processes import Hub, directory
from mqsql.hub.sqlite_db import SQLiteDB

OPTIONS = ['--IPController.db_class=bench.hub_journal.JournalledDB', '--SQLiteDB.location']
LIFE_SECONDS = 4.0  # a controller lives that long at most, from its start or its first call
FROM_START = 0.2  # of the controllers; many are killed before they serve
FIRST_CALL_SECONDS = 15.0  # to wait for at most
OUTSTANDING = 32  # tasks that the client has submitted and awaits
LOST_SECONDS = 1.0  # after which a task is no more awaited: it has gone with a controller

console = Console(highlight=False, width=None if sys.stdout.isatty() else 110)


# --- the load


def prints(i: int) -> int:
    """A number, and a line of output."""
    print('the square of', i, 'is', i * i)
    return i * i


def fails(i: int) -> float:
    """An error, and a line of output."""
    print('dividing', i)
    return i / 0


def shows(i: int) -> None:
    """Two displays."""
    from IPython.display import display

    for number in (i, i + 1):
        display({'number': number})  # type: ignore[no-untyped-call]


def chatters(i: int) -> str:
    """More output than the hub writes again with each line, in 30 parts."""
    import sys

    for _ in range(30):
        print(str(i % 10) * 800)
        sys.stdout.flush()
    return str(i)


def gives_a_megabyte(i: int) -> bytes:
    """A result of 1 MB."""
    return bytes([i % 256]) * 1_000_000


TASKS: dict[Callable[[int], object], int] = {prints: 70, fails: 20, shows: 6, chatters: 3, gives_a_megabyte: 1}
"""What the load is made of, in percent."""


class Load:
    """Tasks of all sorts through a load-balanced view, now and then to one engine, never more than OUTSTANDING at a time."""

    def __init__(self, rc: Any, chance: random.Random) -> None:
        self._rc, self._chance = rc, chance
        self._views = [rc.load_balanced_view()] * 9 + [rc[0]]
        self._awaited: deque[tuple[float, Any]] = deque()

    @property
    def submitted(self) -> set[str]:
        """The ids of all tasks so far."""
        return set(self._rc.history)

    def run(self, enough: Callable[[], bool]) -> None:
        """Keep the engines busy until that holds."""
        while not enough():
            if len(self._awaited) < OUTSTANDING:
                self._awaited.append((time.monotonic() + LOST_SECONDS, self._submit()))
            elif self._awaited[0][1].ready() or self._awaited[0][0] < time.monotonic():
                self._awaited.popleft()
            else:
                time.sleep(0.002)

    def _submit(self) -> Any:
        (task,) = self._chance.choices(list(TASKS), list(TASKS.values()))
        return self._chance.choice(self._views).apply_async(task, self._chance.randrange(1_000_000))


# --- the file


def losses(path: Path, acknowledged: dict[str, Sizes], submitted: set[str]) -> list[str]:
    """What a copy of the file lacks or has too much: the next controller is to merge what is in the log itself."""
    columns = sorted({column for sizes in acknowledged.values() for column in sizes})
    lost = []
    with TemporaryDirectory() as copies:
        for file in path.parent.glob(f'{path.name}*'):
            shutil.copy(file, copies)
        store = mqsql.open(Path(copies, path.name))
        found = set(store.get_history())
        for record in store.find({'msg_id': {'$in': list(acknowledged)}}, columns):
            for column, size in acknowledged[record['msg_id']].items():
                if not holds(record[column], size):
                    lost.append(f'{record["msg_id"]} has lost {column}, acknowledged with size {size}')
        store.close()
    lost += [f'{msg_id} is lost' for msg_id in acknowledged.keys() - found]
    return lost + [f'{msg_id} was not submitted by anyone' for msg_id in found - submitted]


def holds(value: object, size: int) -> bool:
    """Whether a value is as large as acknowledged; calls that have not returned may have made it larger."""
    return value is not None and (size == 1 or hub_journal.size(value) >= size)


def integrity(path: Path) -> list[str]:
    """What SQLite finds wrong with the file; looking leaves the write-ahead log as it is."""
    connection = apsw.Connection(str(path), flags=apsw.SQLITE_OPEN_READONLY)
    try:
        return [row for (row,) in connection.execute('PRAGMA integrity_check') if row != 'ok']
    except apsw.Error as e:
        return [str(e)]
    finally:
        connection.close()


# --- the soak


@dataclass
class Soak:
    """What has been seen so far."""

    path: Path
    kills: int = 0
    calls: int = 0
    idle: int = 0
    """Kills before the first call: the controller was just starting."""
    acknowledged: dict[str, Sizes] = field(default_factory=dict)
    wrong: list[str] = field(default_factory=list)

    def kill(self, hub: Hub, load: Load) -> None:
        """Kill the controller and look at what it left."""
        hub.kill_controller()
        calls, records = hub_journal.read(hub_journal.journal(hub.directory, hub.pid))
        self.kills, self.calls, self.idle = self.kills + 1, self.calls + calls, self.idle + (calls == 0)
        for msg_id, sizes in records.items():
            self.acknowledged.setdefault(msg_id, {}).update(sizes)
        if self.path.exists():
            self._look(records, load.submitted)

    def _look(self, records: dict[str, Sizes], submitted: set[str]) -> None:
        found = integrity(self.path) or losses(self.path, records, submitted)
        self.wrong += [f'after kill {self.kills}: {each}' for each in found]

    def finish(self, submitted: set[str], log: Path) -> None:
        """Look at all records once more, after a hub has opened the file and closed it."""
        SQLiteDB(location=str(self.path.parent)).close()
        self._look(self.acknowledged, submitted)
        said = log.read_text(errors='replace').splitlines()
        self.wrong += [line for line in said if 'StorageError' in line or 'kept in memory' in line]

    def summary(self, submitted: int, seconds: float) -> str:
        """The figures in words."""
        finished = sum('completed' in sizes for sizes in self.acknowledged.values())
        volume = sum(sizes.get('result_buffers', 0) for sizes in self.acknowledged.values())
        verdict = (
            f'{len(self.wrong)} THINGS ARE WRONG' if self.wrong else 'Nothing is lost, and nothing is there besides'
        )
        return (
            f'{self.kills} controllers killed in {seconds:.0f} s, {self.idle} of them before their first call.\n'
            f'{submitted:,} tasks submitted; {self.calls:,} calls acknowledged, on {len(self.acknowledged):,} tasks, '
            f'{finished:,} of them with their result, {volume / 1e6:,.0f} MB in all.\n'
            f'The file has {self.path.stat().st_size / 1e6:,.0f} MB. {verdict}.'
        )


def live(hub: Hub, load: Load, chance: random.Random) -> None:
    """Let the controller work until a random moment."""
    if chance.random() > FROM_START:
        journal = hub_journal.journal(hub.directory, hub.pid)
        patience = after(FIRST_CALL_SECONDS)
        load.run(lambda: patience() or (journal.exists() and journal.stat().st_size > 0))
    load.run(after(chance.uniform(0, LIFE_SECONDS)))


def after(seconds: float) -> Callable[[], bool]:
    """Whether that long has passed since this call."""
    end = time.monotonic() + seconds
    return lambda: time.monotonic() > end


def soak(where: Path, kills: int, seconds: float, chance: random.Random) -> Soak:
    """Kill controllers until there were enough or the time is up, then look at everything."""
    seen = Soak(where / 'tasks.db')
    start = time.monotonic()
    options = [OPTIONS[0], f'{OPTIONS[1]}={where}']
    columns = (TextColumn('{task.description}'), BarColumn(), MofNCompleteColumn(), TimeElapsedColumn())
    with Progress(*columns, console=console) as progress, Hub(where, options, lasting=True) as hub, hub.client() as rc:
        load, bar = Load(rc, chance), progress.add_task('controllers killed', total=kills)
        while True:
            live(hub, load, chance)
            seen.kill(hub, load)
            tasks = len(seen.acknowledged)
            progress.update(bar, advance=1, description=f'controllers killed, {tasks:,} tasks recorded')
            if seen.kills == kills or seen.wrong or time.monotonic() > start + seconds:
                break
            hub.start_controller()
        submitted = load.submitted
    seen.finish(submitted, hub.log)
    console.print(seen.summary(len(submitted), time.monotonic() - start), markup=False)
    return seen


def main() -> int:
    """The soak that the command line asks for; the exit code."""
    parser = argparse.ArgumentParser(description=str(__doc__).partition('.')[0])
    parser.add_argument('--kills', type=int, default=100)
    parser.add_argument('--seconds', type=float, default=600, help='end then even if there were fewer kills')
    parser.add_argument('--seed', type=int, default=random.randrange(1_000_000))
    asked = parser.parse_args()
    console.print(f'seed {asked.seed}')
    with directory() as where:
        seen = soak(where, asked.kills, asked.seconds, random.Random(asked.seed))
    for line in seen.wrong[:50]:
        console.print(line, markup=False)
    return 1 if seen.wrong or not seen.acknowledged else 0


if __name__ == '__main__':
    sys.exit(main())
