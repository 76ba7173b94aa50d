"""Texts, and what holds them, in SQL as a collation compares them."""

from sqlglot import exp

from mqsql.compiler.lower.sql import Value, func, number
from mqsql.values.collation import Collation


def as_text(value: Value) -> exp.Expr:
    """A text as it is, or its key in the collation; NULL for what is none."""
    return value.sql if value.collation is None else func('mqsql_collate', value.sql, *arguments(value.collation))


def as_key(value: Value) -> exp.Expr:
    """A text with the order that BSON gives to objects, arrays and binary."""
    return func('mqsql_key', value.sql, *arguments(value.collation))


def arguments(collation: Collation | None) -> list[exp.Expr]:
    """What tells a function of the connection about the collation; nothing for none."""
    return [number(int(part)) for part in collation or ()]
