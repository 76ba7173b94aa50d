"""Rounds of calls to compare stores by: a collection, and what is asked of it, drawn by a plain generator of random numbers.

What the property tests draw by hypothesis, which searches and shrinks, is drawn here three times as fast; single values come
from pools that hypothesis fills anew for each seed. Imports the drawing modules of `property`.
"""

from collections import Counter
from collections.abc import Iterator
from contextlib import suppress
from typing import Any

from computed import PATHS, RECORD
from tables import SCOPE, collection, places

from mqsql.errors import MqsqlError
from mqsql.schema import Record
from mqsql.storage import Store
from mqsql.testing.drawing.draws import Draws
from mqsql.testing.drawing.expressions import Expressions
from mqsql.testing.drawing.finds import find_options
from mqsql.testing.drawing.operands import somewhere
from mqsql.testing.drawing.places import Place
from mqsql.testing.drawing.projections import projection
from mqsql.testing.drawing.queries import query
from mqsql.testing.drawing.words import asked

QUERIES = 12  # for one collection

Call = tuple[str, tuple[Any, ...], dict[str, Any]]
"""The name of a function of `reference` and of a method of stores, and its arguments after the records."""


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
    records, drawn = asked(d, SCOPE, QUERIES)
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
    drawn = [Expressions(d, PATHS).operator() for _ in range(QUERIES)]
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
    """A store and the reference gave different answers."""


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
