"""Parses what a query is to return, keys or a projection, and makes the RowShaper of its records.

A RowShaper is kept by the keys, or by a projection of 1 and 0: it depends on nothing else but the table and the dialect.
"""

from typing import Any

from mqsql.compiler.dialect import Dialect
from mqsql.compiler.parse.context import ParseContext
from mqsql.compiler.parse.keys import read_fields, read_keys
from mqsql.compiler.parse.projection import read_projection
from mqsql.compiler.shape.rows import RowShaper, shaper_of_keys, shaper_of_projection
from mqsql.compiler.tree.predicate import Predicate
from mqsql.kept import Kept
from mqsql.schema import Table

_Keys = tuple[str, ...] | None
_Flags = tuple[tuple[str, Any], ...]

_BY_KEYS: Kept[tuple[Table, _Keys, Dialect], RowShaper] = Kept(2_000_000)
_BY_FLAGS: Kept[tuple[Table, _Flags, Dialect], RowShaper] = Kept(2_000_000)


def read_outputs(
    keys: object, projection: object, table: Table, context: ParseContext, dialect: Dialect
) -> tuple[RowShaper, tuple[Predicate, ...]]:
    """The RowShaper, and the predicates whose positions the statement is to give after the shaper's parts.

    `context` is where the predicates bind their operands.
    """
    names, fields = read_fields(keys, projection, table)
    if fields is None:
        return _BY_KEYS.get((table, names, dialect), _of_keys), ()

    def of_fields() -> tuple[RowShaper, tuple[Predicate, ...]]:
        wanted = read_projection(fields, table, context)
        return shaper_of_projection(wanted, table, dialect), wanted.computed

    if not _FLAGS.issuperset(map(type, fields.values())):
        return of_fields()
    return _BY_FLAGS.get((table, tuple(fields.items()), dialect), lambda key: _sized(of_fields()[0])), ()


_FLAGS = frozenset({bool, int, float})


def _of_keys(key: tuple[Table, _Keys, Dialect]) -> tuple[RowShaper, int]:
    table, names, dialect = key
    return _sized(shaper_of_keys(read_keys(names, table), table, dialect))


def _sized(shaper: RowShaper) -> tuple[RowShaper, int]:
    """The shaper, and about how many bytes it takes."""
    parts = sum(500 + 4 * sum(map(len, part.steps)) for part in shaper.parts)
    return shaper, 1_000 + parts + sum(300 + 10 * len(name) for name in shaper.names)
