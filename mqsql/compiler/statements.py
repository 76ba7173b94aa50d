"""Whole statements: SELECT, count and DELETE around a condition.

Texts are kept by shape: the trees are hashable and hold no values.
"""

from collections.abc import Callable
from functools import wraps
from typing import Any, ParamSpec

from sqlglot import exp

from mqsql.compiler.dialects import Dialect
from mqsql.compiler.index_use import conjuncts, sorting_index
from mqsql.compiler.keys import Sort
from mqsql.compiler.lower import lower, lower_positions
from mqsql.compiler.ordering import has_texts_in_order, order, ordered, select_first, select_in_order
from mqsql.compiler.predicate import ALWAYS, Predicate, Test
from mqsql.compiler.sql import call, column, identifier, is_not_null, number, select, slot
from mqsql.kept import Kept
from mqsql.schema import BUFFERS, Table

LIMIT, SKIP = 'limit', 'skip'

_KEPT: Kept[tuple[object, ...], str] = Kept(16_000_000)
_PER_CHARACTER = 6  # bytes that a statement and the trees that it is kept by take for each character of its text

Shape = ParamSpec('Shape')


def _kept(make: Callable[Shape, str]) -> Callable[Shape, str]:
    """The function, whose texts are kept by shape."""

    @wraps(make)
    def text(*shape: Shape.args, **named: Shape.kwargs) -> str:
        return _KEPT.get((make, shape, *named.items()), _made)

    return text


def _made(key: tuple[Any, ...]) -> tuple[str, int]:
    make, shape, *named = key
    text = make(*shape, **dict(named))
    return text, _PER_CHARACTER * len(text)


@_kept
def select_text(
    table: Table,
    columns: tuple[str, ...],
    extras: tuple[Predicate, ...],
    predicate: Predicate,
    sort: Sort,
    window: tuple[bool, bool],
    inline: bool,
    dialect: Dialect,
) -> str:
    """SELECT the columns, and the positions that `extras` ask for, of the records that match.

    `window` says whether there are a limit and a skip, `inline` whether Buffers come as a JSON array of hexadecimal blobs
    or as the stored array of their rows' ids.
    """
    sort = () if _of_one_key(table, predicate) else sort
    outputs = [_output(table, name, inline) for name in columns]
    outputs += lower_positions(extras, table)
    index, most = sorting_index(table, predicate, sort), _most(window)
    statement: exp.Query
    if index:
        statement = select_in_order(table, index, outputs, predicate, sort, most)
    elif most is not None and has_texts_in_order(table, sort):
        statement = select_first(table, outputs, predicate, sort, most)
    else:
        statement = select(outputs, [_table(table)], _where(table, predicate))
        statement.set('order', order(table, sort))
    _set_window(statement, window)
    return dialect.render(statement)


def _of_one_key(table: Table, predicate: Predicate) -> bool:
    """Whether the table's key has one value, so that there is nothing to sort; SQLite itself would not say so by every plan."""
    tests = (part for part in conjuncts(predicate) if isinstance(part, Test) and part.operator == '$eq')
    return any(test.field.column == table.key and not test.collation for test in tests)


def _most(window: tuple[bool, bool]) -> exp.Expr | None:
    """How many records there may be, up to the end of the window."""
    limited, skipped = window
    if not limited:
        return None
    # A sum that 64 bits do not hold would be a float, which is no limit.
    end = exp.Cast(this=exp.Add(this=slot(LIMIT), expression=slot(SKIP)), to=exp.DataType.build('INT'))
    return end if skipped else slot(LIMIT)


def _set_window(statement: exp.Query, window: tuple[bool, bool]) -> None:
    limited, skipped = window
    if limited or skipped:
        statement.set('limit', exp.Limit(expression=slot(LIMIT) if limited else number(-1)))
    if skipped:
        statement.set('offset', exp.Offset(expression=slot(SKIP)))


@_kept
def count_text(table: Table, predicate: Predicate, window: tuple[bool, bool], dialect: Dialect) -> str:
    """SELECT the number of records that match, within a limit and skip if there are."""
    counted: exp.Expr = exp.Count(this=exp.Star())
    if not any(window):
        return dialect.render(select([counted], [_table(table)], _where(table, predicate)))
    matching = select([number(1)], [_table(table)], _where(table, predicate))
    _set_window(matching, window)
    return dialect.render(select([counted], [exp.Subquery(this=matching)]))


@_kept
def delete_text(table: Table, predicate: Predicate, within: bool, dialect: Dialect) -> str:
    """DELETE the records that match; `within` has a SELECT inside it find them, whose table may be a view."""
    where = _where(table, predicate)
    if where and within:
        found = select([exp.column('rowid')], [_table(table)], where)
        where = exp.In(this=exp.column('rowid'), query=exp.Subquery(this=found))
    return dialect.render(exp.Delete(this=_table(table), where=exp.Where(this=where) if where else None))


def _table(table: Table) -> exp.Table:
    return exp.Table(this=identifier(table.name))


def _where(table: Table, predicate: Predicate) -> exp.Expr | None:
    return None if predicate == ALWAYS else lower(predicate, table)


def _output(table: Table, name: str, inline: bool) -> exp.Expr:
    if table.columns[name] is not BUFFERS or not inline:
        return column(name, table.name)
    return _inline_buffers(table, name)


def _inline_buffers(table: Table, name: str) -> exp.Expr:
    """The blobs that the column's ids name, in order, as one JSON array; NULL where the column is."""
    each = exp.Table(
        this=call('json_each', exp.Column(this=identifier(name), table=identifier(table.name))),
        alias=exp.TableAlias(this=exp.to_identifier('e')),
    )
    blobs = exp.Table(this=identifier(table.buffers_table), alias=exp.TableAlias(this=exp.to_identifier('b')))
    same = exp.EQ(this=exp.column('id', 'b'), expression=exp.column('value', 'e'))
    data = exp.Alias(this=call('hex', exp.column('data', 'b')), alias=exp.to_identifier('data'))
    listed = select([data], [each, blobs], same)
    listed.set('order', exp.Order(expressions=[ordered(exp.column('key', 'e'), False)]))
    gathered = select([call('json_group_array', exp.column('data'))], [exp.Subquery(this=listed)])
    there = is_not_null(column(name, table.name))
    return exp.Case(ifs=[exp.If(this=there, true=exp.Subquery(this=gathered))])
