"""The strategies: records, histories, and queries, calls of find and expressions for given records."""

from collections.abc import Callable, Iterable, Mapping
from contextlib import suppress
from datetime import datetime
from typing import Any, NamedTuple, TypeVar

from hypothesis import reject
from hypothesis import strategies as st
from hypothesis.strategies import SearchStrategy

from mqsql import reference
from mqsql.errors import QueryError
from mqsql.schema import TASKS, Record, Table
from mqsql.testing.drawing.documented import documented_places, documented_query
from mqsql.testing.drawing.draws import Draws
from mqsql.testing.drawing.expressions import Expressions
from mqsql.testing.drawing.finds import find_options
from mqsql.testing.drawing.histories import history
from mqsql.testing.drawing.languages import DOCUMENTED, FULL
from mqsql.testing.drawing.places import Place, places
from mqsql.testing.drawing.projections import projection
from mqsql.testing.drawing.queries import Query, query
from mqsql.testing.drawing.scope import Scope, scope_of
from mqsql.testing.drawing.words import COLLATIONS, is_collated

T = TypeVar('T')

TRIES = 5
"""How often a query without a meaning for its records is drawn again."""


class Find(NamedTuple):
    """What to ask: a query, and other arguments of `find` by name."""

    query: Query
    options: Mapping[str, Any]


def records(table: Table = TASKS, *, values: str = 'usual') -> SearchStrategy[Record]:
    """One record of the table.

    >>> from hypothesis import given
    >>> from mqsql.testing import records
    >>> @given(records())
    ... def test_a_record_comes_back(record):
    ...     assert isinstance(record['msg_id'], str)
    >>> test_a_record_comes_back()

    A record has its key and the columns with a value. Of the tasks of a hub it is one that is pending, running, done or
    failed. With `values='usual'`, texts are UTF-8, integers fit in a float, and times have a zone and whole milliseconds;
    `'all'` are all that mqsql stores: lone surrogates, integers of 400 digits, NaN, bytes in documents, the year 1.
    """
    return histories(table, values=values, least=1, most=1).map(lambda drawn: drawn[0])


def histories(
    table: Table = TASKS, *, values: str = 'usual', least: int = 0, most: int = 8
) -> SearchStrategy[list[Record]]:
    """Several records with different keys; see `records`. Keys drawn twice leave fewer than `least`, but for the first.

    >>> from hypothesis import given
    >>> from mqsql.testing import histories
    >>> @given(histories(least=1, most=4))
    ... def test_keys_differ(history):
    ...     assert len({record['msg_id'] for record in history}) == len(history)
    >>> test_keys_differ()
    """
    scope = scope_of(table, FULL.name, values)

    @st.composite
    def drawn(draw: st.DrawFn) -> list[Record]:
        return history(Draws(draw), scope, least, most)

    return drawn()


def queries(
    records: Iterable[Record],
    table: Table = TASKS,
    *,
    language: str = 'find',
    values: str = 'usual',
    without: Iterable[str] = (),
) -> SearchStrategy[Query]:
    """A query for these records, with columns, paths and operands that occur in them; a good share selects some, but not all.

    >>> from hypothesis import given, strategies as st
    >>> from mqsql.testing import Oracle, histories, queries
    >>> @given(st.data())
    ... def test_a_query_and_its_negation_part_the_records(data):
    ...     history = data.draw(histories())
    ...     oracle, query = Oracle(history), data.draw(queries(history))
    ...     assert oracle.count(query) + oracle.count({'$nor': [query]}) == len(history)
    >>> test_a_query_and_its_negation_part_the_records()

    `language` is `'documented'`: the operators that IPython Parallel promises, on columns, with values of their type;
    `'find'`: MongoDB's, without `$expr`, `$jsonSchema` and collations; or `'full'`: all that mqsql answers. The operators of
    `without` are left out; those within `$expr` are others. Every query has a meaning: the oracle answers it.
    """
    given = list(records)
    known, draw_query = _drawing(given, scope_of(table, language, values, without))
    if language == DOCUMENTED.name:  # they have a meaning by the way they are drawn
        return _valid(lambda d: draw_query(d, known), lambda one: None)
    return _valid(lambda d: draw_query(d, known), lambda one: reference.find(given, one, (), table=table))


