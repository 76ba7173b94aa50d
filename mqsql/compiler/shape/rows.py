"""Makes the records that were asked for of the rows that a statement returns."""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, replace
from typing import Any

from mqsql.compiler.dialect import Dialect
from mqsql.compiler.shape.fields import common_path, cutting, fetched_path
from mqsql.compiler.shape.projection import ProjectionShaper, computes, kept_fields
from mqsql.compiler.tree.projection import Flag, Projection
from mqsql.compiler.tree.select import Keys, Output, Part
from mqsql.schema import BUFFERS, Record, Table
from mqsql.schema.rows import Decoders, Tell, read_present, read_row, read_rows

Decoder = Callable[[Any], Any]


@dataclass(frozen=True)
class RowShaper:
    """How rows become records: a row has the `parts` that the statement is to select, then the `computed` columns.

    The first parts are decoded to the record, the `hidden` ones after them for a projection's expressions only. `names` are the
    keys of the record, as they were asked for; `keyed` says that the first is the key of the table.
    """

    names: tuple[str, ...]
    parts: tuple[Part, ...]
    decoders: Decoders
    keyed: bool = True
    hidden: Decoders = ()
    projection: ProjectionShaper | None = None
    buffered: frozenset[str] = frozenset()

    @property
    def keys(self) -> tuple[str, ...]:
        """The keys of a record, or those that were asked for: dotted keys as they are."""
        return self.names if self.projection is None else self.projection.projection.returned

    @property
    def computed(self) -> frozenset[str]:
        """Those whose values are made by expressions, as a whole or in part."""
        tree = {} if self.projection is None else self.projection.projection.tree
        return frozenset(name for name, node in tree.items() if computes(node))

    def record(self, row: Sequence[Any], tell: Tell, buffers: Decoder | None = None) -> Record:
        """The record of a row; None where a column is NULL, or where it cannot be read and `tell` has no replacement.

        `buffers` reads Buffers, if they are in another form than the shaper expects.
        """
        record = read_row(self.decoders_with(buffers), row, tell, keyed=self.keyed)
        return record if self.projection is None else self._projected(self.projection, record, row, tell)

    def records(self, rows: Sequence[Sequence[Any]], tell: Tell, buffers: Decoder | None = None) -> Iterable[Record]:
        """The records of rows."""
        if self.projection is not None:
            return (self.record(row, tell, buffers) for row in rows)
        return read_rows(self.decoders_with(buffers), rows, tell, keyed=self.keyed)

    def only(self, positions: Sequence[int]) -> 'RowShaper':
        """That of rows with the columns at these positions alone."""
        return replace(
            self,
            names=tuple(self.names[i] for i in positions),
            parts=tuple(self.parts[i] for i in positions),
            decoders=tuple(self.decoders[i] for i in positions),
            keyed=self.keyed and 0 in positions,
        )

    def decoders_with(self, buffers: Decoder | None) -> Decoders:
        """The decoders, with this one of Buffers, if it is given."""
        if buffers is None or not self.buffered:
            return self.decoders
        return [(name, buffers if name in self.buffered else decode) for name, decode in self.decoders]

    def _projected(self, projection: ProjectionShaper, record: Record, row: Sequence[Any], tell: Tell) -> Record:
        key = record[self.names[0]] if self.keyed else None
        hidden = read_present(self.hidden, row[len(self.decoders) :], tell, key)
        return projection.record(record, hidden, row[len(self.parts) :])


def shaper_of_keys(keys: Keys, table: Table, dialect: Dialect) -> RowShaper:
    """How the rows of a statement become records of these keys."""
    return _shaper(keys.names, keys.outputs, table, dialect)


def shaper_of_projection(projection: Projection, table: Table, dialect: Dialect) -> RowShaper:
    """The same for a projection."""
    tree = projection.tree if projection.inclusive else {}
    outputs = [Output(name, column, kept_fields(tree.get(name))) for name, column in projection.columns.items()]
    hidden = tuple((column, dialect.decoder(table.columns[column], None)) for column in projection.hidden)
    shaper = _shaper(tuple(projection.columns), outputs, table, dialect)
    if _is_cut_by_fields(projection):
        return shaper
    parts = (*shaper.parts, *map(Part, projection.hidden))
    return replace(shaper, parts=parts, hidden=hidden, projection=ProjectionShaper(projection))


def _is_cut_by_fields(projection: Projection) -> bool:
    """Whether the projection asks for no more than columns and fields."""
    return all(_keeps(projection.tree.get(name, Flag.KEEP)) for name in projection.returned)


def _keeps(node: object) -> bool:
    return all(map(_keeps, node.values())) if isinstance(node, dict) else node is Flag.KEEP


def _shaper(names: tuple[str, ...], outputs: Iterable[Output], table: Table, dialect: Dialect) -> RowShaper:
    outputs = tuple(outputs)
    return RowShaper(
        names,
        tuple(_part(output, table) for output in outputs),
        tuple((output.name, _decoder(output, table, dialect)) for output in outputs),
        keyed=bool(outputs) and outputs[0].column == table.key,
        buffered=frozenset(output.name for output in outputs if table.columns[output.column] is BUFFERS),
    )


def _part(output: Output, table: Table) -> Part:
    return Part(output.column, fetched_path(common_path(output.fields), table.columns[output.column]))


def _decoder(output: Output, table: Table, dialect: Dialect) -> Decoder:
    cut = None if output.fields is None else cutting(output.fields)
    return dialect.decoder(table.columns[output.column], cut)
