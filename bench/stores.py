"""What each operation costs in each kind of store. Imports `mqsql` and its storage.

    python -m bench.stores --records 100000

The same records are in SQLite (without indexes on paths), in DuckDB and in a Parquet file, and the answers must be the same.
Printed are milliseconds: for one record, and for a query the best of three.
"""

import argparse
import time
from collections.abc import Callable
from contextlib import ExitStack
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from rich import box
from rich.table import Table

import mqsql
from bench.path_indexes import console, records
from mqsql.schema import Record
from mqsql.storage import Store

REPEAT = 3
ONE_BY_ONE = 200  # records

NEWEST: dict[str, Any] = {'sort': [('completed', -1), ('msg_id', 1)], 'limit': 10}
QUERIES: list[tuple[str, Callable[[Store], Any]]] = [
    ('get_record', lambda store: store.get_record('m7')),
    ('count of all', lambda store: store.count()),
    ('count by a path', lambda store: store.count({'result_content.status': 'error'})),
    ('count by an array', lambda store: store.count({'content.tags': 'a'})),
    ('distinct at a path', lambda store: store.distinct('header.msg_type')),
    ('newest 10', lambda store: list(store.find({}, [], **NEWEST))),
    ('all, two keys', lambda store: list(store.find({}, ['completed', 'content.n']))),
]


def timed(call: Callable[[], Any]) -> tuple[float, Any]:
    """Milliseconds that a call takes, and what it gives."""
    start = time.perf_counter()
    result = call()
    return (time.perf_counter() - start) * 1e3, result


def add(store: Store, given: list[Record]) -> None:
    """Add records one by one."""
    for record in given:
        store.add_record(record['msg_id'], record)


def fill(store: Store, number: int) -> tuple[float, float]:
    """Milliseconds for a record that is added alone, and for one that is added with all others."""
    alone = list(records(ONE_BY_ONE))
    one, _ = timed(lambda: add(store, alone))
    store.drop_matching_records({})
    given = list(records(number))
    many, _ = timed(lambda: store.add_records(given))
    return one / ONE_BY_ONE, many / number


def asked(name: str, ask: Callable[[Store], Any], stores: list[Store]) -> list[str]:
    """The row of a query."""
    runs = [[timed(lambda store=store: ask(store)) for _ in range(REPEAT)] for store in stores]  # type: ignore[misc]
    if any(answer != runs[0][0][1] for run in runs for _, answer in run):
        raise SystemExit(f'{name}: the stores give different answers')
    return [name, *(f'{min(spent for spent, _ in run):.2f}' for run in runs)]


def compare(folder: Path, number: int) -> Table:
    """Fill the stores, and ask them."""
    table = Table('ms', 'SQLite', 'DuckDB', 'Parquet', box=box.SIMPLE)
    with ExitStack() as stack:
        sqlite = stack.enter_context(mqsql.open(folder / 'tasks.db'))
        duck = stack.enter_context(mqsql.open(f'duckdb:{folder / "tasks.duckdb"}'))
        alone, together = zip(fill(sqlite, number), fill(duck, number), strict=True)
        exported, _ = timed(lambda: duck.to_parquet(folder / 'tasks.parquet'))
        parquet = stack.enter_context(mqsql.open(f'parquet:{folder / "tasks.parquet"}'))
        table.add_row('add_record', *(f'{ms:.3f}' for ms in alone), '')
        table.add_row('add_records, to_parquet', *(f'{ms:.3f}' for ms in (*together, exported / number)))
        for name, ask in QUERIES:
            table.add_row(*asked(name, ask, [sqlite, duck, parquet]))
    return table


def main() -> None:
    """Run."""
    parser = argparse.ArgumentParser(description=str(__doc__).partition('.')[0])
    parser.add_argument('--records', type=int, default=100_000)
    with TemporaryDirectory() as folder:
        console.print(compare(Path(folder), parser.parse_args().records))


if __name__ == '__main__':
    main()
