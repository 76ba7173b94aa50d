"""What an index on paths is worth. Imports `mqsql` and its storage.

    python -m bench.path_indexes --records 100000

The same queries and sorts on one file without and with indexes on the paths that they name; the answers must be the same.
Printed are milliseconds of the best of three, and the quotient; then what `add_record` costs beside each index.
"""

import argparse
import random
import sys
import time
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from rich import box
from rich.console import Console
from rich.table import Table

import mqsql
from mqsql.schema import Record
from mqsql.storage import Store

START = datetime(2026, 1, 1, tzinfo=UTC)
REPEAT = 3
ADDED = 2_000  # records of the last measurement

INDEXES: list[list[tuple[str, int]]] = [
    [('content.n', 1)],
    [('content.tags', 1)],
    [('result_content.status', 1)],
    [('header.msg_type', 1), ('content.n', -1)],
    [('content.tags', 1), ('completed', -1)],
    [('result_content.status', 1), ('completed', -1)],
]

console = Console(highlight=False, width=None if sys.stdout.isatty() else 130)


def records(number: int) -> Iterator[Record]:
    """Finished tasks: a number at random, two tags in an array, a status that is mostly "ok", a field that few have."""
    draws = random.Random(1)
    for i in range(number):
        content = {'n': draws.randrange(number), 'tags': [draws.choice('abcdefgh'), draws.randrange(1000)]}
        yield {
            'msg_id': f'm{i}',
            'header': {'msg_type': draws.choice(['apply_request', 'execute_request']), 'session': 's' * 36},
            'content': content if i % 1000 else {**content, 'rare': 1},
            'result_content': {'status': 'error' if draws.random() < 0.01 else 'ok'},
            'completed': START + timedelta(seconds=draws.randrange(number)),
        }


def questions(number: int) -> list[tuple[str, dict[str, Any], dict[str, Any]]]:
    """Queries and options of find, each with a name."""
    some = {'$gte': number // 2, '$lt': number // 2 + number // 100}
    newest: dict[str, Any] = {'sort': [('completed', -1)], 'limit': 10}
    return [
        ('equal', {'content.n': 77}, {}),
        ('range of 1%', {'content.n': some}, {}),
        ('in 500', {'content.n': {'$in': list(range(0, number, max(1, number // 500)))}}, {}),
        ('not equal, 1%', {'result_content.status': {'$ne': 'ok'}}, {}),
        ('element of an array', {'content.tags': 5}, {}),
        ('type and range', {'header.msg_type': 'apply_request', 'content.n': some}, {}),
        ('first 10', {}, {'sort': 'content.n', 'limit': 10}),
        ('last 10', {}, {'sort': [('content.n', -1)], 'limit': 10}),
        ('all in order', {}, {'sort': 'content.n'}),
        ('last 10 of a type', {'header.msg_type': 'apply_request'}, {'sort': [('content.n', -1)], 'limit': 10}),
        ('newest 10 errors', {'result_content.status': 'error'}, newest),
        ('newest 10 with a tag', {'content.tags': 5}, newest),
        ('first 10 by arrays', {}, {'sort': 'content.tags', 'limit': 10}),
    ]


def best(store: Store, query: dict[str, Any], options: dict[str, Any]) -> tuple[float, list[str]]:
    """Seconds that finding the ids takes, and the ids."""
    seconds, ids = float('inf'), []
    for _ in range(REPEAT):
        start = time.perf_counter()
        ids = [record['msg_id'] for record in store.find(query, [], **options)]
        seconds = min(seconds, time.perf_counter() - start)
    return seconds, ids


def compare(store: Store, number: int) -> Table:
    """Ask, make the indexes, ask again."""
    table = Table('', 'records', 'without, ms', 'with, ms', 'times as fast', box=box.SIMPLE)
    asked = [(name, query, options, best(store, query, options)) for name, query, options in questions(number)]
    for keys in INDEXES:
        store.create_index(keys)
    for name, query, options, (without, ids) in asked:
        indexed, found = best(store, query, options)
        if found != ids:
            raise SystemExit(f'{name}: the index changes the answer')
        table.add_row(
            name, f'{len(ids):,}', f'{without * 1e3:.2f}', f'{indexed * 1e3:.2f}', f'{without / indexed:,.1f}'
        )
    return table


def cost(folder: Path) -> Table:
    """Microseconds of add_record, without an index on paths and with each."""
    table = Table('add_record', 'µs', box=box.SIMPLE)
    for i, keys in enumerate([[], *INDEXES]):
        with mqsql.open(folder / f'{i}.db') as store:
            name = store.create_index(keys) if keys else 'no index on a path'
            given = list(records(ADDED))
            start = time.perf_counter()
            for record in given:
                store.add_record(record['msg_id'], record)
            table.add_row(name, f'{(time.perf_counter() - start) / ADDED * 1e6:.0f}')
    return table


def main() -> None:
    """Run."""
    parser = argparse.ArgumentParser(description=str(__doc__).partition('.')[0])
    parser.add_argument('--records', type=int, default=100_000)
    number = parser.parse_args().records
    with TemporaryDirectory() as folder:
        with mqsql.open(Path(folder, 'tasks.db')) as store:
            for record in records(number):
                store.add_record(record['msg_id'], record)
            console.print(compare(store, number))
        console.print(cost(Path(folder)))


if __name__ == '__main__':
    main()
