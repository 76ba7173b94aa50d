"""What expressions cost. Imports `mqsql` and apsw.

    python -m bench.expressions --records 100000

Each condition is counted as an expression, and as SQL written by hand on the same file; the counts must be the same. Printed
are milliseconds of processor time, the least of some rounds in turn, and the quotient.
"""

import argparse
import random
import sys
import time
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import apsw
from rich import box
from rich.console import Console
from rich.table import Table

import mqsql
from mqsql.schema import Record
from mqsql.values.codec import encode_timestamp

START = datetime(2026, 1, 1, tzinfo=UTC)
ROUNDS = 7

console = Console(highlight=False, width=None if sys.stdout.isatty() else 130)


def records(number: int) -> Iterator[Record]:
    """Tasks that take up to two minutes, of which some are not started and some are not done, with numbers in a document."""
    draws = random.Random(1)
    for i in range(number):
        submitted = START + timedelta(seconds=i)
        started = submitted + timedelta(seconds=draws.random())
        completed = started + timedelta(seconds=120 * draws.random())
        yield {
            'msg_id': f'm{i}',
            'queue': draws.choice(['task', 'MUX', 'Task']),
            'content': {'n': draws.randrange(100), 'm': draws.randrange(1, 100), 'at': completed},
            'submitted': submitted,
            'started': started if i % 50 else None,
            'completed': completed if i % 25 else None,
        }


def questions(number: int) -> list[tuple[str, dict[str, Any], str, dict[str, Any]]]:
    """Expressions, each with a name and with what one would write in SQL."""
    half = START + timedelta(seconds=number // 2)
    lasting = 'completed / 1000 - started / 1000 > :most'
    numbers = "content ->> '$.n' + content ->> '$.m' > :most"
    duration = {'$subtract': ['$completed', '$started']}
    since = {'since': encode_timestamp(half)}
    return [
        ('lasting over a minute', {'$gt': [duration, 60_000]}, lasting, {'most': 60_000}),
        (
            'and since a time',
            {'$and': [{'$gte': ['$completed', half]}, {'$gt': [duration, 60_000]}]},
            f'completed >= :since AND {lasting}',
            {'most': 60_000, **since},
        ),
        ('two columns', {'$gt': ['$started', '$submitted']}, 'started > submitted', {}),
        ('a column since a time', {'$gte': ['$completed', half]}, 'completed >= :since', since),
        ('missing or before', {'$lt': ['$completed', half]}, 'completed IS NULL OR completed < :since', since),
        ('hour of the day', {'$eq': [{'$hour': '$submitted'}, 3]}, 'submitted / 3600000000 % 24 = :hour', {'hour': 3}),
        ('in lower case', {'$eq': [{'$toLower': '$queue'}, 'task']}, 'lower(queue) = :text', {'text': 'task'}),
        ('numbers in documents', {'$gt': [{'$add': ['$content.n', '$content.m']}, 150]}, numbers, {'most': 150}),
    ]


def least(*counts: Callable[[], int]) -> list[tuple[float, int]]:
    """The seconds of processor time of each, and what it gives."""
    found: list[list[float]] = [[] for _ in counts]
    for _ in range(ROUNDS):
        for times, count in zip(found, counts, strict=True):
            started = time.process_time()
            count()
            times.append(time.process_time() - started)
    return [(min(times), count()) for times, count in zip(found, counts, strict=True)]


def measure(path: Path, number: int) -> Table:
    """The table of all questions."""
    table = Table('', 'records', 'expression, ms', 'SQL by hand, ms', 'quotient', box=box.SIMPLE)
    with mqsql.open(path) as store:
        for record in records(number):
            store.add_record(record['msg_id'], record)
        connection = apsw.Connection(str(path), flags=apsw.SQLITE_OPEN_READONLY)
        for name, expression, condition, params in questions(number):
            sql = f'SELECT count(*) FROM task_records WHERE {condition}'
            (ours, found), (theirs, wanted) = least(
                lambda expression=expression: store.count({'$expr': expression}),  # type: ignore[misc]
                lambda sql=sql, params=params: next(connection.execute(sql, params))[0],  # type: ignore[misc]
            )
            assert found == wanted, (name, found, wanted)
            quotient = f'{ours / theirs:.2f}'
            table.add_row(name, f'{found:,}', f'{1e3 * ours:.2f}', f'{1e3 * theirs:.2f}', quotient)
        connection.close()
    return table


def main() -> None:
    """The measurement that the command line asks for."""
    parser = argparse.ArgumentParser(description=str(__doc__).partition('.')[0])
    parser.add_argument('--records', type=int, default=100_000)
    asked = parser.parse_args()
    with TemporaryDirectory() as folder:
        console.print(measure(Path(folder) / 'tasks.db', asked.records))


if __name__ == '__main__':
    main()