def finds(
    records: Iterable[Record],
    table: Table = TASKS,
    *,
    language: str = 'find',
    values: str = 'usual',
    without: Iterable[str] = (),
) -> SearchStrategy[Find]:
    """A query and, half the time, other arguments of `find`: keys, sort, limit, skip, a projection, a collation.

    >>> from hypothesis import given, strategies as st
    >>> from mqsql.testing import Oracle, finds, histories
    >>> @given(st.data())
    ... def test_a_limit_is_kept(data):
    ...     history = data.draw(histories())
    ...     query, options = data.draw(finds(history))
    ...     assert len(Oracle(history).find(query, **options)) <= (options.get('limit') or len(history))
    >>> test_a_limit_is_kept()

    In the documented language there are only keys; collations are in the full one alone.
    """
    scope, given = scope_of(table, language, values, without), list(records)
    known, draw_query = _drawing(given, scope)

    def draw_find(d: Draws) -> Find:
        one = draw_query(d, known)
        return Find(one, _options(d, scope, known, one, given) if d.once_in(2) else {})

    return _valid(draw_find, lambda find: reference.find(given, find.query, **find.options, table=table))


def expressions(records: Iterable[Record], table: Table = TASKS, *, values: str = 'usual') -> SearchStrategy[Any]:
    """An expression, as in `$expr` or a projection, of any operator, on paths that occur in the records.

    >>> from hypothesis import given, strategies as st
    >>> from mqsql.testing import Oracle, expressions, histories
    >>> @given(st.data())
    ... def test_an_expression_is_true_or_false(data):
    ...     history = data.draw(histories())
    ...     query = {'$expr': data.draw(expressions(history))}
    ...     assert 0 <= Oracle(history).count(query) <= len(history)
    >>> test_an_expression_is_true_or_false()

    Those for which a record has no answer, such as a division by zero, are not drawn.
    """
    given = list(records)
    scope = scope_of(table, FULL.name, values)
    paths = _paths_by_kind(places(given, scope))
    return _valid(
        lambda d: Expressions(d, paths, scope.values).operator(),
        lambda one: reference.find(given, {'$expr': one}, (), table=table),
    )


def _drawing(records: Iterable[Record], scope: Scope) -> tuple[list[Place], Callable[[Draws, list[Place]], Query]]:
    """The places to draw queries for, and what draws them."""
    if scope.language.name == DOCUMENTED.name:
        return documented_places(list(records), scope), documented_query
    return places(records, scope), query


def _valid(one: Callable[[Draws], T], answer: Callable[[T], object]) -> SearchStrategy[T]:
    """Of what `one` draws, that which has an answer."""

    @st.composite
    def drawn(draw: st.DrawFn) -> T:
        d = Draws(draw)
        for _ in range(TRIES):
            found = one(d)
            with suppress(QueryError):
                answer(found)
                return found
        return reject()

    return drawn()


def _options(d: Draws, scope: Scope, known: list[Place], one: Query, records: list[Record]) -> dict[str, Any]:
    if scope.language.name == DOCUMENTED.name:
        columns = [place.key for place in known]
        return {'keys': d.several(1, 3, lambda: d.pick(columns))}
    options = find_options(d, known)
    if d.once_in(4):
        options = {name: value for name, value in options.items() if name != 'keys'}
        options['projection'] = projection(d, known)
    if scope.language.name == FULL.name and d.once_in(3) and is_collated(one) and is_collated(records):
        options['collation'] = d.pick(COLLATIONS)
    return options


KIND_OF: dict[type, str] = {
    int: 'number',
    float: 'number',
    str: 'text',
    datetime: 'date',
    list: 'list',
    dict: 'object',
    bool: 'truth',
}


def _paths_by_kind(known: list[Place]) -> dict[str, list[str]]:
    """The paths that an expression can name, by the kind of value that is first there."""
    found: dict[str, list[str]] = {'nothing': []}
    for place in known:
        steps = place.key.split('.')
        if all(step and not step.startswith('$') and '\0' not in step for step in steps) and place.values:
            kind = KIND_OF.get(type(place.values[0]), 'nothing')
            found.setdefault(kind, []).append(place.key)
    return found
