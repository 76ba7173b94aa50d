"""How answers, opening a file, its size, and a hub during a purge change from ten thousand records to ten million.

    python -m bench.growth --records 10000 1000000 10000000 --out growth

A file of each size is filled with the same tasks of `bench.data` again and again, each time of other clients and at later
times, and with as many pending tasks in every file. Ten million take 22 GB and twenty minutes. Measured are

- a record by its id, all keys; the last hour of a client; the pending tasks; the latest ten: the median of calls, each after
  as many others,
- `mqsql.open`, and the opening by a hub with limits: the least of several,
- bytes of the file for each record,
- memory while all records are read: how much the process grows,
- a purge of all finished tasks: the call of the hub, and the longest of the hub's calls while the rest of it is done.

Printed as a table of Markdown, which is also written, with results.json, to the directory of --out.
"""

import argparse
import gc
import json
import shutil
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import closing
from datetime import timedelta
from itertools import islice
from pathlib import Path
from random import Random
from statistics import median
from typing import Any

import apsw
import psutil  # type: ignore[import-untyped]

import mqsql
from bench.data import BUFFERS as BUFFER_COLUMNS
from bench.data import COLUMNS, History, Record
from bench.questions import EPOCH
from mqsql.hub.sqlite_db import SQLiteDB
from mqsql.schema import TASKS
from mqsql.schema.types import BUFFERS
from mqsql.storage.sqlite import ddl
from mqsql.storage.statements import listed, quote

CHUNK = 1_000  # records of one transaction
PENDING = 500
SEED = 1
CALLS = 200  # of which the median is taken
OPENINGS = 7
STREAMED = 2_000_000  # records that are read to see the memory
BEFORE = 0.1  # of the seconds for which a hub is watched during a purge, it is watched before it, too
PAUSE_SECONDS = 0.005  # between tasks of the hub

KEYS = ('msg_id', 'submitted', 'engine_uuid', 'label')
HOUR = timedelta(hours=1)

Figures = dict[str, float]


def say(words: str) -> None:
    """Tell how far it is."""
    print(f'{time.strftime("%H:%M:%S")} {words}', file=sys.stderr, flush=True)


# --- filling


def tasks(finished: bool) -> Iterator[Record]:
    """The tasks of the history that have finished, or those that have not, without end."""
    every = History(10**9, SEED)
    return (record for record in every.tasks(0, 10**9) if (record['completed'] is not None) is finished)


