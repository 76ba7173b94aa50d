"""The conjuncts of a predicate."""

from mqsql.compiler.tree.predicate import And, Predicate


def conjuncts(predicate: Predicate) -> list[Predicate]:
    """The predicates that must all hold."""
    if not isinstance(predicate, And):
        return [predicate]
    return [part for child in predicate.children for part in conjuncts(child)]
