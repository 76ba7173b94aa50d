"""What is known of an expression's value without a row, and its SQL.

    Scalar    of one type, or absent, which is NULL        Json     at a path of a document, of any type
    Absent    null, or missing, always                     Choice   another operand by condition

A boolean Scalar is a condition, whose NULL counts as false; where it is `partial`, NULL says that SQL does not know, and that
the interpreter must be asked.
"""

from dataclasses import dataclass, replace
from enum import Enum
from typing import TypeAlias

from sqlglot import exp

from mqsql.compiler.lower.sql import (
    Condition,
    JsonRef,
    and_,
    case,
    func,
    is_not_null,
    is_null,
    number,
    one_of,
    or_,
    text,
)


class NotLoweredError(Exception):
    """SQL has no exact form of an expression."""


class Type(Enum):
    """The types of a Scalar."""

    NUMBER = 'number'
    STRING = 'string'
    BOOLEAN = 'boolean'
    DATE = 'date'


class Nothing(Enum):
    """What a NULL stands for."""

    MISSING = 'missing'
    NULL = 'null'


INT32 = 2**31
INT64 = 2**63


@dataclass(frozen=True)
class Scalar:
    """A value of one type; a date is its microseconds since 1970.

    `absent` says what NULL stands for, where it can be NULL. Numbers are `finite` where they cannot be infinite; where a
    `bound` is known, they are integers of at most this absolute value.
    """

    type: Type
    made: exp.Expr
    absent: Nothing | None = None
    finite: bool = True
    bound: int | None = None
    partial: bool = False

    @property
    def sql(self) -> exp.Expr:
        """The value."""
        return self.made.copy()

    def present(self) -> 'Scalar':
        """The same, known not to be absent."""
        return replace(self, absent=None)


@dataclass(frozen=True)
class Absent:
    """No value."""

    what: Nothing


@dataclass(frozen=True)
class Json:
    """The value at a path of a document; `way` are the values on the way to it, which are no arrays if it is a scalar."""

    ref: JsonRef
    way: tuple[JsonRef, ...]

    def type_is(self, *types: str) -> Condition:
        """It has one of these JSON types; an object may stand for a value of another type."""
        return one_of(self.ref.type(), types)

    def is_number(self) -> Condition:
        """It is a number that SQLite has."""
        return self.type_is('integer', 'real')

    def tag(self, tag: str) -> JsonRef:
        """The value under a tag, where the object stands for one of another type."""
        return replace(self.ref, path=f'{self.ref.path}."{tag}"')

    def is_tagged(self, tag: str) -> Condition:
        """It is stored under this tag."""
        return is_not_null(self.tag(tag).type())

    def is_date(self) -> Condition:
        """It is a date."""
        return self.is_tagged('$date')

    def is_null(self) -> Condition:
        """It is null."""
        return self.type_is('null')

    def is_missing(self) -> Condition:
        """There is no value, and no array on the way, of whose elements it would be one."""
        return and_([is_null(self.ref.type()), *self._without_arrays()])

    def is_absent(self) -> Condition:
        """It is null or missing."""
        return or_([self.is_null(), self.is_missing()])

    def is_array(self) -> Condition:
        """It is an array, or made of the elements of one."""
        if not self.way:
            return self.type_is('array')
        return exp.In(this=text('array'), expressions=[self.ref.type(), *(ref.type() for ref in self.way)])

    def _without_arrays(self) -> list[Condition]:
        # Of what is NULL, the test for an array is NULL.
        return [exp.Is(this=exp.Paren(this=ref_is_array(ref)), expression=exp.Not(this=exp.true())) for ref in self.way]

    def number(self) -> Scalar:
        """It as a number, where it is one or absent."""
        return Scalar(Type.NUMBER, self.ref.scalar(), Nothing.NULL)

    def string(self) -> Scalar:
        """It as a string, where it is one or absent."""
        return Scalar(Type.STRING, self.ref.scalar(), Nothing.NULL)

    def date(self) -> Scalar:
        """It as a date, where it is one or absent."""
        stored = self.tag('$date').scalar
        seconds = exp.Mul(
            this=func('unixepoch', func('substr', stored(), number(1), number(19))), expression=number(10**6)
        )
        fraction = exp.Cast(this=func('substr', stored(), number(21), number(6)), to=exp.DataType.build('INT'))
        return Scalar(Type.DATE, exp.Paren(this=exp.Add(this=seconds, expression=fraction)), Nothing.NULL)

    def boolean(self) -> Scalar:
        """It as a boolean, where it is one."""
        return Scalar(Type.BOOLEAN, exp.EQ(this=self.ref.type(), expression=text('true')))


def ref_is_array(ref: JsonRef) -> Condition:
    """There is an array."""
    return exp.EQ(this=ref.type(), expression=text('array'))


@dataclass(frozen=True)
class Choice:
    """The operand of the first condition that holds, or else the other; no condition is NULL."""

    branches: 'tuple[tuple[exp.Expr, Operand], ...]'
    otherwise: 'Operand'


Operand: TypeAlias = Scalar | Absent | Json | Choice


# --- conditions


def boolean(condition: Condition, *, partial: bool = False) -> Scalar:
    """A condition as an operand."""
    return Scalar(Type.BOOLEAN, condition, partial=partial)


def constant(truth: bool) -> Scalar:
    """True or false."""
    return boolean(exp.true() if truth else exp.false())


def known(condition: Condition) -> Condition:
    """The condition as one that is never NULL."""
    if isinstance(condition, exp.Is | exp.Exists | exp.Boolean | exp.NullSafeEQ | exp.NullSafeNEQ):
        return condition
    return exp.Is(this=exp.Paren(this=condition), expression=exp.true())


def fails(condition: Condition) -> Condition:
    """The condition is false or NULL."""
    return exp.Is(this=exp.Paren(this=condition), expression=exp.Not(this=exp.true()))


def truth(operand: Scalar) -> exp.Expr:
    """A boolean as an operand of connectives: NULL only where it is not known."""
    return operand.sql if operand.partial else known(operand.sql)


def inverse(operand: Scalar) -> Scalar:
    """The opposite of a boolean."""
    if isinstance(operand.made, exp.Boolean):
        return constant(not operand.made.this)
    if operand.partial:
        return boolean(exp.Not(this=exp.Paren(this=operand.sql)), partial=True)
    return boolean(fails(operand.sql))


def choose(*branches: tuple[Condition, Scalar], otherwise: Scalar) -> Scalar:
    """The boolean of the first condition that holds; a condition that is NULL does not."""
    while branches and branches[-1][1] == otherwise:
        *branches, _ = branches  # type: ignore[assignment]
    if not branches:
        return otherwise
    if len(branches) == 1 and isinstance(otherwise.made, exp.Boolean) and isinstance(branches[0][1].made, exp.Boolean):
        return boolean(branches[0][0]) if branches[0][1].made.this else boolean(fails(branches[0][0]))
    partial = any(value.partial for value in (*(value for _, value in branches), otherwise))
    made = case(*((condition, truth(value)) for condition, value in branches), default=truth(otherwise))
    return boolean(made, partial=partial)
