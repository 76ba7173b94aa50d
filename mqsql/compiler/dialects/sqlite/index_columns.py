"""The names of the tables and columns of an index on paths."""

from __future__ import annotations

from sqlglot import exp

from mqsql.compiler.lower.sql import named_table, own_column, select

MISSING = 'missing'
"""The type of a row for a value offered as missing, or as null."""


def multikey_table(name: str) -> str:
    """The second table of an index."""
    return f'{name}~multikey'


def columns_of(i: int) -> tuple[str, str, str]:
    """The names of type rank, value and presence of an index's key."""
    suffix = '' if i == 0 else str(i + 1)
    return f'type_rank{suffix}', f'value{suffix}', f'present{suffix}'


def key_of(i: int) -> str:
    """The name of an index's key in the second table, if it is a column."""
    return f'key{i + 1}'


def records_of(name: str) -> exp.Subquery:
    """The positions of the records that a table of an index has."""
    return exp.Subquery(this=select([own_column('record')], [named_table(name)]))
