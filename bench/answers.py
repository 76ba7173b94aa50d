"""Checksums of answers: two answers have the same one if they are of the same records with the same values.

What counts as the same is what all databases can keep: times to the millisecond, no difference between a key without a value
and one that is None, empty text or an empty list, and none between the classes of bytes. Of large answers the values of some
records are looked at, and the ids of all.
"""

import zlib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

import orjson

LOOKED_AT = 20_000
"""Records, about, of an answer whose values are looked at."""

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_MILLISECOND = timedelta(milliseconds=1)
_EMPTY: list[Any] = [None, '', []]


@dataclass
class Checksum:
    """Of the records of an answer, or of its numbers and texts; `every` is how many records there are to one looked at."""

    ordered: bool = False
    every: int = 1
    count: int = 0
    ids: int = 0
    values: int = 0

    def add(self, record: Mapping[str, Any], keys: Iterable[str]) -> None:
        """Add the keys of a record."""
        number = zlib.crc32(str(record['msg_id']).encode())
        self.count += 1
        self.ids = (self.ids * 31 + number if self.ordered else self.ids + number) % 2**61
        if number % self.every == 0:
            self.values = (self.values + _sum({key: record.get(key) for key in keys})) % 2**61

    def add_value(self, value: object) -> None:
        """Add a number or a text."""
        self.count += 1
        self.values = (self.values + _sum(value)) % 2**61

    def difference(self, truth: 'Checksum') -> str:
        """What is wrong with the answer, or nothing."""
        if self.count != truth.count:
            return f'{self.count:,} in place of {truth.count:,}'
        if self.ids != truth.ids:
            return 'other records, or another order' if self.ordered else 'other records'
        return '' if self.values == truth.values else 'other values'


def every_for(count: int) -> int:
    """How many records of an answer there are to one that is looked at."""
    return max(1, count // LOOKED_AT)


def _sum(value: object) -> int:
    return zlib.crc32(orjson.dumps(_plain(value), option=orjson.OPT_SORT_KEYS))


def _plain(value: Any) -> Any:
    if isinstance(value, datetime):
        moment = value if value.tzinfo else value.replace(tzinfo=UTC)
        return f'time {(moment - _EPOCH) // _MILLISECOND}'
    if isinstance(value, Mapping):
        return {key: _plain(part) for key, part in value.items() if part not in _EMPTY}
    if isinstance(value, list | tuple):
        return [_plain(part) for part in value]
    if isinstance(value, bytes | bytearray | memoryview):
        return f'bytes {zlib.crc32(value)}'
    return value
