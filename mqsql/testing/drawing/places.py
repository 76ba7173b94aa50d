"""Where a query may look: the columns and paths of a collection with the values found there."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta, timezone
from typing import Any

from mqsql.schema import DOCUMENT, STRING, TIMESTAMP, ColumnType, Record
from mqsql.testing.drawing.scope import Scope


@dataclass(frozen=True)
class Place:
    """A key to ask for: the kind of its column, the values found there, the levels of logic above it in the query."""

    key: str
    kind: ColumnType
    scope: Scope = field(compare=False)
    values: tuple[Any, ...] = ()
    depth: int = field(default=0, compare=False)

    def inside(self, values: Iterable[Any]) -> 'Place':
        """The place of an operator within an operator."""
        return replace(self, values=tuple(values), depth=self.depth + 1)

    def elements(self) -> list['Place']:
        """The places inside the elements of the arrays that are here, but for keys that read as operators."""
        found = [element for value in self.values if isinstance(value, list) for element in value]
        paths = [(path, value) for element in found for path, value in walk(element)]
        return [
            Place(path[1:], DOCUMENT, self.scope, (value,), self.depth + 1)
            for path, value in paths
            if path[1:2] not in ('', '$')
        ]


def columns(scope: Scope) -> list[Place]:
    """Each column of the table, with nothing in it."""
    return [Place(column, kind, scope) for column, kind in scope.table.columns.items()]


def places(collection: Iterable[Record], scope: Scope) -> list[Place]:
    """Every column and path of the collection, with its values; at least the key's column."""
    table = scope.table
    found: dict[tuple[str, ColumnType], list[Any]] = {}
    for record in map(table.normalize, collection):
        for column, value in sorted(record.items(), key=lambda item: item[0] == table.key):
            kind = table.columns[column]
            for path, inner in walk(value) if kind.mixed else [('', value)]:
                found.setdefault((column + path, kind), []).append(inner)
    return [Place(key, kind, scope, tuple(inner)) for (key, kind), inner in found.items()] or columns(scope)[:1]


def walk(value: object, path: str = '') -> Iterator[tuple[str, Any]]:
    """The value and all values inside it, each behind its path; those in arrays with and without their index."""
    yield path, value
    if isinstance(value, dict):
        for key, inner in value.items():
            if '.' not in key:
                yield from walk(inner, f'{path}.{key}')
    if isinstance(value, list):
        for i, inner in enumerate(value):
            yield from walk(inner, f'{path}.{i}')
            if isinstance(inner, dict):
                yield from (found for found in walk(inner, path) if found[0] != path)


def near(value: object, tick: timedelta) -> list[Any]:
    """Values a little different from one, of the same type where that can be."""
    match value:
        case bool():
            return [not value, int(value)]
        case int():
            return [value + 1, value - 1, *([value + 0.5, float(value)] if abs(value) < 2**62 else [])]
        case float():
            return [value / 2, -value]
        case str():
            return [value[:-1], value + 'a', value.upper()]
        case datetime():
            return _near_moment(value, tick)
        case bytes():
            return [value[:-1], value + b'\0']
        case list():
            return [value[:-1], [*value, 1], value[::-1]]
        case dict():
            return [dict(list(value.items())[:-1]), dict(reversed(value.items())), {**value, 'z': 1}]
    return []


def _near_moment(moment: datetime, tick: timedelta) -> list[datetime]:
    away_from_the_end = 1 if moment < datetime(5000, 1, 1, tzinfo=UTC) else -1
    zone = timezone(timedelta(hours=away_from_the_end))
    return [moment + away_from_the_end * tick, moment.astimezone(zone)]


def as_given(kind: ColumnType, value: object) -> list[Any]:
    """Other forms of the same value that a column of this kind takes."""
    if kind is STRING and isinstance(value, str) and value.isascii():
        return [value.encode()]
    return [value.isoformat()] if kind is TIMESTAMP and isinstance(value, datetime) else []
