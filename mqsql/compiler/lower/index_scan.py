"""The SQL of an index scan: the positions of the records that the two tables of an index find."""

from collections.abc import Callable

from sqlglot import exp

from mqsql.compiler.lower.index_rows import MultikeyRows, ScalarRows
from mqsql.compiler.lower.sql import Condition, and_, negate, select
from mqsql.compiler.tree.predicate import IndexScan
from mqsql.schema import Index, Table


def matching(scan: IndexScan, table: Table, alias: Callable[[], str]) -> Condition:
    """The record is in the first table with values that satisfy all tests, or offers such values on the first path."""
    plain, others = ScalarRows(scan.index, table, alias()), MultikeyRows(scan.index, table)
    conditions = [condition for test in scan.tests if (condition := plain.condition(test))]
    rows: exp.Query = others.offering([test for test in scan.tests if test not in scan.residual], alias)
    return _in_either(plain, conditions, rows)


def not_matching(scan: IndexScan, table: Table, alias: Callable[[], str]) -> Condition:
    """The one test of the scan does not hold for the record."""
    (test,) = scan.tests
    plain, others = ScalarRows(scan.index, table, alias()), MultikeyRows(scan.index, table)
    condition = plain.condition(test)
    assert condition is not None
    return _in_either(plain, [negate(condition)], others.offering_not(test, alias))


def is_multikey(index: Index, table: Table) -> Condition:
    """The record is in the second table."""
    return MultikeyRows(index, table).known()


def _in_either(plain: ScalarRows, conditions: list[Condition], others: exp.Query) -> Condition:
    if exp.false() not in conditions:
        first = select([plain.column('record')], [plain.source()], and_(conditions))
        others = exp.Union(this=first, expression=others, distinct=False)
    return exp.In(this=exp.column('rowid'), query=exp.Subquery(this=others))
