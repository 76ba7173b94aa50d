"""The different values at a column or a path."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Any

from mqsql import limits
from mqsql.compiler.dialect import Dialect
from mqsql.compiler.shape.fields import fetched_path
from mqsql.compiler.tree.select import Part
from mqsql.limits import budget
from mqsql.schema import ANY, STRING, TIMESTAMP, ColumnType, Table
from mqsql.schema.columns import decode_all
from mqsql.schema.rows import Decoders, Tell, read_row
from mqsql.values.bson_order import bson_key
from mqsql.values.codec import DamagedError
from mqsql.values.collation import Collation
from mqsql.values.paths import is_index


@dataclass(frozen=True)
class DistinctShaper:
    """How rows become the different values at the `steps` in a column: a row has the `part`, after the record's key or alone.

    Stored values of the types `plain` are equal in BSON if they are equal in Python.
    """

    part: Part
    steps: tuple[str, ...]
    decoders: Decoders
    plain: frozenset[type]
    collation: Collation | None

    @limits.within_python
    def values(self, rows: Iterable[tuple[Any, ...]], tell: Tell, *, once: bool = False) -> list[Any]:
        """The values, those left out that cannot be read. What is missing gives none; null is one.

        `once` says that no two rows are the same.
        """
        rows = list(rows)
        if (plain := self._plain_values(rows, once)) is not None:
            return plain
        # Most rows are the same as others, and are compared faster than decoded.
        read = (value for row in dict.fromkeys(rows) if (value := self._read(row, tell)) is not None)
        return distinct_values(read, self.steps, self.collation)

    def _plain_values(self, rows: list[tuple[Any, ...]], once: bool) -> list[Any] | None:
        """The values, if all stored ones are plain and not damaged."""
        if not rows or len(rows[0]) > 1:
            return None
        column = [stored for (stored,) in rows if stored is not None]
        if not self.plain.issuperset(map(type, column)):
            return None
        try:
            decoded = decode_all(self.decoders[-1][1], column)
        except DamagedError:
            return None
        return column if once and decoded is column else list(dict.fromkeys(decoded))

    def _read(self, row: tuple[Any, ...], tell: Tell) -> Any:
        budget.step()
        name, decode = self.decoders[-1]
        if len(row) == len(self.decoders):
            return read_row(self.decoders, row, tell)[name]
        try:
            return None if row[0] is None else decode(row[0])
        except DamagedError as e:
            return tell(None, name, str(e))


def distinct_shaper(
    column: str, steps: tuple[str, ...], table: Table, collation: Collation | None, dialect: Dialect
) -> DistinctShaper:
    """How rows become the different values of the column, or at the steps of a path into it."""
    kind = table.columns[column]
    decoders = tuple((name, dialect.decoder(table.columns[name], None)) for name in (table.key, column))
    part = Part(column, fetched_path(steps, kind))
    plain = frozenset[type]() if collation or steps else _plain_types(kind, dialect)
    return DistinctShaper(part, steps, decoders, plain, collation)


def _plain_types(kind: ColumnType, dialect: Dialect) -> frozenset[type]:
    if kind is TIMESTAMP:
        return frozenset({int})
    is_text = kind is STRING or (kind is ANY and dialect.any_columns is not None)
    return frozenset({str}) if is_text else frozenset()


def distinct_values(values: Iterable[Any], steps: tuple[str, ...], collation: Collation | None = None) -> list[Any]:
    """The values that lie at the path in any of `values`, an array's elements one by one; each once by BSON equality
    and the collation.

    In the order they are met. What is missing gives none; null is a value.
    """
    found: dict[str, Any] = {}
    for value in values:
        for offered in _at(value, steps):
            for item in offered if isinstance(offered, list) else [offered]:
                found.setdefault(bson_key(item, collation), item)
    return list(found.values())


def _at(value: Any, steps: tuple[str, ...]) -> Iterator[Any]:
    """The values at the path. Unlike in a filter, a step of digits is only a position wherever it meets an array, as in MongoDB
    (extractAllElementsAlongPath of src/mongo/db/query/bson/multikey_dotted_path_support.cpp).
    """
    budget.step()
    if not steps:
        yield value
    elif isinstance(value, dict):
        if steps[0] in value:
            yield from _at(value[steps[0]], steps[1:])
    elif isinstance(value, list):
        step = steps[0]
        if step.isascii() and step.isdecimal():
            if is_index(step) and int(step) < len(value):
                yield from _at(value[int(step)], steps[1:])
        else:
            for element in value:
                if isinstance(element, dict):
                    yield from _at(element, steps)
