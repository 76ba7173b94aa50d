"""Reads keys with directions, as sorts and indexes have them, in all forms of pymongo."""

from typing import Any

from mqsql.errors import QueryError, short_repr
from mqsql.values.plain import read_plain


def read_directions(given: object, what: str) -> list[tuple[str, int]]:
    """Keys with their directions, given as in pymongo: a key, a pair (key, 1 | -1), a dict, or any iterable of these."""
    given = read_plain(given, what, iterable=True)
    if isinstance(given, str) or _is_pair(given):
        given = [given]
    if not isinstance(given, dict | list):
        raise QueryError(f'takes a key, a list of (key, 1 or -1) or a dict, not {short_repr(given)}', what)
    return _directions(given, what)


def _directions(given: dict[str, Any] | list[Any], what: str) -> list[tuple[str, int]]:
    if isinstance(given, dict):
        return [_direction(key, way, what) for key, way in given.items()]
    found: list[tuple[str, int]] = []
    for item in given:
        if isinstance(item, dict):
            found += _directions(item, what)
        elif isinstance(item, list) and len(item) == 2:
            found.append(_direction(item[0], item[1], what))
        elif isinstance(item, str):
            found.append((item, 1))
        else:
            raise QueryError(f'takes keys and pairs of (key, 1 or -1), not {short_repr(item)}', what)
    return found


def _is_pair(given: object) -> bool:
    """Whether it is one key with its direction, not a list of two keys."""
    if not isinstance(given, list) or len(given) != 2:
        return False
    return isinstance(given[0], str) and not isinstance(given[1], str | list | dict)


def _direction(key: object, way: object, what: str) -> tuple[str, int]:
    if not isinstance(key, str):
        raise QueryError(f'a key is text, not {short_repr(key)}', what)
    if isinstance(way, bool) or not isinstance(way, int | float) or way not in (1, -1):
        raise QueryError(f'the direction of {short_repr(key)} is 1 or -1, not {short_repr(way)}', what)
    return key, int(way)
