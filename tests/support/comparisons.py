"""The differential test by the million: SQL against the reference on random collections, queries and options.

    python tests/support/comparisons.py --count 1000000 --seed 1
    python tests/support/comparisons.py --count 100000 --dialect duckdb

Two dialects are none: "dict" compares the indexes of dict: with the reference that tests every record, "mongodb" a MongoDB
server's answers. A difference is printed with the collection and the call, and ends the run with status 1. Imports the drawing
modules of `property`.
"""

import argparse
import os
import sys
import time
from collections import Counter
from collections.abc import Iterator
from concurrent.futures import ProcessPoolExecutor, as_completed
from contextlib import contextmanager, suppress
from multiprocessing import get_context
from pathlib import Path
from typing import Any

from rich.progress import BarColumn, MofNCompleteColumn, Progress, TimeRemainingColumn

sys.path.insert(0, str(Path(__file__).parents[1] / 'property'))

from duck import Duck
from mongo_comparisons import compare_alone
from rounds import ROUNDS, Call, DifferenceError, create_indexes, note
from stores import holding, outcome
from tables import LOCAL_ZONE, TABLE, places

from mqsql import reference
from mqsql.errors import MqsqlError
from mqsql.schema import Record
from mqsql.storage import Store
from mqsql.testing.drawing.draws import Draws
from mqsql.testing.drawing.random_draws import POOL, RandomDraws

SLICE = 20_000  # comparisons of one seed


def compare(records: list[Record], store: Store | Duck, call: Call) -> str:
    """The answer that both give; DifferenceError if they do not agree."""
    name, arguments, options = call
    expected = outcome(getattr(reference, name), records, *arguments, **options, table=TABLE)
    given_answer = outcome(getattr(store, name), *arguments, **options)
    alike = (
        sorted(given_answer.split('\n')) == sorted(expected.split('\n'))
        if name == 'distinct'
        else given_answer == expected
    )
    if not alike:  # the values of distinct come in no certain order
        raise DifferenceError(
            f'records = {records!r}\nindexes = {store.list_indexes()!r}\n{name}(*{arguments!r}, **{options!r})\n'
            f'reference:\n{expected}\nSQL:\n{given_answer}'
        )
    return expected


@contextmanager
def asked_in(d: Draws, records: list[Record], dialect: str) -> Iterator[Store | Duck]:
    """The records in a database; in SQLite and in dicts, they may have indexes on any place."""
    if dialect == 'duckdb':
        yield Duck(records, TABLE)
        return
    with holding(records, 'dict:' if dialect == 'dict' else ':memory:') as store:
        if d.once_in(2 if dialect == 'dict' else 4):
            create_indexes(d, store, places(records))
        yield store


def run(number: int, dialect: str, count: int = SLICE, values: int = POOL) -> Counter[str]:
    """Some comparisons of one seed, and how many of what kind they were; single values come from pools of so many."""
    os.environ['TZ'] = LOCAL_ZONE
    time.tzset()
    if dialect == 'mongodb':
        return compare_alone(number, count, values)
    d, done = RandomDraws(number, values), Counter[str]()
    while done['compared'] < count:
        records, drawn = d.pick(ROUNDS)(d)
        with asked_in(d, records, dialect) as database:
            for call in drawn:
                note(done, call, compare(records, database, call), len(records))
                if dialect == 'dict':
                    note_narrowed(done, call, database)
    return done


def note_narrowed(done: Counter[str], call: Call, store: Any) -> None:
    """Count a plain query that an index or the key answered: fewer records than there are were tested."""
    name, arguments, options = call
    if name == 'find' and not options:
        with suppress(MqsqlError):  # refused
            done['narrowed'] += 'found by' in store.explain(*arguments).plan[0]


def summary(done: Counter[str], seeds: range, seconds: float) -> str:
    """What has been compared, in one line."""
    names = ', '.join(f'{name} {done[name]:,}' for name in ('find', 'distinct', 'count', 'find_one'))
    deviating = f'{done["deviating"]:,} more in which the server deviates; ' if done['deviating'] else ''
    return (
        f'{done["compared"]:,} comparisons without a difference ({names}); {done["refused"]:,} refused by both; {deviating}'
        f'{done["telling"] / max(done["plain"], 1):.0%} of the plain queries select some but not all; '
        f'seeds {seeds.start} to {seeds.stop - 1}, {seconds / 60:.0f} min'
    )


def main() -> int:
    """Compare until the count is reached or a difference is found."""
    parser = argparse.ArgumentParser(description='Compare SQL with the reference on random queries.')
    parser.add_argument(
        '--count', type=int, default=1_000_000, help='comparisons, rounded up to whole seeds (%(default)s)'
    )
    parser.add_argument('--seed', type=int, default=1, help=f'the first seed; each serves for {SLICE:,} (%(default)s)')
    parser.add_argument('--processes', type=int, default=os.cpu_count(), help='(%(default)s)')
    parser.add_argument(
        '--dialect', choices=('sqlite', 'duckdb', 'dict', 'mongodb'), default='sqlite', help='(%(default)s)'
    )
    options = parser.parse_args()
    seeds = range(options.seed, options.seed - (-options.count // SLICE))
    begun, done = time.monotonic(), Counter[str]()
    columns = ('compared', BarColumn(), MofNCompleteColumn(), TimeRemainingColumn())
    with (
        Progress(*columns, disable=not sys.stdout.isatty()) as progress,
        ProcessPoolExecutor(options.processes, get_context('spawn')) as workers,
    ):
        bar = progress.add_task('', total=len(seeds) * SLICE)
        waiting: dict[Any, int] = {workers.submit(run, number, options.dialect): number for number in seeds}
        for one in as_completed(waiting):
            try:
                done.update(one.result())
            except DifferenceError as e:
                workers.shutdown(cancel_futures=True)
                print(f'seed {waiting[one]}: a difference\n{e}')
                return 1
            progress.update(bar, completed=done['compared'])
    print(summary(done, seeds, time.monotonic() - begun))
    return 0


if __name__ == '__main__':
    sys.exit(main())
