"""The predicate tree that a query is parsed into: nodes without values.

Parsing makes And, Or, Not, Leaf, Each and ElemMatch, for schemas AllElements, Conditional and CountMatching, and for
expressions ExprMatch; planning makes IndexScan and InView of leaves. A Leaf names its operator, the type of its operand, and
the parameters that hold the operand: the SQL text is a function of the tree alone, so values cannot enter it and equal shapes
share one text.
"""

from dataclasses import dataclass
from dataclasses import field as attribute
from typing import NamedTuple, TypeAlias

from mqsql.compiler.tree.params import OperandType
from mqsql.functions.expressions.tree import Expression
from mqsql.schema import STRING, ColumnType, Index
from mqsql.values.canonical import coerce_stored_number
from mqsql.values.collation import Collation


class Field(NamedTuple):
    """What is tested: a column, or, with column None, the element or member that is being looked at; and a path into it.

    A `strict` path names keys of objects only, and its test sees the one value there, an array as itself.
    """

    column: str | None
    kind: ColumnType
    steps: tuple[str, ...] = ()
    strict: bool = False


class Origin(NamedTuple):
    """Where in the query a node comes from: the path, and the operator as it is there. It does not count in comparisons."""

    path: str
    operator: str


IN_SCHEMA = Origin('$jsonSchema', '$jsonSchema')
"""The origin of nodes of a schema that no single keyword makes; the default."""


@dataclass(frozen=True, slots=True)
class Leaf:
    """One operator on one field; `form` is the variant of its SQL.

    Where there is a collation, texts are compared by the keys that it gives.
    """

    field: Field
    operator: str
    form: OperandType = OperandType.PLAIN
    params: tuple[str, ...] = ()
    collation: Collation | None = None
    origin: Origin = attribute(default=IN_SCHEMA, compare=False)


@dataclass(frozen=True, slots=True)
class And:
    """All children hold; with none it always holds."""

    children: 'tuple[Predicate, ...]'


@dataclass(frozen=True, slots=True)
class Or:
    """One child holds; with none it never holds."""

    children: 'tuple[Predicate, ...]'


@dataclass(frozen=True, slots=True)
class Not:
    """The child does not hold."""

    child: 'Predicate'


@dataclass(frozen=True, slots=True)
class ElemMatch:
    """The field is an array, and one of its elements satisfies the predicate.

    `query` says how the element is taken: as a document whose fields are tested, or as the value that it is.
    """

    field: Field
    predicate: 'Predicate'
    query: bool
    origin: Origin = attribute(default=IN_SCHEMA, compare=False)


@dataclass(frozen=True, slots=True)
class Each:
    """The test, which has one parameter, holds for each of the values in the list that this holds."""

    test: Leaf


@dataclass(frozen=True, slots=True)
class AllElements:
    """Each member of the object, or of the array, satisfies the predicate; the field is strict.

    Within the predicate the member is a Field without column, its name is MEMBER and its position POSITION.
    """

    field: Field
    predicate: 'Predicate'
    origin: Origin = attribute(default=IN_SCHEMA, compare=False)


@dataclass(frozen=True, slots=True)
class Conditional:
    """`then` where the test holds, `otherwise` elsewhere; neither is evaluated where it does not count."""

    test: 'Predicate'
    then: 'Predicate'
    otherwise: 'Predicate'


@dataclass(frozen=True, slots=True)
class CountMatching:
    """How many of the children hold, compared ('$eq', '$gte', '$lte') with the number in a parameter."""

    children: 'tuple[Predicate, ...]'
    operator: str
    param: str


@dataclass(frozen=True, slots=True)
class ExprMatch:
    """An expression is true of the record; `columns` are those that it names.

    `tree` has Parameters in place of its literals. The interpreter takes the whole expression from the one in `param`. Strings
    compare by a collation if they are `collated`.
    """

    tree: Expression
    columns: tuple[str, ...]
    param: str
    collated: bool = False
    origin: Origin = attribute(default=IN_SCHEMA, compare=False)


# --- nodes that planning and rendering make


@dataclass(frozen=True, slots=True)
class IndexScan:
    """An index on paths finds the records for which the tests hold, all of them.

    For the records that are multikey, the `residual` ones among the tests are left to be checked.
    """

    index: Index
    tests: tuple[Leaf, ...]
    residual: tuple[Leaf, ...]


@dataclass(frozen=True, slots=True)
class InView:
    """A test that the rows answer from which the records are read, see `tree.view`."""

    test: Leaf


@dataclass(frozen=True, slots=True)
class Blank:
    """The place of a predicate that is lowered and printed apart from its statement."""


Predicate: TypeAlias = (
    And
    | Or
    | Not
    | Leaf
    | Each
    | ElemMatch
    | AllElements
    | Conditional
    | CountMatching
    | ExprMatch
    | IndexScan
    | InView
    | Blank
)

MEMBER = Field(None, STRING)
"""The name of the member that is being looked at."""
POSITION = Field(None, ColumnType('Position', 'positions', coerce_stored_number))
"""The position of the element that is being looked at."""

MATCH_ALL = And(())
MATCH_NONE = Or(())


def is_constant(predicate: Predicate) -> bool:
    """Whether it is MATCH_ALL or MATCH_NONE."""
    return isinstance(predicate, And | Or) and not predicate.children


def all_of(children: 'list[Predicate]') -> Predicate:
    """And of the children, as short as it can be said."""
    if len(children) == 1:
        return children[0]
    telling = [child for child in children if not (is_constant(child) and isinstance(child, And))]
    if any(map(is_constant, telling)):
        return MATCH_NONE
    return telling[0] if len(telling) == 1 else And(tuple(telling))


def any_of(children: 'list[Predicate]') -> Predicate:
    """Or of the children, as short as it can be said."""
    if len(children) == 1:
        return children[0]
    telling = [child for child in children if not (is_constant(child) and isinstance(child, Or))]
    if any(map(is_constant, telling)):
        return MATCH_ALL
    return telling[0] if len(telling) == 1 else Or(tuple(telling))


def origin_of(predicate: Predicate) -> Origin:
    """The origin of a node, or of the first test in it."""
    match predicate:
        case Leaf() | ElemMatch() | AllElements() | ExprMatch():
            return predicate.origin
        case Each(test) | InView(test) | IndexScan(tests=(test, *_)):
            return test.origin
    return IN_SCHEMA
