"""ORDER BY, and the sort keys of paths."""

from __future__ import annotations

from functools import partial

import orjson
from sqlglot import exp

from mqsql.compiler.dialect import Dialect
from mqsql.compiler.lower.collation import arguments, as_text
from mqsql.compiler.lower.sql import column, ordered, text
from mqsql.compiler.lower.values import ColumnValue
from mqsql.compiler.tree.select import LAST_FIRST, Sort, SortKey, is_any, is_number
from mqsql.schema import ANY, NUMBER, STRING, Table
from mqsql.values.codec import encode_text


def order(table: Table, sort: Sort, dialect: Dialect) -> exp.Order:
    """NULL is smallest, as missing is in BSON; ties, and all where nothing is sorted, keep insertion order."""
    position = dialect.words.row_order()
    if sort == LAST_FIRST:
        return exp.Order(expressions=[ordered(position, True)])
    by = [
        ordered(term, key.descending)
        for i, key in enumerate(sort)
        for term in _terms(table, sort[: i + 1], sort, dialect)
    ]
    return exp.Order(expressions=[*by, ordered(position, False)])


def _terms(table: Table, keys: Sort, sort: Sort, dialect: Dialect) -> list[exp.Expr]:
    """What the last of the keys sorts by."""
    name = keys[-1].column
    if dialect.any_columns and is_alone(table, sort, keys[-1]):
        return dialect.any_columns.sort_terms(partial(column, name, table.name), sort_spec(keys, name))
    if table.columns[name] is NUMBER:
        return dialect.words.number_sort_terms(column(name, table.name), keys[-1].no_nan)
    return [sort_key(table, keys, dialect)]


def sort_key(table: Table, keys: Sort, dialect: Dialect) -> exp.Expr:
    """One term for the last of the keys: a typed column's own order is BSON's."""
    name, collation = keys[-1].column, keys[-1].collation
    if not table.columns[name].mixed:
        by = collation if table.columns[name] is STRING else None
        return as_text(ColumnValue(dialect.words, table.columns[name], partial(column, name, table.name), by))
    json, spec = argument_json(table, name, dialect), sort_spec(keys, name)
    key = dialect.words.call('mqsql_sort_key', json, spec, *arguments(collation))
    return with_one_array(table, key, keys, dialect)


def argument_json(table: Table, name: str, dialect: Dialect) -> exp.Expr:
    """A column as JSON, for the functions of sort keys."""
    stored, apart = partial(column, name, table.name), dialect.any_columns
    return apart.as_json(stored) if apart and table.columns[name] is ANY else stored()


def with_one_array(table: Table, key: exp.Expr, keys: Sort, dialect: Dialect) -> exp.Expr:
    """The key, of a record where not more than one of the Documents that are sorted by leads to an array."""
    names = list(dict.fromkeys(key.column for key in keys if table.columns[key.column].mixed))
    if len(names) < 2 or keys[-1].column in [key.column for key in keys[:-1]]:
        return key
    parts = (part for name in names for part in (argument_json(table, name, dialect), sort_spec(keys, name)))
    return dialect.words.call('mqsql_one_array', key, *parts)


def sort_spec(keys: Sort, name: str) -> exp.Expr:
    """Paths through one array take their keys from the same element, so the earlier ones on a column count."""
    spec = [[list(map(encode_text, k.steps)), -1 if k.descending else 1] for k in keys if k.column == name]
    return text(orjson.dumps(spec).decode())


# --- Any columns that keep strings apart


def is_alone(table: Table, sort: Sort, key: SortKey) -> bool:
    """Whether the key is an Any column, and the only one of the sort whose values may have arrays."""
    if not is_any(table, key) or key.collation:
        return False
    return [other for other in sort if table.columns[other.column].mixed] == [key]


def has_most_in_order(table: Table, sort: Sort) -> bool:
    """Whether an index has most records in order: those with a string in an Any column, and with no NaN in a Number column."""
    if any(key.steps for key in sort):
        return False
    indexed = {column for index in table.column_indexes for column in index.columns}
    return any(is_alone(table, sort, key) or (is_number(table, key) and key.column in indexed) for key in sort)
