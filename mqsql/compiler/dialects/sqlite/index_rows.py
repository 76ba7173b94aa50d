"""Tests on the rows of an index on paths (`path_indexes`).

A test on a key of an index becomes a test on the columns of its tables: exactly on the first, whose records have one value
at each key; on the second for the index's first path, whose values are all there, and for columns.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import TypeAlias

from sqlglot import exp

from mqsql.compiler.dialect.json import Element, JsonRef, JsonType
from mqsql.compiler.dialects.sqlite.index_columns import MISSING, columns_of, key_of, multikey_table, records_of
from mqsql.compiler.dialects.sqlite.words import SQLiteWords
from mqsql.compiler.lower.operators import LOWERINGS
from mqsql.compiler.lower.operators.comparison import ORDERS
from mqsql.compiler.lower.sql import (
    Condition,
    and_,
    case,
    func,
    identifier,
    number,
    or_,
    own_column,
    own_name,
    param,
    select,
    text,
)
from mqsql.compiler.lower.values import ColumnValue, JsonValue, Value
from mqsql.compiler.tree.params import OperandType
from mqsql.compiler.tree.predicate import Leaf
from mqsql.compiler.tree.traversal import key_tested
from mqsql.compiler.tree.view import MultikeyView, ScalarView
from mqsql.schema import Index, Table
from mqsql.values.bson_order import BOOLEAN_RANK, DATE_RANK, NULL_RANK, NUMBER_RANK, STRING_RANK

WORDS = SQLiteWords()


@dataclass(frozen=True)
class ScalarRows:
    """The records of an index's first table, which is read under an alias."""

    index: Index
    table: Table
    alias: str = 'e0'

    def source(self) -> exp.Table:
        """The index's table in a FROM clause."""
        return _aliased(self.index.stored_name(self.table.name), self.alias)

    def column(self, name: str) -> exp.Expr:
        """One of its columns."""
        return own_column(name, self.alias)

    def order(self, column: str, steps: tuple[str, ...]) -> list[exp.Expr]:
        """What orders by a key: rank and value of a path, or a column."""
        rank, value, _ = columns_of(self.index.paths.index((column, steps)))
        return [self.column(name) for name in ([rank, value] if steps else [value])]

    def condition(self, test: Leaf) -> Condition | None:
        """The test on its columns; None if it is not on a key of the index."""
        place = key_tested(test)
        if place not in self.index.paths:
            return None
        rank, value, present = columns_of(self.index.paths.index(place))
        if not test.field.kind.mixed:
            return _lower(ColumnValue(WORDS, test.field.kind, lambda: self.column(value)), test)
        words = IndexedWords(self.alias, rank, present)
        return _plain_condition(JsonValue(words, JsonRef(lambda: self.column(value))), words, test)

    @property
    def view(self) -> ScalarView:
        """See `tree.view`."""
        return ScalarView(self.index)


@dataclass(frozen=True)
class MultikeyRows:
    """The records of an index's second table.

    With `via`, an equality on the first path, each is read as the one row of the table, under `alias`, that has this value.
    """

    index: Index
    table: Table
    via: Leaf | None = None
    alias: str = 'e0'

    @property
    def _name(self) -> str:
        return multikey_table(self.index.stored_name(self.table.name))

    def source(self, alias: str = '') -> exp.Table:
        """The table in a FROM clause."""
        return _aliased(self._name, alias or self.alias)

    def known(self) -> Condition:
        """The record is one of these."""
        return exp.In(this=own_column('rowid'), query=records_of(self._name))

    def key(self, column: str, alias: str) -> exp.Expr:
        """A column that is a key of the index."""
        return own_column(key_of(self.index.paths.index((column, ()))), alias)

    def condition(self, test: Leaf) -> Condition | None:
        """The test on the rows of the table; None if it is not on the first path or a column among the keys."""
        if self.via and (test == self.via or (not test.field.steps and key_tested(test) in self.index.paths)):
            return self._on_row(self.alias, test)
        if key_tested(test) != self.index.first_path:
            return None
        return exp.In(this=own_column('rowid'), query=exp.Subquery(this=self.offering([test], lambda: 'o')))

    def offering(self, tests: Sequence[Leaf], alias: Callable[[], str]) -> exp.Select:
        """SELECT of those that offer, for each test on the first path, a value for which it holds, and satisfy the others."""
        name = alias()
        first, *more = [test for test in tests if test.field.steps]
        conditions = [self._on_row(name, test) for test in (first, *(test for test in tests if not test.field.steps))]
        record = own_column('record', name)
        also = [exp.In(this=record.copy(), query=exp.Subquery(this=self.offering([test], alias))) for test in more]
        return select([record], [self.source(name)], and_([*conditions, *also]))

    def offering_not(self, test: Leaf, alias: Callable[[], str]) -> exp.Select:
        """SELECT of those that offer no value for which the test holds."""
        name = alias()
        offering = exp.In(this=own_column('record', name), query=exp.Subquery(this=self.offering([test], alias)))
        itself = exp.Is(this=own_column('type', name), expression=exp.null())
        return select([own_column('record', name)], [self.source(name)], and_([itself, exp.Not(this=offering)]))

    def _on_row(self, alias: str, test: Leaf) -> Condition:
        if not test.field.steps:
            column = test.field.column or ''
            return _lower(ColumnValue(WORDS, test.field.kind, lambda: self.key(column, alias)), test)
        kind = own_column('type', alias)
        if test.operator == '$exists':
            return exp.NEQ(this=kind, expression=text(MISSING))
        if (test.operator, test.form) == ('$eq', OperandType.NULL):
            return exp.EQ(this=kind, expression=text(MISSING))
        # A row is as one of json_each.
        element = Element(alias)
        return _lower(JsonValue(WORDS, JsonRef(lambda: WORDS.element(element), element=element)), test)

    @property
    def view(self) -> MultikeyView:
        """See `tree.view`."""
        return MultikeyView(self.index, self.via)


