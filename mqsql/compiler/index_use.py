"""Which index on paths answers which tests, and which keeps the order of a sort."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import cached_property

from sqlglot import exp

from mqsql.compiler.index_rows import OtherRecords, PlainRows, key_tested
from mqsql.compiler.keys import Sort, is_any
from mqsql.compiler.predicate import And, Predicate, Test
from mqsql.compiler.sql import (
    Condition,
    all_,
    negated,
    select,
)
from mqsql.schema import Index, Table

_FEW = ('$eq', '$in')


@dataclass(frozen=True)
class Use:
    """An index that answers some tests, all of which must hold."""

    index: Index
    table: Table
    tests: tuple[Test, ...]

    def found(self, alias: Callable[[], str]) -> Condition:
        """The record is in the first table with values that satisfy all, or offers such values on the first path."""
        plain, others = PlainRows(self.index, self.table, alias()), OtherRecords(self.index, self.table)
        conditions = [condition for test in self.tests if (condition := plain.condition(test))]
        rows: exp.Query = others.offering([test for test in self.tests if test not in self.unchecked], alias)
        return _in_either(plain, conditions, rows)

    def missed(self, alias: Callable[[], str]) -> Condition:
        """The one test does not hold for the record."""
        (test,) = self.tests
        plain, others = PlainRows(self.index, self.table, alias()), OtherRecords(self.index, self.table)
        condition = plain.condition(test)
        assert condition is not None
        return _in_either(plain, [negated(condition)], others.offering_not(test, alias))

    @cached_property
    def unchecked(self) -> tuple[Test, ...]:
        """The tests on other paths, which a record of the second table may still fail."""
        return tuple(test for test in self.tests if test.field.steps and key_tested(test) != self.index.into)

    def is_other(self) -> Condition:
        """The record is in the second table."""
        return OtherRecords(self.index, self.table).known()


def _in_either(plain: PlainRows, conditions: list[Condition], others: exp.Query) -> Condition:
    if exp.false() not in conditions:
        first = select([plain.column('record')], [plain.source()], all_(conditions))
        others = exp.Union(this=first, expression=others, distinct=False)
    return exp.In(this=exp.column('rowid'), query=exp.Subquery(this=others))


def conjuncts(predicate: Predicate) -> list[Predicate]:
    """The predicates that must all hold."""
    if not isinstance(predicate, And):
        return [predicate]
    return [part for child in predicate.children for part in conjuncts(child)]


def find_use(table: Table, tests: list[Test]) -> Use | None:
    """The index that answers the most of these tests by its first keys, if one of them is on a path."""
    uses = [Use(index, table, tuple(_leading(index, tests))) for index in table.indexes if index.into]
    telling = [use for use in uses if any(key_tested(test) == use.index.into for test in use.tests)]
    return max(telling, key=lambda use: (len(use.tests), -len(use.index.columns)), default=None)


def _leading(index: Index, tests: list[Test]) -> Iterator[Test]:
    """The tests on the keys from the first up to one that is not tested for few values."""
    for path in index.paths:
        here = [test for test in tests if key_tested(test) == path]
        yield from here
        if not any(test.operator in _FEW for test in here):
            return


def sorting_index(table: Table, predicate: Predicate, sort: Sort) -> Index | None:
    """An index whose keys are what is sorted by, behind some that the predicate sets equal to a value."""
    if not sort or any(key.collation or is_any(table, key) for key in sort):
        return None
    equal = {key_tested(child) for child in conjuncts(predicate) if isinstance(child, Test) and child.operator == '$eq'}
    found = [(_fit(index, equal, sort), index) for index in table.indexes]
    return max(((fit, index) for fit, index in found if fit), key=lambda pair: pair[0], default=(None, None))[1]


def _fit(index: Index, equal: set[object], sort: Sort) -> tuple[bool, int, int] | None:
    """How well the index serves: in the directions that leave ties alone, by how many equal keys, how few others."""
    paths, wanted = index.paths, tuple((key.column, key.steps) for key in sort)
    for start in range(len(paths) - len(wanted), -1, -1):
        end = start + len(wanted)
        if paths[start:end] == wanted and equal.issuperset(paths[:start]) and any(steps for _, steps in paths[:end]):
            directions = tuple(-1 if key.descending else 1 for key in sort)
            return index.directions[start:end] == directions, start, -len(paths)
    return None


def in_order(index: Index, table: Table, predicate: Predicate, sort: Sort) -> OtherRecords | None:
    """The second table's rows for one value of the first path, where the index has them in the order that is asked for."""
    if any(key.steps for key in sort):
        return None
    # A number may occur twice, as an int and as a float.
    tests = [part for part in conjuncts(predicate) if isinstance(part, Test) and key_tested(part) == index.into]
    via = next((test for test in tests if test.operator == '$eq' and test.form in ('string', 'tagged')), None)
    return OtherRecords(index, table, via) if via else None
