"""How SQLite reads indexes on paths: scans find the positions of records in the two tables of an index."""

from __future__ import annotations

from collections.abc import Callable

from sqlglot import exp

from mqsql.compiler.dialect import Dialect, PathIndexes
from mqsql.compiler.dialects.sqlite.index_order import select_in_order
from mqsql.compiler.dialects.sqlite.index_rows import MultikeyRows, ScalarRows, rows_seen
from mqsql.compiler.lower.sql import Condition, and_, negate, own_column, select
from mqsql.compiler.tree.predicate import IndexScan, InView
from mqsql.compiler.tree.select import Select
from mqsql.compiler.tree.view import View
from mqsql.schema import Table


class SQLitePathIndexes(PathIndexes):
    """See PathIndexes."""

    def matching(self, scan: IndexScan, table: Table, alias: Callable[[], str]) -> Condition:
        """See PathIndexes. In the first table its values satisfy all tests, in the second it offers such on the first path."""
        plain, others = ScalarRows(scan.index, table, alias()), MultikeyRows(scan.index, table)
        conditions = [condition for test in scan.tests if (condition := plain.condition(test))]
        rows: exp.Query = others.offering([test for test in scan.tests if test not in scan.residual], alias)
        return _in_either(plain, conditions, rows)

    def not_matching(self, scan: IndexScan, table: Table, alias: Callable[[], str]) -> Condition:
        """See PathIndexes."""
        (test,) = scan.tests
        plain, others = ScalarRows(scan.index, table, alias()), MultikeyRows(scan.index, table)
        condition = plain.condition(test)
        assert condition is not None
        return _in_either(plain, [negate(condition)], others.offering_not(test, alias))

    def is_multikey(self, scan: IndexScan, table: Table) -> Condition:
        """See PathIndexes: it is in the second table."""
        return MultikeyRows(scan.index, table).known()

    def in_view(self, view: View, test: InView, table: Table) -> Condition:
        """See PathIndexes."""
        condition = rows_seen(view, table).condition(test.test)
        assert condition is not None
        return condition

    def select_in_order(
        self, wanted: Select, outputs: list[exp.Expr], most: exp.Expr | None, dialect: Dialect
    ) -> exp.Query:
        """See PathIndexes."""
        return select_in_order(wanted, outputs, most, dialect)


def _in_either(plain: ScalarRows, conditions: list[Condition], others: exp.Query) -> Condition:
    if exp.false() not in conditions:
        first = select([plain.column('record')], [plain.source()], and_(conditions))
        others = exp.Union(this=first, expression=others, distinct=False)
    return exp.In(this=own_column('rowid'), query=exp.Subquery(this=others))