IndexView: TypeAlias = ScalarRows | MultikeyRows


def rows_seen(view: ScalarView | MultikeyView, table: Table) -> IndexView:
    """The rows of a view."""
    if isinstance(view, ScalarView):
        return ScalarRows(view.index, table)
    return MultikeyRows(view.index, table, view.entry)


def _aliased(name: str, alias: str) -> exp.Table:
    return exp.Table(this=identifier(name), alias=exp.TableAlias(this=own_name(alias)))


def _lower(value: Value, test: Leaf) -> Condition:
    return LOWERINGS[test.operator](value, test.form, test.params)


_TYPES = {
    NULL_RANK: {JsonType.NULL},
    NUMBER_RANK: {JsonType.INTEGER, JsonType.REAL},
    STRING_RANK: {JsonType.STRING},
    BOOLEAN_RANK: {JsonType.BOOLEAN},
    DATE_RANK: {JsonType.OBJECT},
}
"""The JSON types of each rank of the first table."""


class IndexedWords(SQLiteWords):
    """SQLite's words for the values of the first table, whose rank tells the JSON type."""

    def __init__(self, alias: str, rank: str, present: str) -> None:
        self._alias, self._rank, self._present = alias, rank, present

    def present(self) -> Condition:
        """The value is not missing."""
        return own_column(self._present, self._alias)

    def is_rank(self, rank: int) -> Condition:
        """The value has this rank."""
        return exp.EQ(this=own_column(self._rank, self._alias), expression=number(rank))

    def type_of(self, ref: JsonRef) -> exp.Expr:
        """See Words."""
        types: list[tuple[int, exp.Expr]] = [
            (NULL_RANK, case((self.present(), text('null')))),
            (NUMBER_RANK, func('typeof', ref.json())),
            (STRING_RANK, text('text')),
            (BOOLEAN_RANK, case((ref.json(), text('true')), default=text('false'))),
            (DATE_RANK, text('object')),
        ]
        ifs = [exp.If(this=number(rank), true=kind) for rank, kind in types]
        return exp.Case(this=own_column(self._rank, self._alias), ifs=ifs)

    def is_type(self, ref: JsonRef, types: Sequence[JsonType]) -> Condition:
        """See Words; by rank, as the index is ordered."""
        wanted = set(types)
        ranks = [rank for rank, known in _TYPES.items() if known & wanted]
        partly = [rank for rank in ranks if not _TYPES[rank] <= wanted]
        only = [super().is_type(ref, types)] if partly else []
        return and_([or_([self._is_there(rank) for rank in ranks]), *only])

    def _is_there(self, rank: int) -> Condition:
        """The value has this rank, which what is missing has in common with null."""
        return and_([self.is_rank(rank), self.present()]) if rank == NULL_RANK else self.is_rank(rank)


def _plain_condition(value: JsonValue, words: IndexedWords, test: Leaf) -> Condition:
    """The test, said so that the index's order helps."""
    match test.operator, test.form:
        case '$exists', _:
            return words.present()
        case '$eq', OperandType.NULL:
            return words.is_rank(NULL_RANK)
        case '$eq', OperandType.BOOLEAN:
            is_true = exp.Paren(this=exp.EQ(this=param(test.params[0]), expression=text('true')))
            return value.of_type((JsonType.BOOLEAN,), exp.EQ(this=value.text(), expression=is_true))
        case operator, OperandType.NUMBER if operator in ORDERS:
            order, operand = ORDERS[operator], param(test.params[0])
            return words.compare_number(value.ref, lambda left, right: order(this=left, expression=right), operand)
        case _, OperandType.OBJECT:
            return exp.false()  # objects are in the second table
        case _:
            return _lower(value, test)