def fill(path: Path, number: int, block: int) -> None:
    """A file of so many finished tasks, copies of the first ones, and of the pending ones."""
    with mqsql.open(path) as store:
        source = tasks(finished=True)
        for start in range(0, block, CHUNK):
            store.add_records(list(islice(source, min(CHUNK, block - start))))
    multiply(path, number // block, block)
    with mqsql.open(path) as store:  # makes the indexes
        pending = list(islice(tasks(finished=False), PENDING))
        (latest,) = store.find({}, ['submitted'], sort=[('submitted', -1)], limit=1)
        late = latest['submitted'] + HOUR
        for i, record in enumerate(pending):
            record.update(msg_id=f'pending-{i}', submitted=late + timedelta(seconds=i), client_uuid='pending')
        store.add_records(pending)


def multiply(path: Path, times: int, block: int) -> None:
    """Copy the tasks of a file, so that it has so many times as many; its indexes on columns go."""
    connection = apsw.Connection(str(path))
    with closing(connection):
        connection.pragma('synchronous', 'off')
        connection.pragma('cache_size', -512_000)
        for index in TASKS.indexes:
            connection.execute(f'DROP INDEX {quote(index.stored_name(TASKS.name))}')
        (blobs,) = connection.execute(f'SELECT max(id) FROM {quote(TASKS.buffers_table)}').fetchall()[0]
        ((first, end),) = connection.execute(f'SELECT min(submitted), max(received) FROM {TASKS.name}').fetchall()
        moved = int(str(end)) - int(str(first)) + 1_000_000
        for i in range(1, times):
            with connection:
                values = {'n': i, 'block': block, 'blobs': blobs, 'moved': moved}
                for sql in copies():
                    connection.execute(sql, values)
            if not i % 20:
                say(f'{i * block:,} records')


def copies() -> Iterator[str]:
    """The statements that copy the first block of tasks once."""
    blobs = quote(TASKS.buffers_table)
    yield f'INSERT INTO {blobs} (id, data) SELECT id + :n * :blobs, data FROM {blobs} WHERE id <= :blobs'
    copied = {column: quote(column) for column in TASKS.columns}
    copied |= {column: f"{column} || '-' || :n" for column in ('msg_id', 'client_uuid')}
    copied |= {column: f'{column} + :n * :moved' for column in ('submitted', 'started', 'completed', 'received')}
    for column, kind in TASKS.columns.items():
        if kind is BUFFERS:
            ids = f'(SELECT json_group_array(value + :n * :blobs) FROM json_each({column}))'
            copied[column] = f'CASE WHEN {column} IS NOT NULL THEN {ids} END'
    records = quote(TASKS.name)
    yield (
        f'INSERT INTO {records} ({listed(list(copied))}) SELECT {", ".join(copied.values())} FROM {records} '
        f'WHERE {ddl.POSITION} <= :block'
    )


# --- measuring


def seconds(call: Callable[[], object]) -> float:
    """How long a call takes."""
    start = time.perf_counter()
    call()
    return time.perf_counter() - start


def middle(calls: Iterator[Callable[[], object]]) -> float:
    """The median of these calls, after as many others."""
    taken = [seconds(call) for call in calls]
    return median(taken[len(taken) // 2 :])


def answers(store: mqsql.Store, number: int) -> Figures:
    """The questions; each one about records of its own, where it asks about some."""
    draws = Random(SEED)
    with apsw_reader(Path(store.name)) as connection:
        positions = [draws.randrange(1, number + 1) for _ in range(2 * CALLS)]
        sql = f'SELECT msg_id, client_uuid FROM {TASKS.name} WHERE {ddl.POSITION} = ?'
        known = [connection.execute(sql, (position,)).fetchall()[0] for position in positions]
        sql = f'SELECT max(started) FROM {TASKS.name} WHERE client_uuid = ?'
        ends = [connection.execute(sql, (client,)).fetchall()[0][0] for _, client in known]

    def of_client(client: Any, end: Any) -> list[Record]:
        query = {'client_uuid': client, 'started': {'$gte': EPOCH + timedelta(microseconds=end) - HOUR}}
        return list(store.find(query, KEYS))

    latest = [('submitted', -1)]
    return {
        'get': middle(lambda key=key: store.get_record(key) for key, _ in known),  # type: ignore[misc]
        'last hour': middle(
            lambda client=client, end=end: of_client(client, end)  # type: ignore[misc]
            for (_, client), end in zip(known, ends, strict=True)
        ),
        'pending': middle(lambda: list(store.find({'completed': None}, KEYS)) for _ in range(CALLS)),
        'latest ten': middle(lambda: list(store.find({}, KEYS, sort=latest, limit=10)) for _ in range(CALLS)),
    }


def apsw_reader(path: Path) -> Any:
    """A connection that only reads."""
    return closing(apsw.Connection(str(path), flags=apsw.SQLITE_OPEN_READONLY))


def opening(path: Path) -> Figures:
    """How long it takes to open a file, until the first record is read."""

    def plain() -> None:
        with mqsql.open(path) as store:
            store.find_one()

    def hub() -> None:
        db = SQLiteDB(location=str(path.parent), filename=path.name, record_limit=10**9, max_age=10**9)
        db.find_records({'msg_id': 'none'}, [])
        db.close()

    return {
        'open': min(seconds(plain) for _ in range(OPENINGS)),
        'open, a hub with limits': min(seconds(hub) for _ in range(OPENINGS)),
    }


def streaming(store: mqsql.Store) -> Figures:
    """By how many bytes the process grows while all records are read."""
    gc.collect()
    process, start = psutil.Process(), psutil.Process().memory_info().rss
    most, source = start, store.find({}, [key for key in COLUMNS if key not in BUFFER_COLUMNS])
    for i, _ in enumerate(islice(source, STREAMED)):
        if not i % 1_000:
            most = max(most, process.memory_info().rss)
    return {'memory to read all': most - start}


def purging(path: Path, watched: float) -> Figures:
    """A purge of all finished tasks by a hub, while it goes on to record tasks, for so many seconds at most."""
    db = SQLiteDB(location=str(path.parent), filename=path.name)
    taken: list[float] = []
    source = tasks(finished=True)

    def task() -> None:
        record = next(source)
        key = f'new-{len(taken)}'
        taken.append(seconds(lambda: db.add_record(key, {**record, 'msg_id': key, 'completed': None})))
        taken.append(seconds(lambda: db.get_record(key)))
        taken.append(seconds(lambda: db.update_record(key, {'completed': record['completed']})))
        time.sleep(PAUSE_SECONDS)

    for _ in range(50):
        task()
    taken.clear()
    start = time.monotonic()
    while time.monotonic() < start + BEFORE * watched:
        task()
    before = max(taken)
    taken.clear()
    call = seconds(lambda: db.drop_matching_records({'completed': {'$ne': None}}))
    purged = time.monotonic()
    while db.purging and time.monotonic() < purged + watched:
        task()
    done = time.monotonic() - purged
    over = sum(one > 0.02 for one in taken)
    figures = {
        'purge, the call': call,
        'purge, the longest call after it': max(taken, default=0.0),
        'calls of over 20 ms': over,
        'calls': len(taken),
        'without a purge, the longest call': before,
        'seconds watched': done,
        'purge ended': float(not db.purging),
    }
    db.close()
    return figures


def measure(directory: Path, number: int, block: int, watched: float) -> Figures:
    """All figures of one size."""
    path = directory / f'{number}.db'
    say(f'filling {number:,} records')
    block = min(block, number)
    number -= number % block
    taken = seconds(lambda: fill(path, number, block))
    figures: Figures = {'fill': taken, 'bytes for each record': path.stat().st_size / (number + PENDING)}
    say('asking')
    figures |= opening(path)
    with mqsql.open(path) as store:
        figures |= answers(store, number)
        figures |= streaming(store)
    say('purging')
    figures |= purging(path, watched)
    for left in directory.glob(f'{path.name}*'):
        left.unlink()
    return figures


# --- results


def text(name: str, value: float) -> str:
    """A figure with its unit."""
    if name.startswith(('bytes', 'calls', 'purge ended')):
        return f'{value:,.0f}'
    if name.startswith('memory'):
        return f'{value / 1e6:,.1f} MB'
    for factor, unit in ((1, 's'), (1e3, 'ms'), (1e6, 'µs')):
        if value * factor >= 1:
            return f'{value * factor:,.3g} {unit}'
    return '0'


def page(results: dict[int, Figures]) -> str:
    """The table, each figure also as a multiple of that of the smallest file."""
    sizes = sorted(results)
    lines = [f'| | {" | ".join(f"{size:,}" for size in sizes)} |', f'|---|{"---:|" * len(sizes)}']
    for name, first in results[sizes[0]].items():
        cells = [text(name, results[size][name]) for size in sizes]
        if first:
            cells[1:] = [
                f'{cell} ({results[size][name] / first:.2f})' for cell, size in zip(cells[1:], sizes[1:], strict=True)
            ]
        lines.append(f'| {name} | {" | ".join(cells)} |')
    return '\n'.join(lines) + '\n'


def main() -> None:
    """Measure each size."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument('--records', type=int, nargs='+', default=[10_000, 1_000_000, 10_000_000])
    parser.add_argument('--out', type=Path, default=Path('growth'), help='a directory for the results')
    parser.add_argument('--directory', type=Path, help='where the files are made; by default in that of the results')
    parser.add_argument('--block', type=int, default=50_000, help='tasks that are copied; sizes are multiples of it')
    parser.add_argument('--seconds', type=float, default=60.0, help='to watch a hub for at most while a purge goes on')
    given = parser.parse_args()
    given.out.mkdir(parents=True, exist_ok=True)
    directory = (given.directory or given.out) / 'files'
    directory.mkdir(parents=True, exist_ok=True)
    results: dict[int, Figures] = {}
    for number in sorted(given.records):
        results[number] = measure(directory, number, given.block, given.seconds)
        (given.out / 'results.json').write_text(json.dumps(results, indent=1))
        (given.out / 'results.md').write_text(page(results))
    shutil.rmtree(directory)
    print(page(results))


if __name__ == '__main__':
    main()
