"""Lowers whole statements: SELECT, count and DELETE around a condition."""

from __future__ import annotations

from sqlglot import exp

from mqsql.compiler.dialect import Dialect
from mqsql.compiler.dialect.expression_words import Lacking
from mqsql.compiler.lower.order import has_most_in_order, order
from mqsql.compiler.lower.predicate import lower, lower_positions
from mqsql.compiler.lower.sql import named_table, number, param, select
from mqsql.compiler.tree.predicate import MATCH_ALL, Predicate
from mqsql.compiler.tree.select import (
    LIMIT,
    SKIP,
    CountRecords,
    Delete,
    Part,
    Select,
    SelectDistinct,
    SelectPositions,
    Statement,
)
from mqsql.errors import UnsupportedError
from mqsql.schema.tasks import Table


def lower_statement(statement: Statement, dialect: Dialect) -> exp.Expr:
    """The SQL tree of a statement whose indexes are chosen; UnsupportedError for what the dialect cannot say."""
    try:
        match statement:
            case Select():
                return _lower_select(statement, dialect)
            case SelectDistinct():
                return _lower_distinct(statement, dialect)
            case CountRecords():
                return _lower_count(statement, dialect)
            case Delete():
                return _lower_delete(statement, dialect)
            case SelectPositions():
                return _lower_positions(statement, dialect)
    except Lacking as e:
        raise UnsupportedError(str(e), dialect.name) from e


def lower_condition(statement: Statement, dialect: Dialect) -> exp.Expr:
    """The same of the statement's predicate alone, where the statement itself has a Blank for it."""
    try:
        return lower(statement.predicate, statement.table, dialect)
    except Lacking as e:
        raise UnsupportedError(str(e), dialect.name) from e


def _lower_select(wanted: Select, dialect: Dialect) -> exp.Query:
    table = wanted.table
    outputs = [_output(table, part, wanted.inline, dialect) for part in wanted.parts]
    outputs += lower_positions(wanted.computed, table, dialect)
    if wanted.positioned:
        return select([*outputs, dialect.words.row_order()], [_table(table)], _where(table, wanted.predicate, dialect))
    most = _most(wanted.limited, wanted.skipped, dialect)
    statement: exp.Query
    if wanted.index_order and dialect.path_indexes:
        statement = dialect.path_indexes.select_in_order(wanted, outputs, most, dialect)
    elif most is not None and dialect.select_first and has_most_in_order(table, wanted.sort):
        statement = dialect.select_first(wanted, outputs, most, dialect)
    elif wanted.lead and dialect.select_led:
        statement = dialect.select_led(wanted, outputs, most, dialect)
    else:
        statement = select(outputs, [_table(table)], _where(table, wanted.predicate, dialect))
        statement.set('order', order(table, wanted.sort, dialect))
    _set_window(statement, wanted.limited, wanted.skipped, dialect, sorts=bool(wanted.sort))
    return statement


def _output(table: Table, part: Part, inline: bool, dialect: Dialect) -> exp.Expr:
    return dialect.words.part(table, part) if part.steps else dialect.words.output(table, part.column, inline)


def _lower_distinct(wanted: SelectDistinct, dialect: Dialect) -> exp.Query:
    if dialect.select_distinct is not None:
        return dialect.select_distinct(wanted)
    return _lower_select(Select(wanted.table, (wanted.part,), (), wanted.predicate), dialect)


def _most(limited: bool, skipped: bool, dialect: Dialect) -> exp.Expr | None:
    """How many records there may be, up to the end of the window."""
    if not limited:
        return None
    words = dialect.words
    return words.end_of_window(param(LIMIT), param(SKIP)) if skipped else words.limit_of_sort(param(LIMIT))


def _set_window(statement: exp.Query, limited: bool, skipped: bool, dialect: Dialect, *, sorts: bool = False) -> None:
    limit = param(LIMIT) if limited else dialect.words.no_limit() if skipped else None
    if limit is not None:
        statement.set('limit', exp.Limit(expression=dialect.words.limit_of_sort(limit) if sorts else limit))
    if skipped:
        statement.set('offset', exp.Offset(expression=param(SKIP)))


def _lower_count(wanted: CountRecords, dialect: Dialect) -> exp.Query:
    table, where = wanted.table, _where(wanted.table, wanted.predicate, dialect)
    counted: exp.Expr = exp.Count(this=exp.Star())
    if not (wanted.limited or wanted.skipped):
        return select([counted], [_table(table)], where)
    matching = select([number(1)], [_table(table)], where)
    _set_window(matching, wanted.limited, wanted.skipped, dialect)
    return select([counted], [exp.Subquery(this=matching)])


def _lower_delete(wanted: Delete, dialect: Dialect) -> exp.Delete:
    table, where = wanted.table, _where(wanted.table, wanted.predicate, dialect)
    if where and wanted.within:
        position = dialect.words.row_order()
        found = select([position], [_table(table)], where)
        where = exp.In(this=position.copy(), query=exp.Subquery(this=found))
    return exp.Delete(this=_table(table), where=exp.Where(this=where) if where else None)


def _lower_positions(wanted: SelectPositions, dialect: Dialect) -> exp.Query:
    where = _where(wanted.table, wanted.predicate, dialect)
    statement = select([dialect.words.row_order()], [_table(wanted.table)], where)
    _set_window(statement, wanted.limited, False, dialect)
    return statement


def _table(table: Table) -> exp.Table:
    return named_table(table.name)


def _where(table: Table, predicate: Predicate, dialect: Dialect) -> exp.Expr | None:
    return None if predicate == MATCH_ALL else lower(predicate, table, dialect)
