"""Joins many equalities of one field into one test of a list."""

from collections.abc import Callable

from mqsql.compiler.predicate import Predicate, Test

SEVERAL = 20
"""Equalities of one field, from which on they are one test of a list: each is a test of every value of a path."""


def alike(children: list[Predicate], merged: Callable[[list[Test]], list[Predicate]]) -> list[Predicate]:
    """The predicates, but those for which `merged` gives others: equalities of one field with values of one form."""
    groups: dict[object, list[Test]] = {}
    for child in children:
        if isinstance(child, Test) and child.operator == '$eq' and child.form != 'null':
            groups.setdefault((child.field, child.form, child.collation), []).append(child)
    several = [group for group in groups.values() if len(group) > SEVERAL]
    gone = {id(test) for group in several for test in group}
    rest = [child for child in children if id(child) not in gone]
    return [*(test for group in several for test in merged(group)), *rest]
