"""QUERY on the command line: JSON, or the relaxed form that one types (JSON5), with the values of Extended JSON."""

import re
from typing import Any

from mqsql.cli.showing import WrongUsage
from mqsql.errors import QueryError, cut, printable

_AROUND = 30  # characters of the query before and after a mistake that a message shows
_COLUMN = re.compile(r'<string>:(\d+) Unexpected (.+) at column (\d+)', re.DOTALL)


class QuerySyntaxError(WrongUsage):
    """What is wrong with the text of a query."""


def read_query(text: str) -> dict[str, Any]:
    """The query of a text; QuerySyntaxError shows where it is wrong, QueryError names a malformed value in it."""
    from mqsql.values.extended_json import revive

    query = _parse(text)
    if not isinstance(query, dict):
        raise QuerySyntaxError(f"QUERY is an object such as {{label: 'a'}}, not {cut(printable(text))}")
    try:
        return dict(revive(query))
    except QueryError as e:
        raise QuerySyntaxError(f'QUERY: {e}') from e


def _parse(text: str) -> Any:
    import json

    try:
        # Of all that follow the stricter rules this one gives the same, and a thousand times faster.
        return json.loads(text, object_pairs_hook=_once)
    except QuerySyntaxError:
        raise
    except RecursionError:
        raise QuerySyntaxError('QUERY is nested too deeply') from None
    except ValueError:
        return _parse_relaxed(text)


def _parse_relaxed(text: str) -> Any:
    import json5

    try:
        return json5.loads(text, object_pairs_hook=_once)
    except QuerySyntaxError:
        raise
    except RecursionError:
        raise QuerySyntaxError('QUERY is nested too deeply') from None
    except ValueError as e:
        raise QuerySyntaxError(_explained(text, str(e))) from None


def _once(pairs: Any) -> dict[str, Any]:
    given: dict[str, Any] = {}
    for key, value in pairs:
        if key in given:
            raise QuerySyntaxError(f'QUERY has the key {cut(repr(key))} twice in one object; combine them by $and')
        given[key] = value
    return given


def _explained(text: str, message: str) -> str:
    found = _COLUMN.match(message)
    if not text.strip():
        return 'QUERY is empty; {} finds every record'
    if not found:
        return f'QUERY: {cut(printable(message))}'
    line, what, column = int(found[1]), found[2], int(found[3])
    lines = text.splitlines() or ['']
    here = sum(len(one) + 1 for one in lines[: line - 1]) + column - 1
    if what == 'end of input':
        return f'QUERY ends too early, after {printable(text[-_AROUND:])}{_hint(text, len(text))}'
    before, after = text[max(0, here - _AROUND) : here], text[here : here + _AROUND]
    return (
        f'QUERY: unexpected {printable(what)} at character {here + 1}, here: '
        f'{printable(before)} → {printable(after)}{_hint(text, here)}'
    )


_HINTS = [
    (r'[\w$]+\.[\w.]*$', "put a key with dots in quotes: 'result_content.ename'"),
    (r'\b(?:ISODate|Date|ObjectId|NumberLong|UUID)\b[^{}]*$', "write a time as {$date: '2026-11-22T20:15:00Z'}"),
    (r'\bnew\b[^{}]*$', "write a time as {$date: '2026-11-22T20:15:00Z'}"),
    (r'\b(?:None|True|False)\b[^{}]*$', 'write null, true, false'),
    (r':\s*/[^,}]*$', "write a pattern as {$regex: '^a', $options: 'i'}"),
    (r'\$?[\w]*-[\w-]*$', 'put a key with a hyphen in quotes'),
]
"""What the text up to the word of a mistake looks like, and what to write."""


def _hint(text: str, here: int) -> str:
    word = re.match(r'[\w.$-]*\(?', text[here:])
    seen = text[: here + (word.end() if word else 0)]
    return next((f'; {advice}' for pattern, advice in _HINTS if re.search(pattern, seen)), '')
