"""What decoding costs. Imports `mqsql`, apsw and orjson.

    python -m bench.decoding [--records 20000]

Records with all keys but the buffers are made of rows that are in memory. Beside it stands the least that Python needs: a bare
`orjson.loads` of each text of a document, and a `datetime.fromisoformat` for each time, those in documents included. It prints
microseconds of processor time a record, the least of some rounds in turn, and the quotient, for rows read in batches, as `find`
and `find_records` read them, and for single rows, as `get_record` does.
"""

import argparse
import time
from collections.abc import Callable, Sequence
from datetime import datetime
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import apsw
import orjson
from rich.console import Console
from rich.table import Table

import mqsql
from bench.data import History

SEED = 3
ROUNDS = 15
BATCHES = (1, 16, 256)
Row = tuple[Any, ...]


def stored_rows(query: mqsql.Query, count: int) -> list[Row]:
    """The rows of a history as SQLite gives them."""
    with TemporaryDirectory() as directory:
        path = str(Path(directory, 'tasks.db'))
        with mqsql.open(path) as store:
            for tasks in History(count, SEED).chunks(1000):
                store.add_records(tasks)
        connection = apsw.Connection(path, flags=apsw.SQLITE_OPEN_READONLY)
        rows: list[Row] = connection.execute(query.sql, query.params).fetchall()
        connection.close()
        return rows


def texts_and_times(rows: Sequence[Row], columns: Sequence[str]) -> tuple[list[str], list[str]]:
    """The texts of documents, and a text for each time in rows."""
    kinds = [mqsql.TASKS.columns[column] for column in columns]
    documents: list[str] = []
    times: list[str] = []
    for row in rows:
        for kind, value in zip(kinds, row, strict=False):
            if value is not None and kind is mqsql.DOCUMENT:
                documents.append(value)
                times += ['2026-11-22T20:15:00.000001+00:00'] * value.count('{"$date":"')
            elif value is not None and kind is mqsql.TIMESTAMP:
                times.append('2026-11-22T20:15:00.000001+00:00')
    return documents, times


def least(*jobs: Callable[[], object]) -> list[float]:
    """Seconds of processor time that each job takes, the least of some rounds in turn."""
    taken = [float('inf')] * len(jobs)
    for _ in range(ROUNDS):
        for number, job in enumerate(jobs):
            start = time.process_time()
            job()
            taken[number] = min(taken[number], time.process_time() - start)
    return taken


def main() -> None:
    """Measure, and print a table."""
    parser = argparse.ArgumentParser(description='Measure what decoding records costs.')
    parser.add_argument('--records', type=int, default=20_000, help='how many (default 20,000)')
    count = parser.parse_args().records
    query = mqsql.compile({})
    rows = stored_rows(query, count)
    documents, times = texts_and_times(rows, query.keys)
    table = Table('rows at once', 'mqsql, µs a record', 'bare, µs a record', 'quotient', title=f'{len(rows):,} records')

    def bare() -> None:
        for text in documents:
            orjson.loads(text)
        for text in times:
            datetime.fromisoformat(text)

    for size in BATCHES:
        batches = [tuple(rows[start : start + size]) for start in range(0, len(rows), size)]

        def decode(batches: list[tuple[Row, ...]] = batches) -> None:
            for batch in batches:
                for _ in query.records(batch):
                    pass

        ours, limit = least(decode, bare)
        shown = (f'{seconds / len(rows) * 1e6:.1f}' for seconds in (ours, limit))
        table.add_row(str(size), *shown, f'{ours / limit:.2f}')
    Console().print(table)


if __name__ == '__main__':
    main()
