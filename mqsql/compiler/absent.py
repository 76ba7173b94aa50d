"""Refuses the operators that a dialect does not have."""

from mqsql.compiler.dialect import Dialect
from mqsql.compiler.tree.predicate import (
    AllElements,
    And,
    Conditional,
    CountMatching,
    Each,
    ElemMatch,
    ExprMatch,
    IndexScan,
    InView,
    Leaf,
    Not,
    Or,
    Predicate,
)
from mqsql.errors import UnsupportedError


def check_operators(dialect: Dialect, *predicates: Predicate) -> None:
    """UnsupportedError if an operator of the predicates is absent from the dialect."""
    if dialect.absent and (
        lacking := dialect.absent & {name for predicate in predicates for name in _operators(predicate)}
    ):
        raise UnsupportedError(min(lacking), dialect.name)


def _operators(predicate: Predicate) -> list[str]:
    match predicate:
        case Leaf():
            return [predicate.operator]
        case Each(test):
            return [test.operator]
        case And(children) | Or(children):
            return [name for child in children for name in _operators(child)]
        case Not(child):
            return _operators(child)
        case ElemMatch():
            return ['$elemMatch', *_operators(predicate.predicate)]
        case AllElements() | Conditional() | CountMatching():
            return ['$jsonSchema']
        case ExprMatch():
            return ['$expr']
        case IndexScan() | InView():
            raise AssertionError('planning comes later')
