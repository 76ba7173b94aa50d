"""What it takes to read a million records as an Arrow table: of a DuckDB file and of an SQLite file, and with DuckDB alone.

All are asked in turn; of several rounds the fastest counts. Times are printed with multiples of DuckDB's own.

    python -m bench.frames [--records 1000000] [--rounds 5]
"""

import argparse
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from functools import partial
from pathlib import Path
from tempfile import TemporaryDirectory
from time import perf_counter
from typing import Any

import duckdb
import pyarrow

import mqsql
from mqsql import ANY, BOOLEAN, NUMBER, STRING, TIMESTAMP, Store

TABLE = mqsql.Table(
    'tasks', {'id': STRING, 'submitted': TIMESTAMP, 'label': ANY, 'engine': STRING, 'took': NUMBER, 'ok': BOOLEAN}, 'id'
)

SHAPES = {
    'times, labels and two texts': ['id', 'submitted', 'label', 'engine'],
    'three texts and times': ['id', 'submitted', 'engine', 'ok'],
    'numbers': ['id', 'took'],
}
"""The columns that are read."""

BATCH = 20_000
"""Records that are stored at once."""


def records(number: int) -> Iterator[dict[str, Any]]:
    """The records, the same at each call."""
    start = datetime(2026, 1, 1, tzinfo=UTC)
    for i in range(number):
        yield {
            'id': f'3f2b6a5c-{i:012d}_17',
            'submitted': start + timedelta(milliseconds=37 * i),
            'label': f'vision/resnet{i % 7}/fold{i % 10}',
            'engine': f'engine-{i * 7919 % 16:02d}-5f0a',
            'took': i % 1000 if i % 3 else i / 7,
            'ok': i % 50 > 0,
        }


def fill(store: Store, number: int) -> None:
    """Store the records."""
    every = records(number)
    while some := [record for _, record in zip(range(BATCH), every, strict=False)]:
        store.add_records(some)


def best(asked: dict[str, Callable[[], int]], rounds: int, expected: int) -> dict[str, float]:
    """The least time that each takes, one after the other in each round."""
    times = dict.fromkeys(asked, float('inf'))
    for _ in range(rounds):
        for name, ask in asked.items():
            start = perf_counter()
            found = ask()
            times[name] = min(times[name], perf_counter() - start)
            assert found == expected, name
    return times


def bare(connection: duckdb.DuckDBPyConnection, keys: list[str]) -> Callable[[], int]:
    """What reads the columns with DuckDB alone, in no certain order."""
    sql = f'SELECT {", ".join(keys)} FROM tasks'
    return lambda: len(connection.sql(sql).to_arrow_table())


def measure(directory: Path, number: int, rounds: int) -> None:
    """Print what each way takes."""
    files = {'mqsql, DuckDB': f'duckdb:{directory / "tasks.duckdb"}', 'mqsql, SQLite': str(directory / 'tasks.db')}
    for url in files.values():
        with mqsql.open(url, table=TABLE) as store:
            fill(store, number)
    stores = {name: mqsql.open(url, table=TABLE, readonly=True) for name, url in files.items()}
    connection = duckdb.connect(str(directory / 'tasks.duckdb'), read_only=True)
    for shape, keys in SHAPES.items():
        asked = {'DuckDB alone': bare(connection, keys)}
        for name, store in stores.items():
            asked[name] = partial(_table, store, keys)
            asked[f'{name}, as a stream'] = partial(_streamed, store, keys)
        asked['mqsql, SQLite, as dicts'] = partial(_dicts, stores['mqsql, SQLite'], keys)
        asked['DuckDB alone, as tuples'] = partial(_tuples, connection, keys)
        times = best(asked, rounds, number)
        print(f'{number:,} records: {shape} ({", ".join(keys)})')
        for name, seconds in times.items():
            print(f'  {name:28} {seconds:7.3f} s  {seconds / times["DuckDB alone"]:6.2f}')
    connection.close()
    for store in stores.values():
        store.close()


def _table(store: Store, keys: list[str]) -> int:
    return len(store.find({}, keys).to_arrow())


def _dicts(store: Store, keys: list[str]) -> int:
    return len(list(store.find({}, keys)))


def _tuples(connection: duckdb.DuckDBPyConnection, keys: list[str]) -> int:
    return len(connection.execute(f'SELECT {", ".join(keys)} FROM tasks').fetchall())


def _streamed(store: Store, keys: list[str]) -> int:
    found = pyarrow.RecordBatchReader.from_stream(store.find({}, keys))
    return sum(batch.num_rows for batch in found)


def main() -> None:
    """Measure, as the command line says."""
    parser = argparse.ArgumentParser(description=__doc__.partition('\n\n')[0])
    parser.add_argument('--records', type=int, default=1_000_000)
    parser.add_argument('--rounds', type=int, default=5)
    given = parser.parse_args()
    with TemporaryDirectory() as directory:
        measure(Path(directory), given.records, given.rounds)


if __name__ == '__main__':
    main()
