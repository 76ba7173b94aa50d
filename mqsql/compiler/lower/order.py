"""ORDER BY, and SELECT in the order that an index on paths keeps."""

from functools import partial

import orjson
from sqlglot import exp

from mqsql.compiler.lower.any_columns import among_others, as_json, is_other, is_text
from mqsql.compiler.lower.collation import arguments, as_text
from mqsql.compiler.lower.index_rows import MultikeyRows, ScalarRows, View
from mqsql.compiler.lower.number_columns import among_nans
from mqsql.compiler.lower.number_columns import in_order as numbers_in_order
from mqsql.compiler.lower.predicate import lower
from mqsql.compiler.lower.sql import (
    Value,
    and_,
    case,
    column,
    func,
    identifier,
    is_null,
    number,
    or_,
    select,
    text,
)
from mqsql.compiler.tree.predicate import MATCH_ALL, And, InView, Not, Predicate
from mqsql.compiler.tree.select import LAST_FIRST, IndexOrder, Select, Sort, SortKey, is_any, is_number
from mqsql.schema import ANY, STRING, Table
from mqsql.values.bson_order import NULL_RANK, STRING_RANK
from mqsql.values.codec import encode_text


def order(table: Table, sort: Sort) -> exp.Order:
    """NULL is smallest in SQLite as missing is in BSON; ties, and all where nothing is sorted, keep insertion order."""
    if sort == LAST_FIRST:
        return exp.Order(expressions=[ordered(exp.column('rowid'), True)])
    by = [ordered(term, key.descending) for i, key in enumerate(sort) for term in _terms(table, sort, i)]
    return exp.Order(expressions=[*by, ordered(exp.column('rowid'), False)])


def _terms(table: Table, sort: Sort, i: int) -> list[exp.Expr]:
    """What orders by one of the keys."""
    if _is_alone(table, sort, sort[i]):
        return _places_of_any(table, sort, i)
    if is_number(table, sort[i]):
        return numbers_in_order(column(sort[i].column, table.name))
    return [_sort_key(table, sort[: i + 1])]


def ordered(value: exp.Expr, descending: bool) -> exp.Expr:
    """One term of an ORDER BY."""
    return exp.Ordered(this=value, desc=descending or None, nulls_first=not descending)


def _sort_key(table: Table, keys: Sort) -> exp.Expr:
    """What the last of the keys sorts by: a typed column's own order is BSON's."""
    name, collation = keys[-1].column, keys[-1].collation
    if not table.columns[name].mixed:
        by = collation if table.columns[name] is STRING else None
        return as_text(Value(lambda: column(name, table.name), collation=by))
    key = func('mqsql_sort_key', _json(table, name), _spec(keys, name), *arguments(collation))
    return _with_one_array(table, key, keys)


def _json(table: Table, name: str) -> exp.Expr:
    """A column as JSON, for the functions of sort keys."""
    stored = partial(column, name, table.name)
    return as_json(stored) if table.columns[name] is ANY else stored()


def _is_alone(table: Table, sort: Sort, key: SortKey) -> bool:
    """Whether the key is an Any column, and the only one of the sort whose values may have arrays."""
    if not is_any(table, key) or key.collation:
        return False
    return [other for other in sort if table.columns[other.column].mixed] == [key]


def _places_of_any(table: Table, sort: Sort, i: int) -> list[exp.Expr]:
    """Rank and value of an Any column, as in `sort_place`; only values that are not text need functions."""
    name, spec = sort[i].column, _spec(sort[: i + 1], sort[i].column)
    stored = partial(column, name, table.name)
    json = exp.Cast(this=stored(), to=exp.DataType.build('TEXT'))
    rank, value = (func(function, json.copy(), spec.copy()) for function in _PLACE)
    known = (is_text(stored()), number(STRING_RANK)), (is_null(stored()), number(NULL_RANK))
    return [case(*known, default=rank), case((is_other(stored()), value), default=stored())]


def _with_one_array(table: Table, key: exp.Expr, keys: Sort) -> exp.Expr:
    """The key, of a record where not more than one of the Documents that are sorted by leads to an array."""
    names = list(dict.fromkeys(key.column for key in keys if table.columns[key.column].mixed))
    if len(names) < 2 or keys[-1].column in [key.column for key in keys[:-1]]:
        return key
    return func('mqsql_one_array', key, *(part for name in names for part in (_json(table, name), _spec(keys, name))))


def _spec(keys: Sort, name: str) -> exp.Expr:
    """Paths through one array take their keys from the same element, so the earlier ones on a column count."""
    spec = [[list(map(encode_text, k.steps)), -1 if k.descending else 1] for k in keys if k.column == name]
    return text(orjson.dumps(spec).decode())


_PLACE = ('mqsql_sort_rank', 'mqsql_sort_value')

# --- the first records by a column whose index has most of the values in order


def has_most_in_order(table: Table, sort: Sort) -> bool:
    """Whether an index has most records in order: those with a text in an Any column, and with no NaN in a Number column."""
    if any(key.steps for key in sort):
        return False
    indexed = {column for index in table.indexes if index.first_path is None for column in index.columns}
    return any(_is_alone(table, sort, key) or (is_number(table, key) and key.column in indexed) for key in sort)


