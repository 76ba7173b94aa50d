"""SELECT in the order that an index on paths keeps."""

from __future__ import annotations

from sqlglot import exp

from mqsql.compiler.dialect import Dialect
from mqsql.compiler.dialects.sqlite.index_rows import IndexView, MultikeyRows, ScalarRows
from mqsql.compiler.lower.order import argument_json, order, sort_spec, with_one_array
from mqsql.compiler.lower.predicate import lower
from mqsql.compiler.lower.sql import and_, column, limited, named_table, number, ordered, own_column, select
from mqsql.compiler.tree.predicate import MATCH_ALL, And, InView, Not, Predicate
from mqsql.compiler.tree.select import Select, Sort
from mqsql.schema import Table


def select_in_order(wanted: Select, outputs: list[exp.Expr], most: exp.Expr | None, dialect: Dialect) -> exp.Query:
    """SELECT of the records that an index on paths has in order, with the others sorted and merged in.

    The sort keys come after the outputs, in both parts alike: rank and value of a path, a column, the position.
    `most` says how many are needed, if not all are.
    """
    assert wanted.index_order is not None
    table, sort, by_index = wanted.table, wanted.sort, wanted.index_order
    plain, others = (
        ScalarRows(by_index.scalar.index, table),
        MultikeyRows(by_index.multikey.index, table, by_index.multikey.entry),
    )
    keys = [part for key in sort for part in plain.order(key.column, key.steps)]
    first = _joined(table, plain, by_index.of_scalar, [*outputs, *keys], dialect)
    copies = [output.copy() for output in outputs]
    if others.via:
        their_keys = [others.key(key.column, others.alias) for key in sort]
        second = _joined(table, others, by_index.of_multikey, [*copies, *their_keys], dialect)
    else:
        second = _sorted(wanted, others, copies, most, dialect)
    directions = [key.descending for key in sort for _ in plain.order(key.column, key.steps)]
    start = len(outputs) + 1
    terms = [ordered(number(start + i), descending) for i, descending in enumerate([*directions, False])]
    first, second = (_first(part, terms, most) for part in (first, second))
    union = exp.Union(this=first, expression=second, distinct=False)
    union.set('order', exp.Order(expressions=terms))
    return union


def _first(part: exp.Select, terms: list[exp.Expr], most: exp.Expr | None) -> exp.Select:
    """The first of the records: SQLite would sort all of a part, and hold them, before it merges."""
    if most is None:
        return part
    part.set('order', exp.Order(expressions=[term.copy() for term in terms]))
    return select([exp.Star()], [exp.Subquery(this=limited(part, most.copy()))])


def _joined(
    table: Table, view: IndexView, predicate: Predicate, outputs: list[exp.Expr], dialect: Dialect
) -> exp.Select:
    """SELECT of the records that a table of an index has in order."""
    record = own_column('record', view.alias)
    joined = [exp.EQ(this=record, expression=own_column('rowid')), *_wanted(table, predicate, view, dialect)]
    tables = [view.source(), named_table(table.name)]
    statement = select([*outputs, record.copy()], tables, and_(joined))
    if all(isinstance(part, Not | InView) for part in _parts(predicate)):
        # So it is nested unchanged; where there are other conditions, SQLite may know a better way to begin.
        statement.args['joins'][0].set('kind', 'CROSS')
    return statement


def _sorted(
    wanted: Select, others: MultikeyRows, outputs: list[exp.Expr], most: exp.Expr | None, dialect: Dialect
) -> exp.Select:
    """SELECT of the records that the index has not in order."""
    assert wanted.index_order is not None
    table, sort, predicate = wanted.table, wanted.sort, wanted.index_order.of_multikey
    rowid, rows = own_column('rowid'), named_table(table.name)
    keys = [part for i in range(len(sort)) for part in _sort_ranks(table, sort[: i + 1], dialect)]
    # What such a record offers is told by its rows, so a test that they answer finds no other.
    told = any(isinstance(part, InView) for part in _parts(predicate))
    known = and_([*([] if told else [others.known()]), *_wanted(table, predicate, others, dialect)])
    if most is not None:
        # One function tells which come first, so that their ranks need be told of these alone.
        first = select([rowid], [rows], known)
        first.set('order', order(table, sort, dialect))
        known = exp.In(this=rowid.copy(), query=exp.Subquery(this=limited(first, most.copy())))
    return select([*outputs, *keys, rowid.copy()], [rows.copy()], known)


def _parts(predicate: Predicate) -> tuple[Predicate, ...]:
    return predicate.children if isinstance(predicate, And) else (predicate,)


def _wanted(table: Table, predicate: Predicate, view: IndexView, dialect: Dialect) -> list[exp.Expr]:
    return [] if predicate == MATCH_ALL else [lower(predicate, table, dialect, view.view)]


def _sort_ranks(table: Table, keys: Sort, dialect: Dialect) -> list[exp.Expr]:
    """What the last of the keys sorts by, as an index has it."""
    name, steps = keys[-1].column, keys[-1].steps
    if not steps:
        return [column(name, table.name)]
    functions = ('mqsql_sort_rank', 'mqsql_sort_value')
    json, spec = argument_json(table, name, dialect), sort_spec(keys, name)
    rank, value = (dialect.words.call(function, json.copy(), spec.copy()) for function in functions)
    return [with_one_array(table, rank, keys, dialect), value]
