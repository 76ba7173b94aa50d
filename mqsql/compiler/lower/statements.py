"""Lowers whole statements: SELECT, count and DELETE around a condition."""

from sqlglot import exp

from mqsql.compiler.lower.distinct import select_distinct
from mqsql.compiler.lower.order import has_most_in_order, order, ordered, select_first, select_in_order
from mqsql.compiler.lower.parts import lower_part
from mqsql.compiler.lower.predicate import lower, lower_positions
from mqsql.compiler.lower.sql import alias, column, func, identifier, is_not_null, number, param, select
from mqsql.compiler.tree.predicate import MATCH_ALL, Predicate
from mqsql.compiler.tree.select import LIMIT, SKIP, CountRecords, Delete, Part, Select, SelectDistinct, Statement
from mqsql.schema.tasks import Table
from mqsql.schema.types import BUFFERS


def lower_statement(statement: Statement) -> exp.Expr:
    """The SQL tree of a statement whose indexes are chosen."""
    match statement:
        case Select():
            return _lower_select(statement)
        case SelectDistinct():
            return select_distinct(statement)
        case CountRecords():
            return _lower_count(statement)
        case Delete():
            return _lower_delete(statement)


def _lower_select(wanted: Select) -> exp.Query:
    table, predicate, sort = wanted.table, wanted.predicate, wanted.sort
    outputs = [_output(table, part, wanted.inline) for part in wanted.parts]
    outputs += lower_positions(wanted.computed, table)
    most = _most(wanted.limited, wanted.skipped)
    statement: exp.Query
    if wanted.index_order:
        statement = select_in_order(wanted, wanted.index_order, outputs, most)
    elif most is not None and has_most_in_order(table, sort):
        statement = select_first(table, outputs, predicate, sort, most)
    else:
        statement = select(outputs, [_table(table)], _where(table, predicate))
        statement.set('order', order(table, sort))
    _set_window(statement, wanted.limited, wanted.skipped)
    return statement


def _most(limited: bool, skipped: bool) -> exp.Expr | None:
    """How many records there may be, up to the end of the window."""
    if not limited:
        return None
    # A sum that 64 bits do not hold would be a float, which is no limit.
    end = exp.Cast(this=exp.Add(this=param(LIMIT), expression=param(SKIP)), to=exp.DataType.build('INT'))
    return end if skipped else param(LIMIT)


def _set_window(statement: exp.Query, limited: bool, skipped: bool) -> None:
    if limited or skipped:
        statement.set('limit', exp.Limit(expression=param(LIMIT) if limited else number(-1)))
    if skipped:
        statement.set('offset', exp.Offset(expression=param(SKIP)))


def _lower_count(wanted: CountRecords) -> exp.Query:
    table, where = wanted.table, _where(wanted.table, wanted.predicate)
    counted: exp.Expr = exp.Count(this=exp.Star())
    if not (wanted.limited or wanted.skipped):
        return select([counted], [_table(table)], where)
    matching = select([number(1)], [_table(table)], where)
    _set_window(matching, wanted.limited, wanted.skipped)
    return select([counted], [exp.Subquery(this=matching)])


def _lower_delete(wanted: Delete) -> exp.Delete:
    table, where = wanted.table, _where(wanted.table, wanted.predicate)
    if where and wanted.within:
        found = select([exp.column('rowid')], [_table(table)], where)
        where = exp.In(this=exp.column('rowid'), query=exp.Subquery(this=found))
    return exp.Delete(this=_table(table), where=exp.Where(this=where) if where else None)


def _table(table: Table) -> exp.Table:
    return exp.Table(this=identifier(table.name))


def _where(table: Table, predicate: Predicate) -> exp.Expr | None:
    return None if predicate == MATCH_ALL else lower(predicate, table)


def _output(table: Table, part: Part, inline: bool) -> exp.Expr:
    if table.columns[part.column] is BUFFERS and inline:
        return _inline_buffers(table, part.column)
    return lower_part(part, table)


def _inline_buffers(table: Table, name: str) -> exp.Expr:
    """The blobs that the column's ids name, in order, as one JSON array; NULL where the column is."""
    each = exp.Table(
        this=func('json_each', exp.Column(this=identifier(name), table=identifier(table.name))),
        alias=exp.TableAlias(this=exp.to_identifier('e')),
    )
    blobs = exp.Table(this=identifier(table.buffers_table), alias=exp.TableAlias(this=exp.to_identifier('b')))
    same = exp.EQ(this=exp.column('id', 'b'), expression=exp.column('value', 'e'))
    data = alias(func('hex', exp.column('data', 'b')), 'data')
    listed = select([data], [each, blobs], same)
    listed.set('order', exp.Order(expressions=[ordered(exp.column('key', 'e'), False)]))
    gathered = select([func('json_group_array', exp.column('data'))], [exp.Subquery(this=listed)])
    there = is_not_null(column(name, table.name))
    return exp.Case(ifs=[exp.If(this=there, true=exp.Subquery(this=gathered))])
