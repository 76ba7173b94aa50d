"""Parses limit and skip."""

from typing import Any

from mqsql.compiler.tree.select import LIMIT, SKIP
from mqsql.errors import QueryError, short_repr
from mqsql.values.codec import Stored
from mqsql.values.plain import read_plain


def parse_window(limit: object, skip: object) -> dict[str, Stored]:
    """The numbers of records by parameter; none for a limit or skip of 0, or a limit of None."""
    if type(skip) is int and skip == 0:
        if limit is None:
            return {}
        if type(limit) is int and 0 < limit < 2**63:
            return {LIMIT: limit}
    window = {LIMIT: _parse_count(LIMIT, 0 if limit is None else limit), SKIP: _parse_count(SKIP, skip)}
    return {name: number for name, number in window.items() if number}


def _parse_count(name: str, value: Any) -> int:
    """An integer from 0 to 64 bits."""
    count = value if type(value) is int else read_plain(value, name)
    if type(count) is not int or not 0 <= count < 2**63:
        raise QueryError(f'takes an integer from 0, not {short_repr(count)}', name)
    return count