def _stored_in_order(table: Table, key: SortKey) -> exp.Expr:
    stored = column(key.column, table.name)
    odd = 'text' if is_number(table, key) else 'blob'
    return exp.NEQ(this=func('typeof', stored), expression=text(odd))


def _stored_otherwise(table: Table, key: SortKey) -> exp.Expr:
    stored = column(key.column, table.name)
    return among_nans(stored) if is_number(table, key) else among_others(stored)


def select_first(table: Table, outputs: list[exp.Expr], predicate: Predicate, sort: Sort, most: exp.Expr) -> exp.Select:
    """SELECT of the first records: they are among the first ones of those in order, and all others."""
    odd = [key for key in sort if is_any(table, key) or is_number(table, key)]
    rowid, rows = exp.column('rowid'), exp.Table(this=identifier(table.name))
    wanted = [] if predicate == MATCH_ALL else [lower(predicate, table)]
    most_of_them = select([rowid], [rows], and_([*(_stored_in_order(table, key) for key in odd), *wanted]))
    by = [
        ordered(column(key.column, table.name) if key in odd else _sort_key(table, sort[: i + 1]), key.descending)
        for i, key in enumerate(sort)
    ]
    most_of_them.set('order', exp.Order(expressions=[*by, ordered(rowid.copy(), False)]))
    most_of_them.set('limit', exp.Limit(expression=most))
    first = select([exp.Star()], [exp.Subquery(this=most_of_them)])
    otherwise = or_([_stored_otherwise(table, key) for key in odd])
    others = select([rowid.copy()], [rows.copy()], and_([otherwise, *(term.copy() for term in wanted)]))
    union = exp.Union(this=first, expression=others, distinct=False)
    statement = select(outputs, [rows.copy()], exp.In(this=rowid.copy(), query=exp.Subquery(this=union)))
    statement.set('order', order(table, sort))
    return statement


# --- in an index's order


def select_in_order(select: Select, order: IndexOrder, outputs: list[exp.Expr], most: exp.Expr | None) -> exp.Query:
    """SELECT of the records that an index on paths has in order, with the others sorted and merged in.

    The sort keys come after the outputs, in both parts alike: rank and value of a path, a column, the position.
    `most` says how many are needed, if not all are.
    """
    table, sort = select.table, select.sort
    plain, others = (
        ScalarRows(order.scalar.index, table),
        MultikeyRows(order.multikey.index, table, order.multikey.entry),
    )
    keys = [part for key in sort for part in plain.order(key.column, key.steps)]
    first = _joined(table, plain, order.of_scalar, [*outputs, *keys])
    copies = [output.copy() for output in outputs]
    if others.via:
        second = _joined(
            table, others, order.of_multikey, [*copies, *(others.key(key.column, others.alias) for key in sort)]
        )
    else:
        second = _sorted(table, others, order.of_multikey, copies, sort, most)
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
    part.set('limit', exp.Limit(expression=most.copy()))
    return select([exp.Star()], [exp.Subquery(this=part)])


def _joined(table: Table, view: View, predicate: Predicate, outputs: list[exp.Expr]) -> exp.Select:
    """SELECT of the records that a table of an index has in order."""
    record = exp.column('record', view.alias)
    joined = [exp.EQ(this=record, expression=exp.column('rowid')), *_wanted(table, predicate, view)]
    tables = [view.source(), exp.Table(this=identifier(table.name))]
    statement = select([*outputs, record.copy()], tables, and_(joined))
    if all(isinstance(part, Not | InView) for part in _parts(predicate)):
        # So it is nested unchanged; where there are other conditions, SQLite may know a better way to begin.
        statement.args['joins'][0].set('kind', 'CROSS')
    return statement


def _sorted(
    table: Table,
    others: MultikeyRows,
    predicate: Predicate,
    outputs: list[exp.Expr],
    sort: Sort,
    most: exp.Expr | None,
) -> exp.Select:
    """SELECT of the records that the index has not in order."""
    rowid, rows = exp.column('rowid'), exp.Table(this=identifier(table.name))
    keys = [part for i in range(len(sort)) for part in _sort_places(table, sort[: i + 1])]
    # What such a record offers is told by its rows, so a test that they answer finds no other.
    told = any(isinstance(part, InView) for part in _parts(predicate))
    known = and_([*([] if told else [others.known()]), *_wanted(table, predicate, others)])
    if most is not None:
        # One function tells which come first, so that their places need be told of these alone.
        first = select([rowid], [rows], known)
        first.set('order', order(table, sort))
        first.set('limit', exp.Limit(expression=most.copy()))
        known = exp.In(this=rowid.copy(), query=exp.Subquery(this=first))
    return select([*outputs, *keys, rowid.copy()], [rows.copy()], known)


def _parts(predicate: Predicate) -> tuple[Predicate, ...]:
    return predicate.children if isinstance(predicate, And) else (predicate,)


def _wanted(table: Table, predicate: Predicate, view: View) -> list[exp.Expr]:
    return [] if predicate == MATCH_ALL else [lower(predicate, table, view)]


def _sort_places(table: Table, keys: Sort) -> list[exp.Expr]:
    """What the last of the keys sorts by, as an index has it."""
    name, steps = keys[-1].column, keys[-1].steps
    if not steps:
        return [column(name, table.name)]
    rank, value = (func(function, _json(table, name), _spec(keys, name)) for function in _PLACE)
    return [_with_one_array(table, rank, keys), value]
