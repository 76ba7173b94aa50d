"""Whether two answers are the same as MongoDB defines it, and if not, how they differ."""

import math
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from mqsql.errors import short_repr
from mqsql.schema import TASKS, Table

EVERYTHING = slice(None)


@dataclass(frozen=True)
class Difference:
    """How an answer differs from the one that is expected.

    `kind` is 'missing' or 'extra' (records), 'order' (of records), 'count', 'key order' (in a document), 'type' or 'value',
    or 'error'; `path` is the place in the answer, such as `[2].header.date`.
    """

    kind: str
    path: str
    text: str

    def __str__(self) -> str:
        return f'{self.path}: {self.text}' if self.path else self.text


def check_answer(
    expected: Sequence[Any],
    got: object,
    table: Table = TASKS,
    *,
    groups: Sequence[Sequence[Any]] | None = None,
    window: slice = EVERYTHING,
) -> Difference | None:
    """How the records or values that were given differ from those that are expected; None if they are the same.

    >>> from mqsql.testing import check_answer
    >>> print(check_answer([{'msg_id': 'a', 'queue': 'mux'}], [{'msg_id': 'a', 'queue': None}]))
    ['a'].queue: expected 'mux' (str), got nothing
    >>> print(check_answer([{'msg_id': 'a'}, {'msg_id': 'b'}], [{'msg_id': 'b'}, {'msg_id': 'a'}]))
    expected the records in the order 'a', 'b', got 'b', 'a'
    >>> check_answer([{'msg_id': 'a'}, {'msg_id': 'b'}], [{'msg_id': 'b'}, {'msg_id': 'a'}], groups=[['a', 'b']])

    Numbers are the same if they are equal, as BSON compares them: 1 and 1.0, but not 1 and True. Times are the same if they
    are the same instant, texts if all characters are. The keys of a document come in the same order; those of a record in
    any. A column that is None is missing. `groups` are what stands for each of the expected records, in groups whose
    inner order is open; without, the order is that of `expected`. `window` is the part of the expected records that a limit
    and a skip leave; from a group in part there, any of its records may come.
    """
    if not isinstance(got, Iterable) or isinstance(got, str | bytes | Mapping):
        return Difference('type', '', f'expected a list of {len(expected[window])}, got {short_repr(got)}')
    rows, of_group = list(got), _numbers(expected, groups)
    if not all(isinstance(row, Mapping) and isinstance(row.get(table.key), str) for row in (*expected, *rows)):
        return _compare_rows(expected, rows, of_group, window)
    wanted = {row[table.key]: row for row in expected}
    ranks = dict(zip(wanted, of_group, strict=True))
    return _compare_keys(ranks, [row[table.key] for row in rows], window) or _first(
        difference(wanted[row[table.key]], row, f'[{row[table.key]!r}]', whole=True) for row in rows
    )


def _numbers(expected: Sequence[Any], groups: Sequence[Sequence[Any]] | None) -> list[int]:
    """The number of the group of each of the expected records."""
    if groups is None:
        return list(range(len(expected)))
    return [number for number, group in enumerate(groups) for _ in group]


def difference(expected: object, got: object, path: str = '', *, whole: bool = False) -> Difference | None:
    """How a value differs from the one that is expected, see `check_answer`; `whole` if it is a record."""
    match expected:
        case Mapping() if isinstance(got, Mapping):
            return _compare_documents(expected, got, path, whole)
        case list() | tuple() if _is_list(got):
            return _compare_lists(expected, list(got), path)  # type: ignore[call-overload]
    if same_scalar(expected, got):
        return None
    kind = 'value' if _kind(expected) == _kind(got) else 'type'
    return Difference(kind, path, f'expected {_shown(expected)}, got {_shown(got)}')


def same_scalar(one: object, other: object) -> bool:
    """Whether two values that are neither documents nor lists are the same to MongoDB."""
    kind = _kind(one)
    if kind != _kind(other):
        return False
    match one:
        case float() if math.isnan(one):
            return isinstance(other, float) and math.isnan(other)
        case datetime() if isinstance(other, datetime):
            return _instant(one) == _instant(other)
        case bytes() | bytearray() | memoryview():
            return bytes(one) == bytes(other)  # type: ignore[call-overload,no-any-return]
    return bool(one == other)


