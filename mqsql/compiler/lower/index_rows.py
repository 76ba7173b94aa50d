"""Tests on the rows of an index on paths (`indexes`).

A test on a key of an index becomes a test on the columns of its tables: exactly on the first, whose records have one value
at each key; on the second for the index's first path, whose values are all there, and for columns.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import TypeAlias

from sqlglot import exp

from mqsql.compiler.lower.index_columns import MISSING, columns_of, key_of, multikey_table, records_of
from mqsql.compiler.lower.operators import LOWERINGS
from mqsql.compiler.lower.operators.comparison import NUMBER_TYPES, ORDERS
from mqsql.compiler.lower.sql import (
    Condition,
    Value,
    and_,
    case,
    identifier,
    number,
    one_of,
    or_,
    param,
    row,
    select,
    text,
)
from mqsql.compiler.tree.predicate import Leaf
from mqsql.compiler.tree.traversal import key_tested
from mqsql.schema import Index, Table
from mqsql.values.bson_order import BOOLEAN_RANK, DATE_RANK, NULL_RANK, NUMBER_RANK, STRING_RANK

_PLAIN_TYPES = {
    NULL_RANK: {'null'},
    NUMBER_RANK: set(NUMBER_TYPES),
    STRING_RANK: {'text'},
    BOOLEAN_RANK: {'true', 'false'},
    DATE_RANK: {'object'},
}
"""The JSON types of each rank of the first table."""


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
        return exp.column(name, self.alias)

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
            return _lower(Value(lambda: self.column(value)), test)
        seen = IndexedValue(lambda: self.column(value), alias=self.alias, rank=rank, present=present)
        return _plain_condition(seen, test)


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
        return exp.In(this=exp.column('rowid'), query=records_of(self._name))

    def key(self, column: str, alias: str) -> exp.Expr:
        """A column that is a key of the index."""
        return exp.column(key_of(self.index.paths.index((column, ()))), alias)

    def condition(self, test: Leaf) -> Condition | None:
        """The test on the rows of the table; None if it is not on the first path or a column among the keys."""
        if self.via and (test == self.via or (not test.field.steps and key_tested(test) in self.index.paths)):
            return self._on_row(self.alias, test)
        if key_tested(test) != self.index.first_path:
            return None
        return exp.In(this=exp.column('rowid'), query=exp.Subquery(this=self.offering([test], lambda: 'o')))

    def offering(self, tests: Sequence[Leaf], alias: Callable[[], str]) -> exp.Select:
        """SELECT of those that offer, for each test on the first path, a value for which it holds, and satisfy the others."""
        name = alias()
        first, *more = [test for test in tests if test.field.steps]
        conditions = [self._on_row(name, test) for test in (first, *(test for test in tests if not test.field.steps))]
        record = exp.column('record', name)
        also = [exp.In(this=record.copy(), query=exp.Subquery(this=self.offering([test], alias))) for test in more]
        return select([record], [self.source(name)], and_([*conditions, *also]))

    def offering_not(self, test: Leaf, alias: Callable[[], str]) -> exp.Select:
        """SELECT of those that offer no value for which the test holds."""
        name = alias()
        offering = exp.In(this=exp.column('record', name), query=exp.Subquery(this=self.offering([test], alias)))
        itself = exp.Is(this=exp.column('type', name), expression=exp.null())
        return select([exp.column('record', name)], [self.source(name)], and_([itself, exp.Not(this=offering)]))

    def _on_row(self, alias: str, test: Leaf) -> Condition:
        if not test.field.steps:
            column = test.field.column or ''
            return _lower(Value(lambda: self.key(column, alias)), test)
        kind = exp.column('type', alias)
        if test.operator == '$exists':
            return exp.NEQ(this=kind, expression=text(MISSING))
        if (test.operator, test.form) == ('$eq', 'null'):
            return exp.EQ(this=kind, expression=text(MISSING))
        return _lower(row(alias), test)


View: TypeAlias = ScalarRows | MultikeyRows


def _aliased(name: str, alias: str) -> exp.Table:
    return exp.Table(this=identifier(name), alias=exp.TableAlias(this=exp.to_identifier(alias)))


def _lower(value: Value, test: Leaf) -> Condition:
    return LOWERINGS[test.operator](value, test.form, test.params)


@dataclass(frozen=True)
class IndexedValue(Value):
    """A value of the first table: its JSON type is told by its rank."""

    alias: str = ''
    rank: str = ''
    present: str = ''

    def is_rank(self, rank: int) -> Condition:
        """It has this rank."""
        return exp.EQ(this=exp.column(self.rank, self.alias), expression=number(rank))

    @property
    def json_type(self) -> exp.Expr:
        """See Value."""
        present = exp.column(self.present, self.alias)
        types: list[tuple[int, exp.Expr]] = [
            (NULL_RANK, case((present, text('null')))),
            (NUMBER_RANK, exp.Anonymous(this='typeof', expressions=[self.sql])),
            (STRING_RANK, text('text')),
            (BOOLEAN_RANK, case((self.sql, text('true')), default=text('false'))),
            (DATE_RANK, text('object')),
        ]
        ifs = [exp.If(this=number(rank), true=kind) for rank, kind in types]
        return exp.Case(this=exp.column(self.rank, self.alias), ifs=ifs)

    @property
    def type(self) -> exp.Expr:
        """See Value."""
        return self.json_type

    def of_type(self, types: Sequence[str], condition: Condition) -> Condition:
        """See Value; by rank, as the index is ordered."""
        wanted = set(types)
        ranks = [rank for rank, known in _PLAIN_TYPES.items() if known & wanted]
        partly = [rank for rank in ranks if not _PLAIN_TYPES[rank] <= wanted]
        only = [one_of(self.json_type, sorted(wanted))] if partly else []
        return and_([or_([self.is_rank(rank) for rank in ranks]), *only, condition])


def _plain_condition(value: IndexedValue, test: Leaf) -> Condition:
    """The test, said so that the index's order helps."""
    match test.operator, test.form:
        case '$exists', _:
            return exp.column(value.present, value.alias)
        case '$eq', 'null':
            return value.is_rank(NULL_RANK)
        case '$eq', 'boolean':
            is_true = exp.Paren(this=exp.EQ(this=param(test.params[0]), expression=text('true')))
            return value.of_type(('true', 'false'), exp.EQ(this=value.sql, expression=is_true))
        case operator, 'number' if operator in ORDERS:
            return value.of_type(NUMBER_TYPES, ORDERS[operator](this=value.sql, expression=param(test.params[0])))
        case _, 'object':
            return exp.false()  # objects are in the second table
        case _:
            return _lower(value, test)
