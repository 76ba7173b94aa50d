"""The different values at a column or a path."""

from collections.abc import Collection, Iterable, Iterator
from dataclasses import dataclass
from itertools import chain
from typing import Any

from mqsql import limits
from mqsql.compiler.dialect import Dialect
from mqsql.compiler.shape.fields import fetched_path
from mqsql.compiler.tree.select import Part
from mqsql.limits import budget
from mqsql.schema import ANY, STRING, TIMESTAMP, Table
from mqsql.schema.rows import Decoders, Tell, read_row
from mqsql.values.bson_order import bson_key
from mqsql.values.codec import DamagedError, decode_texts
from mqsql.values.collation import Collation
from mqsql.values.paths import is_index


@dataclass(frozen=True)
class DistinctShaper:
    """How rows become the different values at the `steps` in a column: a row has the `part`, after the record's key or alone.

    `hashed` says that values which are equal in Python are equal in BSON, `textual` that all that is stored as text is text,
    compared as that.
    """

    part: Part
    steps: tuple[str, ...]
    decoders: Decoders
    hashed: bool
    textual: bool
    collation: Collation | None

    @limits.within_python
    def values(self, rows: Iterable[tuple[Any, ...]], tell: Tell) -> list[Any]:
        """The values in the order they are met, those left out that cannot be read. What is missing gives none; null is one."""
        # Most rows are the same as others, and are compared faster than decoded.
        different = dict.fromkeys(rows)
        if (texts := self._texts(different)) is not None:
            return list(dict.fromkeys(texts))
        read = (value for row in different if (value := self._read(row, tell)) is not None)
        return list(dict.fromkeys(read)) if self.hashed else distinct_values(read, self.steps, self.collation)

    def _texts(self, rows: Collection[tuple[Any, ...]]) -> list[str] | None:
        """The texts that rows hold, if they hold nothing else."""
        stored = list(chain.from_iterable(rows))
        if not self.textual or len(stored) > len(rows) or not _TEXT.issuperset(map(type, stored)):
            return None
        return decode_texts([text for text in stored if text is not None])

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
    hashed, textual = (kind in kinds and not steps and not collation for kinds in ((STRING, TIMESTAMP), (STRING, ANY)))
    return DistinctShaper(part, steps, decoders, hashed, textual, collation)


_TEXT = frozenset({str, type(None)})


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