def _kind(value: object) -> str:
    """What of BSON's types a value is, with all numbers as one."""
    match value:
        case None:
            return 'null'
        case bool():
            return 'boolean'
        case int() | float():
            return 'number'
        case bytes() | bytearray() | memoryview():
            return 'bytes'
        case Mapping():
            return 'document'
    return 'list' if _is_list(value) else type(value).__name__


def _is_list(value: object) -> bool:
    return isinstance(value, Sequence) and not isinstance(value, str | bytes | bytearray | memoryview)


def _instant(moment: datetime) -> datetime:
    """A time without a zone is local."""
    return moment.astimezone(UTC)


def _shown(value: object) -> str:
    return 'nothing' if value is None else short_repr(value)


def _compare_documents(
    expected: Mapping[Any, Any], got: Mapping[Any, Any], path: str, whole: bool
) -> Difference | None:
    names = list(dict.fromkeys((*expected, *got)))
    for name in names:
        inner = f'{path}.{name}' if path else str(name)
        if not whole and (name in expected) != (name in got):
            what = f'expected {_shown(expected[name])}, got no such key' if name in expected else 'expected no such key'
            return Difference('value', inner, what)
        if found := difference(expected.get(name), got.get(name), inner):
            return found
    if not whole and list(expected) != list(got):
        orders = (', '.join(map(repr, keys)) for keys in (expected, got))
        return Difference('key order', path, 'expected the keys {}, got {}'.format(*orders))
    return None


def _compare_lists(expected: Sequence[Any], got: list[Any], path: str) -> Difference | None:
    if len(expected) != len(got):
        return Difference('value', path, f'expected {_shown(list(expected))}, got {_shown(got)}')
    pairs = enumerate(zip(expected, got, strict=True))
    return _first(difference(one, other, f'{path}[{i}]') for i, (one, other) in pairs)


def _compare_rows(expected: Sequence[Any], got: list[Any], of_group: list[int], window: slice) -> Difference | None:
    """Rows without keys: each is one of those of its group that has not come yet."""
    places = of_group[window]
    if len(places) != len(got):
        return Difference('count', '', f'expected {len(places)}, got {len(got)}')
    left = list(zip(of_group, expected, strict=True))
    for i, (number, row) in enumerate(zip(places, got, strict=True)):
        found = [difference(one, row, f'[{i}]', whole=isinstance(one, Mapping)) for n, one in left if n == number]
        if None not in found:
            return found[0]
        left.remove([pair for pair in left if pair[0] == number][found.index(None)])
    return None


def _compare_keys(ranks: Mapping[str, int], got: list[str], window: slice) -> Difference | None:
    """`ranks` are the numbers of the groups of all expected records, in order."""
    if twice := [key for key in got if got.count(key) > 1]:
        return Difference('extra', '', f'the record {twice[0]!r} came twice')
    expected = list(ranks)[window]
    if [ranks[key] for key in expected] == [ranks.get(key) for key in got]:
        return None
    if sorted(ranks[key] for key in expected) == sorted(ranks.get(key, -1) for key in got):
        return Difference('order', '', f'expected the records in the order {_listed(expected)}, got {_listed(got)}')
    missing, extra = _beyond(expected, got), _beyond(got, expected)
    said = [f'missing {_listed(missing)}'] * bool(missing) + [f'not expected {_listed(extra)}'] * bool(extra)
    return Difference('missing' if missing else 'extra', '', f'the wrong records: {"; ".join(said)}')


def _beyond(keys: list[str], others: list[str]) -> list[str]:
    return [key for key in keys if key not in others]


def _listed(keys: Iterable[str]) -> str:
    return ', '.join(map(repr, keys))


def _first(found: Iterable[Difference | None]) -> Difference | None:
    return next((one for one in found if one), None)
