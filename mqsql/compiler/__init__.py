"""From a query dict to one parameterized SQL statement, and from its rows to records.

    dict ─parse→ predicate tree + values ─plan→ tree ─lower→ SQL tree ─render→ text + parameters … rows ─shape→ records

| stage        | from → to                                                        | may raise                  |
|--------------|------------------------------------------------------------------|----------------------------|
| `parse`      | query, keys, sort → `tree`, values by parameter                  | QueryError, with the place |
| `plan`       | tree → tree: indexes chosen                                      | nothing                    |
| `lower`      | tree (no values) → sqlglot tree                                  | nothing                    |
| `dialects`   | how a statement is printed, what a database lacks                | UnsupportedError           |
| `rendering`  | plan, lower and print, kept by the tree                          | UnsupportedError           |
| `shape`      | what to select; rows → records                                   | nothing                    |

`outputs` makes a RowShaper of `shape` from keys or a projection; `statements` has the classes that the functions here return.
FUNCTIONS, of `mqsql.functions`, are those that SQL lacks, to be registered on a connection.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

from mqsql import limits
from mqsql.compiler.dialect import Dialect
from mqsql.compiler.dialects import find_dialect
from mqsql.compiler.known import Parsed, read_shape, said_of
from mqsql.compiler.outputs import parse_outputs
from mqsql.compiler.parse import parse
from mqsql.compiler.parse.keys import parse_path
from mqsql.compiler.parse.sort import parse_sort
from mqsql.compiler.parse.window import parse_window
from mqsql.compiler.shape.distinct import DistinctShaper, distinct_shaper
from mqsql.compiler.shape.rows import Decoder, RowShaper
from mqsql.compiler.statements import Distinct, Query, Statement, binder, of_text, said
from mqsql.compiler.tree.select import LIMIT, SKIP, CountRecords, Delete, Part, Select, SelectDistinct, SelectPositions
from mqsql.errors import QueryError, short_repr
from mqsql.functions import FUNCTIONS
from mqsql.schema import TASKS, Table
from mqsql.schema.rows import Damages, Tell, warn
from mqsql.values.collation import read_collation
from mqsql.values.plain import either

__all__ = [
    'FUNCTIONS',
    'Distinct',
    'Query',
    'Statement',
    'compile',
    'compile_count',
    'compile_delete',
    'compile_distinct',
    'compile_positions',
]


@limits.within_python
def compile(
    query: object = None,
    keys: object = None,
    *,
    filter: object = None,
    sort: object = None,
    limit: int | None = None,
    skip: int = 0,
    table: Table = TASKS,
    dialect: str = 'sqlite',
    projection: object = None,
    collation: object = None,
    buffers: Decoder | None = None,
    tell: Tell | None = None,
) -> Query:
    """The SELECT that answers a MongoDB query over `table`.

    `keys` is text or an iterable of text (None: all but the Buffers); `sort` a key, a pair (key, 1 | -1), a dict or an iterable
    of these; `limit` and `skip` are numbers of records (0 or None: none); `projection`, or a dict for `keys`, is MongoDB's dict
    of what to return; `filter` is pymongo's name of `query`; `collation` is MongoDB's dict of how texts compare (locale en,
    strength 1 to 3, numericOrdering). Where `buffers` is given, Buffers columns are read as the stored array of row ids, of
    which it makes the list; otherwise the statement itself gathers the blobs. `tell` is called with each value that cannot be
    read, instead of a warning.

    Raises QueryError for what has no meaning and UnsupportedError for what the dialect cannot say.
    """
    chosen, window, query = _target(dialect, table), parse_window(limit, skip), either(query, filter)

    def parse_select(query: object) -> Parsed[RowShaper]:
        texts = read_collation(collation)
        parsed = parse(query, table, chosen.glob_type, texts)
        order = parse_sort(sort, table, texts)
        shaper, computed = parse_outputs(keys, projection, table, parsed.place, chosen)
        tree = Select(table, shaper.parts, computed, parsed.predicate, order, *_is_set(window), inline=buffers is None)
        return Parsed(tree, shaper, parsed.values, lambda: tree)

    shaped = read_shape(query, keys, sort, projection) if collation is None else None
    how = 'find', table, *_is_set(window), buffers is None
    text, shaper = said_of(shaped, how, chosen, window, query, parse_select)
    plain = sort is None and not window
    return of_text(
        Query, text, _shaper=shaper, _buffers=buffers, _tell=tell or _warning(table), _in_order_of_insertion=plain
    )


@limits.within_python
def compile_count(
    query: object = None,
    *,
    filter: object = None,
    limit: int | None = None,
    skip: int = 0,
    table: Table = TASKS,
    dialect: str = 'sqlite',
    collation: object = None,
) -> Statement:
    """The SELECT of the number of records that match, after `skip` of them and up to `limit`."""
    chosen, window, query = _target(dialect, table), parse_window(limit, skip), either(query, filter)

    def parse_count(query: object) -> Parsed[None]:
        parsed = parse({} if query is None else query, table, chosen.glob_type, read_collation(collation))
        tree = CountRecords(table, parsed.predicate, *_is_set(window))
        return Parsed(tree, None, parsed.values, lambda: tree)

    shaped = read_shape(query) if collation is None else None
    text, _ = said_of(shaped, ('count', table, *_is_set(window)), chosen, window, query, parse_count)
    return of_text(Statement, text)


@limits.within_python
def compile_distinct(
    key: object,
    query: object = None,
    *,
    filter: object = None,
    table: Table = TASKS,
    dialect: str = 'sqlite',
    collation: object = None,
    tell: Tell | None = None,
) -> Distinct:
    """The SELECT from which the different values at `key`, a column or a path, of the records that match are read."""
    query, chosen = either(query, filter), _target(dialect, table)

    def parse_distinct(query: object) -> Parsed[DistinctShaper]:
        texts = read_collation(collation)
        parsed = parse({} if query is None else query, table, chosen.glob_type, texts)
        shaper = distinct_shaper(*parse_path(key, table, 'key'), table, texts, chosen)
        each = Select(table, (Part(table.key), shaper.part), (), parsed.predicate)
        # Of texts that a collation takes for the same the first is given.
        tree = each if texts else SelectDistinct(table, shaper.part, parsed.predicate)
        return Parsed(tree, shaper, parsed.values, lambda: each)

    shaped = read_shape({} if query is None else query, key) if collation is None else None
    text, shaper = said_of(shaped, ('distinct', table), chosen, {}, query, parse_distinct)
    return of_text(Distinct, text, _shaper=shaper, _tell=tell or _warning(table))


@limits.within_python
def compile_delete(
    query: object,
    *,
    table: Table = TASKS,
    dialect: str = 'sqlite',
    collation: object = None,
) -> Statement:
    """The DELETE of the records that match."""
    chosen = _target(dialect, table)

    def parse_delete(query: object) -> Parsed[None]:
        parsed = parse(query, table, chosen.glob_type, read_collation(collation))
        tree = Delete(table, parsed.predicate)
        return Parsed(tree, None, parsed.values, lambda: replace(tree, within=True))

    shaped = read_shape(query) if collation is None else None
    text, _ = said_of(shaped, ('delete', table), chosen, {}, query, parse_delete)
    return of_text(Statement, text)


@limits.within_python
def compile_positions(
    query: object, *, limit: int | None = None, table: Table = TASKS, dialect: str = 'sqlite'
) -> Statement:
    """The SELECT of where the records that match are in the order of insertion: of a row's id, in SQLite."""
    chosen, window = _target(dialect, table), parse_window(limit, 0)
    parsed = parse(query, table, chosen.glob_type)
    tree = SelectPositions(table, parsed.predicate, LIMIT in window)
    return Statement(*said(tree, lambda: tree, chosen, binder(chosen, parsed.values, window)))


def _target(dialect: str, table: object) -> Dialect:
    """The dialect of a statement over a table; QueryError unless both are what they should be."""
    if not isinstance(table, Table):
        raise QueryError(f'takes a mqsql.Table, not {short_repr(table)}', 'table')
    return find_dialect(dialect)


def _is_set(window: Mapping[str, object]) -> tuple[bool, bool]:
    return LIMIT in window, SKIP in window


def _warning(table: Table) -> Tell:
    return Damages(table.name, warn)
