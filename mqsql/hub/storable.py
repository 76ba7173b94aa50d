"""The part of a record that can be stored, where not all of it can.

A hub hears of a task once, and cannot ask again: a value that no column can hold must not cost the whole record.
"""

from collections.abc import Callable, Iterable, Iterator, Mapping
from typing import Any

from mqsql.errors import QueryError, RecordError, short_repr
from mqsql.schema import Record, Table
from mqsql.values.libraries import UnstorableError
from mqsql.values.plain import as_text, native

Warn = Callable[[str], object]
Coerce = Callable[[Any, int], Any]
"""Makes a value canonical that is so many levels deep in a column; UnstorableError for what the database cannot hold."""

REMEMBERED = 10_000  # kinds; what else is left out is not told

_GONE = object()  # nothing of a value can be stored


class Storable:
    """Leaves out of records what `table` or its database cannot hold; `say` is told, once for each column and type."""

    def __init__(self, table: Table, say: Warn, coerce: Coerce) -> None:
        self._table, self._say, self._coerce = table, say, coerce
        self._said: set[tuple[str, str]] = set()

    def record(self, record: Mapping[str, Any]) -> Record:
        """The values of a record that can be stored, by column.

        Of a document as little is left out as can be: a key that is no text with its value, or a value; an element of an
        array becomes None. The key of the record is left to who names it.
        """
        kept: Record = {}
        for name, value in self._items(record):
            column = self._column(name)
            if column is None:
                self.tell(short_repr(name), value, 'there is no such key')
            elif column in kept:
                self.tell(column, value, 'it is given under two names')
            elif column != self._table.key:
                kept.update(self._value(column, value))
        return kept

    def less(self, record: Record, why: RecordError) -> Record:
        """A record, as `record` gives it, without the value that an error is about, or else its largest."""
        gone = why.path.partition('.')[0].partition('[')[0]
        if gone not in record:
            stored = self._table.encode(record)
            gone = max(stored, key=lambda column: _size(stored[column]))
        self.tell(gone, record[gone], why)
        return {column: value for column, value in record.items() if column != gone}

    def _items(self, record: object) -> Iterable[tuple[Any, Any]]:
        try:
            items = native(record)
        except Exception as e:  # a foreign object may raise anything when it is looked at
            self.tell('a record', record, e)
            return ()
        if not isinstance(items, tuple):
            self.tell('a record', record, 'a record is a dict')
            return ()
        return items

    def _column(self, name: object) -> str | None:
        try:
            return self._table.column(name)
        except QueryError:
            return None

    def _value(self, column: str, value: Any) -> Record:
        """The part of a value that can be stored, under its column; empty if there is none."""
        try:
            normal = self._table.normalize({column: value})
            self._coerce(normal[column], 0)
            return normal
        except Exception as e:  # as above
            if not (self._table.columns[column].mixed and _has_parts(value)):
                self.tell(column, value, e)
                return {}
        part = self._part(column, value)
        try:
            return {} if part is _GONE else self._table.normalize({column: part})
        except RecordError:
            return {}

    def _part(self, column: str, value: Any, depth: int = 0) -> Any:
        try:
            return self._coerce(value, depth)
        except Exception as e:  # as above
            if _has_parts(value) and self._holds([], depth):
                return self._nested(column, value, depth)
            self.tell(column, value, e)
            return _GONE

    def _holds(self, value: Any, depth: int) -> bool:
        try:
            self._coerce(value, depth)
        except UnstorableError:
            return False
        return True

    def _nested(self, column: str, value: Any, depth: int) -> Any:
        try:
            given = native(value)
            if isinstance(given, tuple):
                return dict(self._fields(column, given, depth))
            parts = [self._part(column, item, depth + 1) for item in given]
        except Exception as e:  # as above
            self.tell(column, value, e)
            return _GONE
        return [None if part is _GONE else part for part in parts]

    def _fields(self, column: str, items: Iterable[tuple[Any, Any]], depth: int) -> Iterator[tuple[str, Any]]:
        for key, item in items:
            if not issubclass(type(key), str):
                self.tell(column, key, 'a document has text for keys')
            elif not self._holds({as_text(key): None}, depth):
                self.tell(column, key, 'no key of a document can be this here')
            elif (part := self._part(column, item, depth + 1)) is not _GONE:
                yield as_text(key), part

    def tell(self, where: str, value: object, why: object) -> None:
        """Say that a value, or a key, is left out, and why."""
        kind = where, type(value).__name__
        if kind not in self._said and len(self._said) < REMEMBERED:
            self._said.add(kind)
            self._say(
                f'{where}: {short_repr(value)} of a task cannot be stored and is left out (said once for its type): {why}'
            )


def _has_parts(value: object) -> bool:
    return issubclass(type(value), Mapping | list | tuple)


def _size(stored: Any) -> int:
    return max(map(len, stored), default=0) if isinstance(stored, list) else len(str(stored))
