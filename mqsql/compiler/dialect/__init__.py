"""What a database must say to be a dialect.

Lowering is handed a Dialect and uses its `words` for all that databases say in different ways. A word that a dialect leaves
out is Lacking: lowering makes it an UnsupportedError of the operator that needs it. So a dialect refuses by default.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any, Protocol

from sqlglot import exp

from mqsql import limits
from mqsql.compiler.dialect.json import JsonRef
from mqsql.compiler.dialect.printer import Printed, Printer
from mqsql.compiler.dialect.words import Words
from mqsql.compiler.encodings import STORED
from mqsql.compiler.tree.params import Encoding, OperandType, Param
from mqsql.compiler.tree.predicate import IndexScan, InView, Leaf
from mqsql.compiler.tree.select import Select, SelectDistinct
from mqsql.compiler.tree.view import View
from mqsql.schema import ColumnType, Table
from mqsql.schema.columns import Cut
from mqsql.values.codec import encode_text, encode_texts

# --- parts that only some databases have


class AnyColumns(Protocol):
    """How Any columns are searched and sorted, where they do not hold JSON but keep strings apart from other values."""

    def is_other(self, stored: exp.Expr) -> exp.Expr:
        """The value of a column is not text."""

    def among_others(self, stored: exp.Expr) -> exp.Expr:
        """The same, where few records are expected to match."""

    def bounds_of_strings(self, tests: Sequence[Leaf], stored: Callable[[], exp.Expr]) -> list[exp.Expr]:
        """What keeps tests for strings from matching the other values; empty if they do not match any."""

    def opened(self, stored: Callable[[], exp.Expr]) -> JsonRef:
        """The value of a column that is not text."""

    def as_json(self, stored: Callable[[], exp.Expr]) -> exp.Expr:
        """The value of a column as JSON."""

    def sort_terms(self, stored: Callable[[], exp.Expr], spec: exp.Expr) -> list[exp.Expr]:
        """What sorts by a column that is the only one of the sort whose values may have arrays."""


class PathIndexes(Protocol):
    """How indexes on paths are read."""

    def matching(self, scan: IndexScan, table: Table, alias: Callable[[], str]) -> exp.Expr:
        """The record is one of those that an index finds."""

    def not_matching(self, scan: IndexScan, table: Table, alias: Callable[[], str]) -> exp.Expr:
        """The one test of the scan does not hold for the record."""

    def is_multikey(self, scan: IndexScan, table: Table) -> exp.Expr:
        """The record is one for which residual tests are left to be checked."""

    def in_view(self, view: View, test: InView, table: Table) -> exp.Expr:
        """A test on the rows of an index from which records are read."""

    def select_in_order(
        self, wanted: Select, outputs: list[exp.Expr], most: exp.Expr | None, dialect: Dialect
    ) -> exp.Query:
        """SELECT in the order that an index keeps."""


# --- the dialect

_PLAIN_NAME = re.compile(r'[a-z_][a-z0-9_]*', re.IGNORECASE | re.ASCII)


def quoted_name(identifier: exp.Identifier, keywords: frozenset[str]) -> str:
    """The name of a table or column, in quotes if it must be; the names of the compiler itself say that they need none."""
    name: str = identifier.this
    if 'quoted' in identifier.args or (_PLAIN_NAME.fullmatch(name) and name.lower() not in keywords):
        return name
    return '"' + name.replace('"', '""') + '"'


Encode = Callable[[Any], Any]


def by_function(pattern: str) -> OperandType:
    """The way to match a pattern of $glob that needs nothing of the database."""
    return OperandType.FUNCTION


@dataclass(frozen=True, eq=False)
class Dialect:
    """A database: what it says, how that is printed, and how operands are bound.

    Without `any_columns`, Any columns hold JSON as Documents do; without `path_indexes`, those of tables are not used;
    without `select_first` and `select_distinct`, all records or values of an index are read; without `select_led`, the database
    decides whether it uses one.
    """

    name: str
    words: Words
    printer: Callable[[], Printer]
    encode: Mapping[Encoding, Encode]
    """How operands are bound, where `encodings.STORED` does not say so; one that is in neither is bound as it is."""
    encode_list: Callable[[list[Any], Encoding], Any]
    """How a list of encoded operands is bound as one parameter."""
    decoder: Callable[[ColumnType, Cut | None], Callable[[Any], Any]]
    """How a column is decoded; see `schema.columns.decoder`."""
    glob_type: Callable[[str], OperandType] = by_function
    """How a pattern of $glob is matched."""
    any_columns: AnyColumns | None = None
    path_indexes: PathIndexes | None = None
    select_first: Callable[[Select, list[exp.Expr], exp.Expr, Dialect], exp.Query] | None = None
    """Makes the statement of so many first records where an index has most, not all, of them in order."""
    select_led: Callable[[Select, list[exp.Expr], exp.Expr | None, Dialect], exp.Query] | None = None
    """Makes the statement of records that are found by an index and sorted afterwards, or of so many first ones."""
    select_distinct: Callable[[SelectDistinct], exp.Query] | None = None
    """Makes the statement of a SelectDistinct that is planned."""

    def render(self, statement: exp.Expr) -> Printed:
        """The statement's text, and what it needs."""
        return self.printer().print(statement)

    def bind(self, params: Mapping[str, Param], used: frozenset[str]) -> dict[str, Any]:
        """The operands that a statement has, as they are bound."""
        return {name: self.bind_one(param) for name, param in params.items() if name in used}

    def bind_one(self, param: Param) -> Any:
        """An operand as it is bound."""
        value, encoding, many = param
        encode = self._encode[encoding]
        if not many:
            return encode(value)
        encoded = encode_texts(value) if encode is encode_text else list(map(encode, limits.checked(value)))
        return self.encode_list(encoded, encoding)

    def encoder(self, encoding: Encoding) -> Encode:
        """The function that binds each operand of this encoding."""
        return self._encode[encoding]

    @cached_property
    def _encode(self) -> Mapping[Encoding, Encode]:
        return {**dict.fromkeys(Encoding, _same), **STORED, **self.encode}


def _same(value: Any) -> Any:
    return value
