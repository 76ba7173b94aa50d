"""ORDER BY, and SELECT in the order that an index on paths keeps. Imports `lower`, `index_use` and what they import."""

import orjson
from sqlglot import exp

from mqsql.compiler.collation.lowering import arguments, as_text
from mqsql.compiler.index_use import OtherRecords, PlainRows
from mqsql.compiler.keys import Sort
from mqsql.compiler.lower import lower
from mqsql.compiler.predicate import ALWAYS, And, Not, Predicate, Test
from mqsql.compiler.sql import Value, all_, call, column, identifier, number, select, text
from mqsql.schema import DOCUMENT, TEXT, Index, Table
from mqsql.schema.codec import encode_text


def order(table: Table, sort: Sort) -> exp.Order:
    """NULL is smallest in SQLite as missing is in BSON; ties, and all where nothing is sorted, keep insertion order."""
    by = [ordered(_sort_key(table, sort[: i + 1]), key.descending) for i, key in enumerate(sort)]
    return exp.Order(expressions=[*by, ordered(exp.column('rowid'), False)])


def ordered(value: exp.Expr, descending: bool) -> exp.Expr:
    """One term of an ORDER BY."""
    return exp.Ordered(this=value, desc=descending or None, nulls_first=not descending)


def _sort_key(table: Table, keys: Sort) -> exp.Expr:
    """What the last of the keys sorts by: a typed column's own order is BSON's."""
    name, collation = keys[-1].column, keys[-1].collation
    if table.columns[name] is not DOCUMENT:
        by = collation if table.columns[name] is TEXT else None
        return as_text(Value(lambda: column(name, table.name), collation=by))
    return call('mqsql_sort_key', column(name, table.name), _spec(keys), *arguments(collation))


def _spec(keys: Sort) -> exp.Expr:
    """Paths through one array take their keys from the same element, so the earlier ones on a column count."""
    name = keys[-1].column
    spec = [[list(map(encode_text, k.steps)), -1 if k.descending else 1] for k in keys if k.column == name]
    return text(orjson.dumps(spec).decode())


# --- in an index's order


def select_in_order(table: Table, index: Index, outputs: list[exp.Expr], predicate: Predicate, sort: Sort) -> exp.Query:
    """SELECT of the records that an index on paths has in order, with the others sorted and merged in.

    What is sorted by stands behind the outputs, in both parts alike: rank and value of a path, a column, the position.
    """
    plain, others = PlainRows(index, table), OtherRecords(index, table)
    first = [part for key in sort for part in plain.order(key.column, key.steps)]
    second = [part for i in range(len(sort)) for part in _sort_places(table, sort[: i + 1])]
    rowid, rows = exp.column('rowid'), exp.Table(this=identifier(table.name))
    joined = [exp.EQ(this=plain.column('record'), expression=rowid), *_wanted(table, predicate, plain)]
    in_order = select([*outputs, *first, plain.column('record')], [plain.source(), rows], all_(joined))
    if _all_on(plain, predicate):
        # So it is nested as it stands; where there are other conditions, SQLite may know a better way to begin.
        in_order.args['joins'][0].set('kind', 'CROSS')
    known = all_([others.known(), *_wanted(table, predicate, others)])
    sorted_in = select([*(o.copy() for o in outputs), *second, rowid.copy()], [rows.copy()], known)
    union = exp.Union(this=in_order, expression=sorted_in, distinct=False)
    directions = [key.descending for key in sort for _ in plain.order(key.column, key.steps)]
    start = len(outputs) + 1
    terms = [ordered(number(start + i), descending) for i, descending in enumerate([*directions, False])]
    union.set('order', exp.Order(expressions=terms))
    return union


def _all_on(plain: PlainRows, predicate: Predicate) -> bool:
    """Whether all that is asked is on keys of the index, or is that something does not hold, as it mostly does not."""
    children = predicate.children if isinstance(predicate, And) else (predicate,)
    return all(isinstance(child, Not) or (isinstance(child, Test) and plain.condition(child)) for child in children)


def _wanted(table: Table, predicate: Predicate, view: PlainRows | OtherRecords) -> list[exp.Expr]:
    return [] if predicate == ALWAYS else [lower(predicate, table, view)]


def _sort_places(table: Table, keys: Sort) -> list[exp.Expr]:
    """What the last of the keys sorts by, as an index has it."""
    name, steps = keys[-1].column, keys[-1].steps
    if not steps:
        return [column(name, table.name)]
    functions = ('mqsql_sort_rank', 'mqsql_sort_value')
    return [call(function, column(name, table.name), _spec(keys)) for function in functions]
