"""What compiling gives: a statement's text with its parameters, and how its rows are read."""

from __future__ import annotations

from collections.abc import Callable, Container, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any, NamedTuple, Self, TypeAlias, TypeVar

from mqsql.compiler.dialect import Dialect
from mqsql.compiler.parse.context import Params
from mqsql.compiler.rendering import Rendered, render
from mqsql.compiler.shape.distinct import DistinctShaper
from mqsql.compiler.shape.rows import Decoder, RowShaper
from mqsql.compiler.tree import select
from mqsql.schema import Record
from mqsql.schema.rows import Decoders, Tell
from mqsql.values.codec import Stored

AnyStatement = TypeVar('AnyStatement', bound='Statement')


@dataclass(frozen=True)
class Statement:
    """A statement's text and its parameters by name, for `execute(sql, params)` of a driver of the dialect's database.

    `functions` are the names of the FUNCTIONS that it calls, `indexes` those of the indexes on paths that it reads.
    """

    sql: str
    params: Mapping[str, Stored]
    functions: frozenset[str] = frozenset()
    indexes: tuple[str, ...] = ()
    _changed: Changed | None = field(default=None, repr=False, compare=False)

    def unindexed(self) -> Self:
        """The same statement without indexes on paths, which also runs over a view of the table.

        In that of a Distinct each record has a row, with its key first.
        """
        return self if self._changed is None else self._with(self._changed(select.without_indexes))

    def _with(self, text: Text) -> Self:
        sql, params, functions, indexes, _ = text
        return replace(self, sql=sql, params=params, functions=functions, indexes=indexes)


def of_text(kind: type[AnyStatement], text: Text, **more: Any) -> AnyStatement:
    """A statement with these fields besides those of a Text; for every query, where `kind(…)` would take four times as long."""
    statement = object.__new__(kind)
    sql, params, functions, indexes, changed = text
    statement.__dict__.update(more, sql=sql, params=params, functions=functions, indexes=indexes, _changed=changed)
    return statement


@dataclass(frozen=True)
class Query(Statement):
    """A SELECT of records: `record` makes a fetched row a dict."""

    _shaper: RowShaper = field(kw_only=True, repr=False)
    _buffers: Decoder | None = field(kw_only=True, repr=False)
    _tell: Tell = field(kw_only=True, repr=False, compare=False)
    _in_order_of_insertion: bool = field(default=False, kw_only=True, repr=False, compare=False)

    @property
    def keys(self) -> tuple[str, ...]:
        """The keys of a record, as they were asked for, that of the table first."""
        return self._shaper.keys

    @property
    def computed(self) -> frozenset[str]:
        """Those of the keys whose values a projection's expressions make, as a whole or in part."""
        return self._shaper.computed

    @property
    def decoders(self) -> Decoders | None:
        """The name of each column of a row with what decodes it; None where a projection makes a record of all of them."""
        return self._shaper.decoders_with(self._buffers) if self._shaper.projection is None else None

    def positioned(self) -> Self | None:
        """A statement of the same rows in any order, each with its position in this order at its end.

        None for another order than that of insertion, for some of the rows only, and where rows need more than decoding.
        """
        if self._changed is None or not self._in_order_of_insertion or self.decoders is None:
            return None
        return self._with(self._changed(select.positioned))

    def positions_of(self, names: Container[str]) -> list[int] | None:
        """Where in a row the columns of these names are, and that of the key; None where rows need more than decoding."""
        if self.decoders is None:
            return None
        return [i for i, (name, _) in enumerate(self.decoders) if name in names or (self._shaper.keyed and i == 0)]

    def only(self, positions: Sequence[int] | None, *, in_any_order: bool = False) -> Self:
        """A statement of the same rows with the columns at these positions alone; None stands for all.

        `in_any_order` is for a statement as it was compiled, not over a view.
        """
        if positions is None:
            return self
        found = (in_any_order and self.positioned()) or self
        name = 'answer'
        while name in found.sql:
            name += '_'
        columns = ', '.join(f'c{i}' for i in range(len(self._shaper.decoders) + (found is not self)))
        chosen = ', '.join(f'c{i}' for i in positions)
        return replace(
            found,
            sql=f'WITH {name}({columns}) AS ({found.sql}) SELECT {chosen} FROM {name}',
            _shaper=self._shaper.only(positions),
            _changed=None,
        )

    def record(self, row: tuple[Any, ...]) -> Record:
        """The record of a row, as plain Python values; None where a column is NULL, or cannot be read, with a warning."""
        return self._shaper.record(row, self._tell, self._buffers)

    def records(self, rows: Sequence[tuple[Any, ...]]) -> Iterable[Record]:
        """The records of rows; faster than one by one. What fails to be made raises when it is reached."""
        return self._shaper.records(rows, self._tell, self._buffers)


@dataclass(frozen=True)
class Distinct(Statement):
    """A SELECT from whose rows `values` makes the different values at a key."""

    _shaper: DistinctShaper = field(kw_only=True, repr=False)
    _tell: Tell = field(kw_only=True, repr=False, compare=False)

    @property
    def once(self) -> bool:
        """Whether the database itself gives no row twice."""
        return self.sql.startswith('SELECT DISTINCT ')

    def values(self, rows: Iterable[tuple[Any, ...]], tell: Tell | None = None) -> list[Any]:
        """The values in all rows, of this statement or of the unindexed one; `tell` as for `compile`."""
        return self._shaper.values(rows, tell or self._tell, once=self.once)


Changed: TypeAlias = 'Callable[[Callable[[select.Statement], select.Statement]], Text]'
"""Gives the text of the statement's tree, changed so."""


class Text(NamedTuple):
    """The fields of a Statement."""

    sql: str
    params: Mapping[str, Stored]
    functions: frozenset[str]
    indexes: tuple[str, ...]
    changed: Changed | None = None


Bind = Callable[[frozenset[str]], dict[str, Stored]]
"""Gives the parameters of these names."""


def said(tree: select.Statement, plain: Callable[[], select.Statement], dialect: Dialect, bind: Bind) -> Text:
    """A tree rendered in a dialect; `plain` makes the tree that reads no index on paths."""
    rendered = render(tree, dialect)
    return text_of(rendered, plain, dialect, bind, bind(rendered.params))


def text_of(
    rendered: Rendered,
    plain: Callable[[], select.Statement],
    dialect: Dialect,
    bind: Bind,
    params: Mapping[str, Stored],
) -> Text:
    """The same of a tree that is rendered, with its parameters."""
    sql, functions, indexes, _ = rendered
    return Text(sql, params, functions, indexes, lambda change: said(change(plain()), plain, dialect, bind))


def binder(dialect: Dialect, params: Params, window: dict[str, Stored] | None = None) -> Bind:
    """Binds parameters, and those of a window."""
    return lambda used: dialect.bind(params, used) | (window or {})
