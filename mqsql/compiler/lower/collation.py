"""Strings, and what holds them, in SQL as a collation compares them."""

from __future__ import annotations

from sqlglot import exp

from mqsql.compiler.lower.sql import number
from mqsql.compiler.lower.values import Value
from mqsql.values.collation import Collation


def as_text(value: Value) -> exp.Expr:
    """A string as it is, or its key in the collation; NULL for what is none."""
    if value.collation is None:
        return value.text()
    return value.words.call('mqsql_collate', value.text(), *arguments(value.collation))


def as_key(value: Value) -> exp.Expr:
    """A text with the order that BSON gives to objects, arrays and binary."""
    return value.words.call('mqsql_key', value.text(), *arguments(value.collation))


def arguments(collation: Collation | None) -> list[exp.Expr]:
    """What tells a function about the collation; nothing for none."""
    return [number(int(part)) for part in collation or ()]
