"""Decodes a column of many rows at once, by a few passes in C over all of its values, which cost less than a call for each.

A function here gives what the function of `codec` for one value gives for each, None for NULL. Where a value needs more than
most do, and wherever one is damaged, it gives None, and the column is decoded value by value.
"""

from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Any

import orjson

from mqsql.values.canonical import MAX_DEPTH
from mqsql.values.codec import DATE_TAG, JOINED, SHORT, UNDECODABLE, decode_dates, from_date_text, has_escapes

Column = Sequence[Any]

_NULL = type(None)
_TEXT = frozenset({str, _NULL})
_INTEGER = frozenset({int, _NULL})
_NUMBER = frozenset({int, float, _NULL})
_CONTAINER = frozenset({dict, list})

_MICROSECONDS = 1_000_000
_EXACT = (1 << 32) * _MICROSECONDS  # a float of seconds before that, in 2106, is exact to the microsecond


def decode_texts(column: Column) -> Column | None:
    """See `decode_text`."""
    types = set(map(type, column))
    if not types <= _TEXT:
        return None
    for start in range(0, len(column), JOINED):
        some = column[start : start + JOINED]
        together = ''.join(filter(None, some) if _NULL in types else some)
        if '\x01' in together or '\ud7ff' in together:
            return None
    return column


def decode_timestamps(column: Column) -> Column | None:
    """See `decode_timestamp`."""
    if not _INTEGER.issuperset(map(type, column)):
        return None
    present = [stored for stored in column if stored is not None]
    if not present:
        return column
    if min(present) < 0 or max(present) >= _EXACT:
        return None
    make = datetime.fromtimestamp
    return [None if stored is None else make(stored / _MICROSECONDS, UTC) for stored in column]


def decode_numbers(column: Column) -> Column | None:
    """See `decode_number`."""
    return column if _NUMBER.issuperset(map(type, column)) else None


def decode_booleans(column: Column) -> Column | None:
    """See `decode_boolean`."""
    if not _INTEGER.issuperset(map(type, column)) or not {0, 1, None}.issuperset(column):
        return None
    return [None if stored is None else stored == 1 for stored in column]


def decode_containers(column: Column) -> Column | None:
    """Objects and arrays; see `decode_document`."""
    present = [stored for stored in column if stored is not None]
    if not present:
        return column
    if not _TEXT.issuperset(map(type, present)):
        return None
    together = ''.join(present)
    if '\ud7ff' in together or ('\\' in together and has_escapes(together)):
        return None
    if any(stored.count('[') + stored.count('{') > MAX_DEPTH for stored in present if len(stored) > SHORT):
        return None  # it may be nested too deep
    if (tags := _count_tags(together)) is None:
        return None
    try:
        values = [orjson.loads(stored) for stored in present]
        if not _CONTAINER.issuperset(map(type, values)) or (tags and _decode_dates(values, tags) != tags):
            return None
    except UNDECODABLE:
        return None
    if len(present) == len(column):
        return values
    following = iter(values)
    return [None if stored is None else next(following) for stored in column]


def _count_tags(texts: str) -> int | None:
    """How many tags the JSON has; None if it has a key that begins with a dollar itself."""
    # One character is found faster than two, and so is a long text.
    if not (dollars := texts.count('$')) or dollars == texts.count(DATE_TAG):
        return dollars
    return None if '"$$' in texts else texts.count('"$')


def _decode_dates(values: list[Any], tags: int) -> int:
    """Decode dates among the fields of documents in place, and count them; there are not more than `tags`.

    Nearly always all documents of a column have their dates in the same fields, so these are looked at first.
    """
    names: tuple[str, ...] = ()
    for value in values:
        if names := tuple(_dated(value)):
            break
    count, fromisoformat = 0, datetime.fromisoformat
    for value in values:
        if type(value) is dict:
            for name in names:
                field = value.get(name)
                if type(field) is dict and len(field) == 1 and '$date' in field:
                    moment = fromisoformat(text := field['$date'])
                    value[name] = moment if moment.tzinfo is UTC else from_date_text(text)
                    count += 1
    return count if count == tags else count + sum(map(decode_dates, values))


def _dated(value: Any) -> list[str]:
    """The names of the fields that are dates."""
    if type(value) is not dict:
        return []
    return [name for name, field in value.items() if type(field) is dict and len(field) == 1 and '$date' in field]
