"""The differential test by the million: SQL against the reference on random collections, queries and options.

    python tests/support/comparisons.py --count 1000000 --seed 1
    python tests/support/comparisons.py --count 100000 --dialect duckdb

The dialect "dict" is none: it compares the indexes of dict: with the reference that tests every record.

What the property tests draw by hypothesis, which searches and shrinks, is drawn here by a plain generator of random numbers,
three times as fast; single values come from pools that hypothesis fills anew every 20,000 queries. A difference is printed
with the collection and the call, and ends the run with status 1. Imports the drawing modules of `property`.
"""

import argparse
import os
import sys
import time
from collections import Counter
from collections.abc import Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor, as_completed
from contextlib import contextmanager, suppress
from multiprocessing import get_context
from pathlib import Path
from random import Random
from typing import Any, TypeVar

from hypothesis import HealthCheck, Phase, given, seed, settings
from hypothesis.strategies import SearchStrategy
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TimeRemainingColumn

sys.path.insert(0, str(Path(__file__).parents[1] / 'property'))

from computed import RECORD, Expressions
from drawing import somewhere
from draws import Draws
from duck import Duck
from finds import find_options
from places import Place, places
from projections import projection
from queries import query
from stores import holding, outcome
from strategies import LOCAL_ZONE, collection
from tables import TABLE
from words import asked

from mqsql import reference
from mqsql.errors import MqsqlError
from mqsql.schema import Record
from mqsql.storage import Store

T = TypeVar('T')

SLICE = 20_000  # comparisons that one pool of values serves
POOL = 400  # values of each strategy
QUERIES = 12  # for one collection

Call = tuple[str, tuple[Any, ...], dict[str, Any]]


class RandomDraws(Draws):
    """The choices of `random`; the values of a strategy are those of a pool."""

    def __init__(self, number: int, values: int = POOL) -> None:
        super().__init__(self._draw)
        self._number, self._random, self._values = number, Random(number), values
        self._pools: dict[SearchStrategy[Any], list[Any]] = {}

    def pick(self, options: Sequence[T]) -> T:
        """One of them."""
        return options[int(self._random.random() * len(options))]

    def _draw(self, strategy: SearchStrategy[Any]) -> Any:
        if strategy not in self._pools:
            self._pools[strategy] = pool(strategy, self._number, self._values)
        return self.pick(self._pools[strategy])


def pool(strategy: SearchStrategy[Any], number: int, size: int) -> list[Any]:
    """Some values of a strategy, as hypothesis finds them."""
    values: list[Any] = []

    @seed(number)
    @settings(
        max_examples=size,
        database=None,
        deadline=None,
        phases=[Phase.generate],
        suppress_health_check=list(HealthCheck),
    )
    @given(strategy)
    def fill(value: Any) -> None:
        values.append(value)

    fill()
    return values


def calls(d: Draws, known: list[Place]) -> Iterator[Call]:
    """Calls of a store and of the reference alike, for one query."""
    asked = query(d, known)
    yield 'find', (asked,), {}
    match d.pick(range(8)):
        case 0 | 1:
            yield 'find', (asked,), find_options(d, known)
        case 2:
            yield 'find', ({} if d.once_in(2) else asked,), {'projection': projection(d, known)}
        case 3:
            yield 'distinct', (somewhere(d, known).key, asked), {}
        case 4:
            yield 'count', (asked,), {'limit': d.pick([None, 0, 1, 2]), 'skip': d.pick([0, 1, 9])}
        case 5:
            yield 'find_one', (asked,), {}


Round = tuple[list[Record], list[Call]]


def queries(d: Draws) -> Round:
    """Queries for records of any kind."""
    records = collection(d, least=3)
    known = places(records)
    return records, [call for _ in range(QUERIES) for call in calls(d, known)]


def collated(d: Draws) -> Round:
    """Queries for words under a collation."""
    records, drawn = asked(d, QUERIES)
    rounds = [
        [
            ('find', (one,), options),
            ('distinct', (key, one), {'collation': options['collation']}),
            ('find', ({},), {'projection': wanted, 'collation': options['collation']}),
        ]
        for one, key, options, wanted in drawn
    ]
    return records, [call for calls in rounds for call in calls]


def expressions(d: Draws) -> Round:
    """Expressions, as the condition and as a computed value."""
    drawn = [Expressions(d).operator() for _ in range(QUERIES)]
    computed: list[Call] = [('find', ({},), {'projection': {'content': {'x': one}}}) for one in drawn]
    return [RECORD], [*computed, *(('find', ({'$expr': one},), {}) for one in drawn)]


ROUNDS = [queries, queries, queries, queries, queries, queries, collated, expressions]


def create_indexes(d: Draws, store: Store, known: list[Place]) -> None:
    """Indexes on some places of the collection, each on up to two of them, where that is possible."""
    for _ in range(d.pick([1, 2])):
        keys = d.several(1, 2, lambda: (somewhere(d, known).key, d.pick([1, -1])))
        with suppress(MqsqlError):  # places that have no index
            store.create_index(keys)


class DifferenceError(Exception):
    """SQL and the reference gave different answers."""


def compare(records: list[Record], store: Store | Duck, call: Call) -> str:
    """The answer that both give; DifferenceError if they do not agree."""
    name, arguments, options = call
    expected = outcome(getattr(reference, name), records, *arguments, **options, table=TABLE)
    given_answer = outcome(getattr(store, name), *arguments, **options)
    if given_answer != expected:
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
    d, done = RandomDraws(number, values), Counter[str]()
    while done['compared'] < count:
        records, drawn = d.pick(ROUNDS)(d)
        with asked_in(d, records, dialect) as database:
            for call in drawn:
                note(done, call, compare(records, database, call), len(records))
                if dialect == 'dict':
                    note_narrowed(done, call, database)
    return done


def note(done: Counter[str], call: Call, answer: str, records: int) -> None:
    """Count a comparison; one is telling if it selects some of the records, but not all."""
    name, _, options = call
    done['compared'] += 1
    done[name] += 1
    if answer.startswith('raises'):
        done['refused'] += 1
    elif name == 'find' and not options:
        done['plain'] += 1
        done['telling'] += 0 < len(answer.splitlines()) < records


def note_narrowed(done: Counter[str], call: Call, store: Any) -> None:
    """Count a plain query that an index or the key answered: fewer records than there are were tested."""
    name, arguments, options = call
    if name == 'find' and not options:
        with suppress(MqsqlError):  # refused
            done['narrowed'] += 'found by' in store.explain(*arguments).plan[0]


def summary(done: Counter[str], seeds: range, seconds: float) -> str:
    """What has been compared, in one line."""
    names = ', '.join(f'{name} {done[name]:,}' for name in ('find', 'distinct', 'count', 'find_one'))
    return (
        f'{done["compared"]:,} comparisons without a difference ({names}); {done["refused"]:,} refused by both; '
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
    parser.add_argument('--dialect', choices=('sqlite', 'duckdb', 'dict'), default='sqlite', help='(%(default)s)')
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
