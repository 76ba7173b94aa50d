"""The predicate tree that a query is parsed into: nodes without values. Imports `schema` of the project.

And, Or, Not, Test and Some are all the nodes there are; operators are rows of a table (`operators`). A Test names its
operator, the form that its operand's type gave it, and the slots (parameter names) that hold the operand: the SQL text is
a function of the tree alone, so values cannot enter it and equal shapes share one text.
"""

from dataclasses import dataclass
from typing import TypeAlias

from mqsql.schema import Kind


@dataclass(frozen=True)
class Field:
    """What is tested: a column, or, with column None, the array element that an $elemMatch looks at; and a path into it."""

    column: str | None
    kind: Kind
    steps: tuple[str, ...] = ()


@dataclass(frozen=True)
class Test:
    """One operator on one field; `form` tells variants of its SQL apart ('string', 'null', 'int' …)."""

    field: Field
    operator: str
    form: str = ''
    slots: tuple[str, ...] = ()


@dataclass(frozen=True)
class And:
    """All children hold; with none it always holds."""

    children: 'tuple[Predicate, ...]'


@dataclass(frozen=True)
class Or:
    """One child holds; with none it never holds."""

    children: 'tuple[Predicate, ...]'


@dataclass(frozen=True)
class Not:
    """The child does not hold."""

    child: 'Predicate'


@dataclass(frozen=True)
class Some:
    """The field is an array, and one of its elements satisfies the predicate.

    `query` says how the element is taken: as a document whose fields are tested, or as the value that it is.
    """

    field: Field
    predicate: 'Predicate'
    query: bool


Predicate: TypeAlias = And | Or | Not | Test | Some

ALWAYS = And(())
NEVER = Or(())


def all_of(children: 'list[Predicate]') -> Predicate:
    """And of the children; a single child stands for itself."""
    return children[0] if len(children) == 1 else And(tuple(children))


def any_of(children: 'list[Predicate]') -> Predicate:
    """Or of the children; a single child stands for itself."""
    return children[0] if len(children) == 1 else Or(tuple(children))
