"""From a query dict to one parameterized SQL statement.

    dict ─parse→ predicate tree + values ─lower→ SQL tree ─render→ text + parameters

| step            | from → to                                             | may raise                       |
|-----------------|-------------------------------------------------------|---------------------------------|
| `parse`, `keys` | query, keys, sort → tree, outputs, params by name     | QueryError, with the place      |
| `lower`         | tree (no values) → sqlglot condition                  | nothing                         |
| `statements`    | condition + outputs + sort + limit → text, kept       | nothing                         |
| `dialects`      | how a statement is printed, what a database lacks     | UnsupportedError                |
| `functions`     | what SQL cannot say, to be registered on a connection | nothing                         |

`operators` is the table of operators; `comparison`, `element`, `patterns` and `numeric` hold what its rows name.
`collation` is how texts compare. `indexes` makes the tables of an index on paths; `index_use` chooses one, `index_rows` says
tests on its rows, `ordering` sorts by it.
"""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field, replace
from typing import Any, Self, TypedDict

from mqsql import limits
from mqsql.compiler.dialect import Dialect
from mqsql.compiler.dialects import DIALECTS
from mqsql.compiler.lower.statements import LIMIT, SKIP
from mqsql.compiler.parse import parse
from mqsql.compiler.parse.keys import read_count, read_fields, read_keys, read_path, read_sort
from mqsql.compiler.parse.projection import read_projection
from mqsql.compiler.rendering import render
from mqsql.compiler.shape.distinct import distinct_values
from mqsql.compiler.shape.include import include
from mqsql.compiler.shape.projection import Shape, shaping
from mqsql.compiler.tree.params import Param
from mqsql.compiler.tree.projection import Projection
from mqsql.compiler.tree.select import CountRecords, Delete, Keys, Output, Select
from mqsql.compiler.tree.select import Statement as AnyStatement
from mqsql.errors import QueryError, short_repr
from mqsql.functions import FUNCTIONS
from mqsql.schema import BUFFERS, TASKS, Record, Table
from mqsql.schema.rows import Damages, Tell, read_row, warn
from mqsql.values.codec import DamagedError
from mqsql.values.collation import read_collation
from mqsql.values.plain import either, read_plain

__all__ = [
    'FUNCTIONS',
    'Distinct',
    'Query',
    'Statement',
    'compile',
    'compile_count',
    'compile_delete',
    'compile_distinct',
]

Decoder = Callable[[Any], Any]
_NO_WINDOW: Mapping[str, int] = {}
"""No limit and no skip."""


class Parts(TypedDict):
    """The fields of a Statement."""

    sql: str
    params: Mapping[str, Any]
    functions: frozenset[str]
    indexes: tuple[str, ...]


@dataclass(frozen=True)
class Statement:
    """A statement's text and its parameters by name, for `execute(sql, params)` of a driver of the dialect's database.

    `functions` are the names of the FUNCTIONS that it calls, `indexes` those of the indexes on paths that it reads.
    """

    sql: str
    params: Mapping[str, Any]
    functions: frozenset[str] = frozenset()
    indexes: tuple[str, ...] = ()
    _unindexed: Callable[[], Parts] | None = field(default=None, kw_only=True, repr=False, compare=False)

    def unindexed(self) -> Self:
        """The same statement without indexes on paths, which also runs over a view of the table.

        In that of a Distinct the key of each record comes first.
        """
        return self if self._unindexed is None else replace(self, **self._unindexed())


@dataclass(frozen=True)
class Query(Statement):
    """A SELECT: `keys` as asked for, the record's key first, and `record`, which makes a fetched row a dict."""

    keys: tuple[str, ...] = field(kw_only=True)
    _decoders: tuple[tuple[str, Decoder], ...] = field(kw_only=True)
    _tell: Tell = field(kw_only=True, repr=False, compare=False)
    _shape: Shape | None = field(default=None, kw_only=True)

    def record(self, row: tuple[Any, ...]) -> Record:
        """The record of a row, as plain Python values; None where a column is NULL, or cannot be read, with a warning."""
        # Values that only a projection needs come after the columns.
        record = read_row(self._decoders, row, self._tell)
        return record if self._shape is None else self._shape(record, row[len(record) :])


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
    texts = read_collation(collation)
    chosen = _dialect(dialect)
    parsed = parse(either(query, filter), table, chosen.glob_type, texts)
    order, window = read_sort(sort, table, texts), _read_window(limit, skip)
    keys, fields = read_fields(keys, projection, table)
    plan = read_projection(fields, table, parsed.place) if fields else None
    wanted = read_keys(keys, table) if plan is None else _wanted(plan)
    computed = plan.computed if plan else ()
    inline = buffers is None

    def parts(table: Table) -> Parts:
        selected = Select(table, wanted.columns, computed, parsed.predicate, order, *_shape(window), inline)
        return _parts(selected, chosen, parsed.values, window)

    decoders = tuple((output.name, _decoder(chosen, table, output, buffers)) for output in wanted.outputs)
    tell = Damages(table.name, warn) if tell is None else tell
    return Query(
        **parts(table),
        keys=wanted.names,
        _decoders=decoders,
        _tell=tell,
        _shape=shaping(plan) if plan else None,
        _unindexed=lambda: parts(_unindexed(table)),
    )


