"""Chooses the indexes on paths that answer tests, and the one that has the records in the order of a sort."""

from collections.abc import Iterator

from mqsql.compiler.plan.conjuncts import conjuncts
from mqsql.compiler.plan.ranges import without_nan_guards
from mqsql.compiler.tree.params import OperandType
from mqsql.compiler.tree.predicate import (
    And,
    Conditional,
    CountMatching,
    IndexScan,
    InView,
    Leaf,
    Not,
    Or,
    Predicate,
)
from mqsql.compiler.tree.select import Sort, is_any, is_number
from mqsql.compiler.tree.traversal import key_tested
from mqsql.compiler.tree.view import MultikeyView, View
from mqsql.schema import Index, Table

_FEW = ('$eq', '$in')
_ONCE = (OperandType.STRING, OperandType.TAGGED)
"""Equalities with these are of one value, where a number may occur twice: as an int and as a float."""


def choose_indexes(predicate: Predicate, table: Table, view: View | None = None) -> Predicate:
    """The predicate, with an IndexScan for tests that an index of the table answers.

    If the records are read from the rows of an index, the `view`, tests that these rows answer become InView.
    Leaves on the elements of arrays stay as they are: an index has no rows for elements alone.
    """
    match predicate:
        case Leaf():
            return _choose(predicate, table, view)
        case And():
            return And(tuple(_choose_together(without_nan_guards(conjuncts(predicate)), table, view)))
        case Or(children):
            return Or(tuple(choose_indexes(child, table, view) for child in children))
        case Not(child):
            return Not(choose_indexes(child, table, view))
        case Conditional(test, then, otherwise):
            return Conditional(*(choose_indexes(part, table, view) for part in (test, then, otherwise)))
        case CountMatching(children):
            chosen = tuple(choose_indexes(child, table, view) for child in children)
            return CountMatching(chosen, predicate.operator, predicate.param)
        case _:
            return predicate


def scans(predicate: Predicate) -> Iterator[Index]:
    """The index of each IndexScan that `choose_indexes` has made."""
    match predicate:
        case IndexScan(index):
            yield index
        case And(children) | Or(children) | CountMatching(children):
            for child in children:
                yield from scans(child)
        case Not(child):
            yield from scans(child)
        case Conditional(test, then, otherwise):
            for part in (test, then, otherwise):
                yield from scans(part)


def _choose(test: Leaf, table: Table, view: View | None) -> Predicate:
    if view and view.answers(key_tested(test), test):
        return InView(test)
    return _index_scan(table, [test]) or test


def _choose_together(children: list[Predicate], table: Table, view: View | None) -> Iterator[Predicate]:
    """One IndexScan for the tests that an index answers together, and the choice for each of the other children."""
    scan = None if view else _index_scan(table, [child for child in children if isinstance(child, Leaf)])
    if scan:
        yield scan
    for child in children:
        if scan is None or child not in scan.tests:
            yield choose_indexes(child, table, view)


def _index_scan(table: Table, tests: list[Leaf]) -> IndexScan | None:
    """The scan of the index that answers the most of these tests by its first keys, if one of them is on a path."""
    if not table.path_indexes:
        return None
    found = [(index, tuple(_leading(index, tests))) for index in table.path_indexes]
    telling = [(index, used) for index, used in found if any(key_tested(test) == index.first_path for test in used)]
    if not telling:
        return None
    index, used = max(telling, key=lambda pair: (len(pair[1]), -len(pair[0].columns)))
    residual = tuple(test for test in used if test.field.steps and key_tested(test) != index.first_path)
    return IndexScan(index, used, residual)


def _leading(index: Index, tests: list[Leaf]) -> Iterator[Leaf]:
    """The tests on the keys from the first up to one that is not tested for few values."""
    for path in index.paths:
        here = [test for test in tests if key_tested(test) == path]
        yield from here
        if not any(test.operator in _FEW for test in here):
            return


# --- the order of a sort


def sorting_index(table: Table, predicate: Predicate, sort: Sort) -> Index | None:
    """An index whose keys are those of the sort, after some that the predicate sets equal to a value."""
    if (
        not sort
        or not table.path_indexes
        or any(key.collation or is_any(table, key) or is_number(table, key) for key in sort)
    ):
        return None
    equal: set[object] = {
        key_tested(child) for child in conjuncts(predicate) if isinstance(child, Leaf) and child.operator == '$eq'
    }
    found = [(_fit(index, equal, sort), index) for index in table.path_indexes]
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


def multikey_view(index: Index, predicate: Predicate, sort: Sort) -> MultikeyView:
    """The index's rows of the other records, read by an equality on the first path where that gives the order of the sort."""
    if any(key.steps for key in sort):
        return MultikeyView(index)
    tests = [part for part in conjuncts(predicate) if isinstance(part, Leaf) and key_tested(part) == index.first_path]
    entry = next((test for test in tests if test.operator == '$eq' and test.form in _ONCE), None)
    return MultikeyView(index, entry)
