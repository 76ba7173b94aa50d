"""Makes records of rows of stored values.

A value that cannot be read costs only itself: the record has None in its place, and the caller is told.
"""

import sys
import warnings
from collections.abc import Callable, Iterable, Sequence
from functools import partial
from itertools import repeat
from typing import Any

from mqsql import limits
from mqsql.errors import SHOWN, DamagedValueWarning
from mqsql.schema.columns import decode_all
from mqsql.schema.tasks import Record
from mqsql.values.codec import DamagedError, decode_text

Decoders = Sequence[tuple[str, Callable[[Any], Any]]]
"""The name and the decoder of each value of a row."""

Tell = Callable[[object, str, str], Any]
"""Called with a value that cannot be read: the key of its record, its name, what is wrong. Returns a replacement for it."""

REMEMBERED = 10_000  # damaged values that are not reported again


def read_row(decoders: Decoders, row: Sequence[Any], tell: Tell, *, keyed: bool = True) -> Record:
    """The record of a row, None where a value is NULL or cannot be read; the row may be longer.

    `keyed` says that the first value is the record's key.
    """
    try:
        return {
            name: None if stored is None else decode(stored)
            for (name, decode), stored in zip(decoders, row, strict=False)
        }
    except (DamagedError, MemoryError, RecursionError):
        return _read_sound(decoders, row, tell, None, keyed)


class RowReader:
    """Makes records of single rows, faster than `read_row` does: nearly all texts are stored as they are."""

    def __init__(self, decoders: Decoders) -> None:
        self._decoders = decoders
        self._names = tuple(name for name, _ in decoders)
        self._texts = tuple(name for name, decode in decoders if decode is decode_text)
        self._others = tuple((name, decode) for name, decode in decoders if decode is not decode_text)

    def record(self, row: Sequence[Any], tell: Tell) -> Record:
        """The record of a row, which begins with its key."""
        record: Record = dict(zip(self._names, row, strict=True))
        try:
            for name in self._texts:
                stored = record[name]
                if stored is not None and (type(stored) is not str or '\x01' in stored or '\ud7ff' in stored):
                    record[name] = decode_text(stored)
            for name, decode in self._others:
                stored = record[name]
                if stored is not None:
                    record[name] = decode(stored)
        except (DamagedError, MemoryError, RecursionError):
            return _read_sound(self._decoders, row, tell, None, keyed=True)
        return record


def read_rows(decoders: Decoders, rows: Sequence[Sequence[Any]], tell: Tell, *, keyed: bool = True) -> Iterable[Record]:
    """The records of rows, as `read_row` makes each: column by column, or one by one if that is not possible."""
    if len(rows) > FEW:
        try:
            columns = [
                decode_all(decode, column)
                for (_, decode), column in zip(decoders, zip(*rows, strict=True), strict=False)
            ]
            return _records([name for name, _ in decoders], columns)
        except (DamagedError, MemoryError, RecursionError):
            pass
    return map(partial(read_row, decoders, tell=tell, keyed=keyed), rows)


FEW = 3
"""Rows that are faster read one by one."""


def _records(names: list[str], columns: list[Sequence[Any]]) -> Iterable[Record]:
    match names:
        case [one]:
            return [{one: value} for value in columns[0]]
        case [one, two]:
            return [{one: first, two: second} for first, second in zip(*columns, strict=True)]
        case _:
            return map(dict, map(zip, repeat(names), zip(*columns, strict=True)))


def read_present(decoders: Decoders, row: Sequence[Any], tell: Tell, key: object = None) -> Record:
    """The same without what is None, of other values of the record with this key."""
    try:
        return {
            name: decode(stored) for (name, decode), stored in zip(decoders, row, strict=False) if stored is not None
        }
    except (DamagedError, MemoryError, RecursionError):
        sound = _read_sound(decoders, row, tell, key, keyed=False)
        return {name: value for name, value in sound.items() if value is not None}


@limits.within_python
def _read_sound(decoders: Decoders, row: Sequence[Any], tell: Tell, key: object, keyed: bool) -> Record:
    record: Record = {}
    for (name, decode), stored in zip(decoders, row, strict=False):
        try:
            record[name] = None if stored is None else decode(stored)
        except DamagedError as e:
            record[name] = tell(key, name, str(e))
        if keyed and len(record) == 1:
            key = record[name]
    return record


class Damages:
    """Reports each value of `table` that cannot be read once, in a sentence to `say`."""

    def __init__(self, table: str, say: Callable[[str], object]) -> None:
        self._table, self._say = table, say
        self._told: set[tuple[str, str]] = set()

    def __call__(self, key: object, name: str, what: str) -> None:
        """See `Tell`."""
        self.report(key, name, what)

    def report(self, key: object, name: str, what: str) -> str:
        """Report a value; returns the sentence."""
        record = 'a record whose key cannot be read' if key is None else f'the record {repr(key)[:SHOWN]}'
        sentence = f'{self._table}: the {name} of {record} {what}; another program stored it'
        told = (record, name)
        if told not in self._told and len(self._told) < REMEMBERED:
            self._told.add(told)
            self._say(f'{sentence}. It is left out; a new value for it, or dropping the record, mends that')
        return sentence


def warn(message: str) -> None:
    """Warn with DamagedValueWarning at the line outside of mqsql that made the call."""
    level, frame = 1, sys._getframe()
    while frame.f_back is not None and frame.f_globals.get('__name__', '').startswith('mqsql.'):
        level, frame = level + 1, frame.f_back
    warnings.warn(DamagedValueWarning(message), stacklevel=level)
