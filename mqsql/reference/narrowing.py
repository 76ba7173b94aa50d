"""What a record must hold to match a query, as far as an index can use it.

The conditions are equalities that each matching record meets. An index on their path finds the records that do; only these
need to be tested.
"""

from abc import ABC, abstractmethod
from collections.abc import Container, Iterable, Iterator, Mapping
from typing import Any

from mqsql.reference.paths import each, walk
from mqsql.reference.place import Place, is_operators, is_pattern, read_literal, resolve
from mqsql.reference.values import MISSING, Order, order, truth
from mqsql.schema import DOCUMENT, Record, Table

Path = tuple[str, ...]
"""A column, and the steps of a path into it."""

Condition = tuple[Path, frozenset[Order]]
"""A path, and the values of which a record offers at least one there."""

NOTHING = order(MISSING)
"""What a record offers where it has nothing, or null."""

FALLIBLE = frozenset({'$expr', '$jsonSchema', '$regex'})
"""Operators that may raise an error when a record is tested."""


class Indexed(ABC):
    """Records in canonical form and without None, which are tested as they are, with indexes on some paths."""

    @property
    @abstractmethod
    def paths(self) -> Container[Path]:
        """Where conditions are of use."""

    @abstractmethod
    def __len__(self) -> int: ...

    @abstractmethod
    def candidates(self, conditions: Iterable[Condition]) -> Iterable[Record]:
        """All records that meet the conditions, and maybe others, in the order of insertion."""


def offered(record: Record, path: Path) -> frozenset[Order]:
    """The values that a record offers at a path to tests of equality, and NOTHING also where the path has no end."""
    if len(path) == 1 and not isinstance(value := record.get(path[0]), list):
        return frozenset({order(value)})
    return frozenset(order(value) for value in each(walk(record, path))) or frozenset({NOTHING})


def conditions(query: Mapping[str, Any], table: Table, records: Indexed) -> Iterator[Condition]:
    """The conditions on these records that a query, which has been read already, makes at their paths.

    Those behind a test that may raise an error are left out: a record that fails them must raise it all the same.
    """
    paths, most = records.paths, len(records)
    for key, operand in _parts(query):
        steps, kind = ([], DOCUMENT) if key.startswith('$') else resolve(key, table, Place(table))
        path = tuple(steps)
        values = _values(operand, Place(None, kind=kind), most) if path in paths else None
        if values is not None:
            yield path, values
        elif _may_fail({key: operand}):
            return


def _parts(query: Mapping[str, Any]) -> Iterator[tuple[str, Any]]:
    """All that must hold, in the order in which it is tested, each with one operator at most."""
    for key, operand in query.items():
        if key == '$and':
            for part in operand:
                yield from _parts(part)
        elif not key.startswith('$') and is_operators(operand):
            yield from ((key, {name: value}) for name, value in operand.items())
        else:
            yield key, operand


def _values(operand: Any, place: Place, most: int) -> frozenset[Order] | None:
    """The values that an equality takes; None if it is another test, or if to read so many takes as long as the test."""
    name, operand = next(iter(operand.items())) if is_operators(operand) else ('$eq', operand)
    if name == '$exists':
        return None if truth(operand) else frozenset({NOTHING})
    items = [operand] if name == '$eq' else operand if name == '$in' else None
    if items is None or len(items) > max(most, 1) or any(map(is_pattern, items)):
        return None
    return frozenset(order(read_literal(item, place)) for item in items)


def _may_fail(part: Any) -> bool:
    if isinstance(part, Mapping):
        return not FALLIBLE.isdisjoint(part) or any(map(_may_fail, part.values()))
    return any(map(_may_fail, part)) if isinstance(part, list) else is_pattern(part)
