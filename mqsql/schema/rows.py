"""Makes records of rows of stored values.

A value that cannot be read costs only itself: the record has None in its place, and the caller is told.
"""

import sys
import warnings
from collections.abc import Callable, Sequence
from typing import Any

from mqsql import limits
from mqsql.errors import SHOWN, DamagedValueWarning
from mqsql.schema.tasks import Record
from mqsql.values.codec import DamagedError

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