def _parts(
    statement: AnyStatement, dialect: Dialect, params: Mapping[str, Param], window: Mapping[str, int] = _NO_WINDOW
) -> Parts:
    sql, functions, indexes, used = render(statement, dialect)
    return {'sql': sql, 'params': {**dialect.bind(params, used), **window}, 'functions': functions, 'indexes': indexes}


def _unindexed(table: Table) -> Table:
    return replace(table, indexes=())


def _wanted(plan: Projection) -> Keys:
    hidden = [Output(f'${column}', column) for column in plan.hidden]
    return Keys(tuple(plan.columns), (*(Output(name, column) for name, column in plan.columns.items()), *hidden))


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
    query, texts = either(query, filter), read_collation(collation)
    chosen, window = _dialect(dialect), _read_window(limit, skip)
    parsed = parse({} if query is None else query, table, chosen.glob_type, texts)

    def parts(table: Table) -> Parts:
        return _parts(CountRecords(table, parsed.predicate, *_shape(window)), chosen, parsed.values, window)

    return Statement(**parts(table), _unindexed=lambda: parts(_unindexed(table)))


def _read_window(limit: object, skip: object) -> dict[str, int]:
    window = {LIMIT: read_count(LIMIT, 0 if limit is None else limit), SKIP: read_count(SKIP, skip)}
    return {name: number for name, number in window.items() if number}


def _shape(window: Mapping[str, object]) -> tuple[bool, bool]:
    return LIMIT in window, SKIP in window


@dataclass(frozen=True)
class Distinct(Statement):
    """A SELECT of the `column` that a key leads into; `values` makes its rows the different values at the key.

    Values that cannot be read are left out, with a warning. `within` does the same as `values` with decoded values of the
    column.
    """

    column: str = field(kw_only=True)
    values: Callable[[Iterable[tuple[Any, ...]]], list[Any]] = field(kw_only=True)
    within: Callable[[Iterable[Any]], list[Any]] = field(kw_only=True)


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
    texts = read_collation(collation)
    query = either(query, filter)
    chosen = _dialect(dialect)
    parsed = parse({} if query is None else query, table, chosen.glob_type, texts)
    column, steps = read_path(key, table, 'key')

    def parts(table: Table, *columns: str) -> Parts:
        return _parts(Select(table, columns, (), parsed.predicate), chosen, parsed.values)

    decode, tell = chosen.decoder(table.columns[column]), Damages(table.name, warn) if tell is None else tell

    def read(stored: Any) -> Any:
        try:
            return None if stored is None else decode(stored)
        except DamagedError as e:
            return tell(None, column, str(e))

    @limits.within_python
    def values(rows: Iterable[tuple[Any, ...]]) -> list[Any]:
        # A key may come first.
        return within(read(row[-1]) for row in rows)

    def within(read: Iterable[Any]) -> list[Any]:
        return distinct_values((value for value in read if value is not None), steps, texts)

    return Distinct(
        **parts(table, column),
        column=column,
        values=values,
        within=within,
        _unindexed=lambda: parts(_unindexed(table), table.key, column),
    )


@limits.within_python
def compile_delete(
    query: object,
    *,
    table: Table = TASKS,
    dialect: str = 'sqlite',
    collation: object = None,
) -> Statement:
    """The DELETE of the records that match."""
    chosen = _dialect(dialect)
    parsed = parse(query, table, chosen.glob_type, read_collation(collation))

    def unindexed() -> Parts:
        return _parts(Delete(_unindexed(table), parsed.predicate, within=True), chosen, parsed.values)

    return Statement(**_parts(Delete(table, parsed.predicate), chosen, parsed.values), _unindexed=unindexed)


def _decoder(dialect: Dialect, table: Table, output: Output, buffers: Decoder | None) -> Decoder:
    kind = table.columns[output.column]
    if kind is BUFFERS and buffers is not None:
        return buffers
    plain = dialect.decoder(kind)
    return plain if output.fields is None else lambda stored: include(plain(stored), output.fields)


def _dialect(name: object) -> Dialect:
    name = name if type(name) is str else read_plain(name, 'dialect')
    dialect = DIALECTS.get(name) if type(name) is str else None
    if dialect is None:
        raise QueryError(f'unknown dialect {short_repr(name)}; known are {", ".join(DIALECTS)}')
    return dialect
