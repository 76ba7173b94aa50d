"""What is known of an expression's value without a row, and its SQL.

    Scalar    of one type, or absent, which is NULL        Json     at a path of a document, of any type
    Absent    null, or missing, always                     Choice   another operand by condition

A boolean Scalar is a condition, whose NULL counts as false; where it is `partial`, NULL says that SQL does not know, and that
the interpreter must be asked.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from enum import Enum
from typing import TypeAlias

from sqlglot import exp

from mqsql.compiler.dialect.json import NUMBERS, JsonRef, JsonType
from mqsql.compiler.dialect.words import Words
from mqsql.compiler.lower.sql import Condition, and_, case, is_not_null, is_null, or_


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
    operand: exp.Expr | None = None
    """The parameter, of a number that is one."""

    @property
    def sql(self) -> exp.Expr:
        """The value: the tree that was made where it has no place yet, and copies for all others."""
        return self.made if self.made.parent is None else self.made.copy()

    def present(self) -> Scalar:
        """The same, known not to be absent."""
        return replace(self, absent=None)


@dataclass(frozen=True)
class Absent:
    """No value."""

    what: Nothing


@dataclass(frozen=True)
class Json:
    """The value at a path of a document; `way` are the values on the way to it, which are no arrays if it is a scalar."""

    words: Words
    ref: JsonRef
    way: tuple[JsonRef, ...] = ()

    def type_is(self, *types: JsonType) -> Condition:
        """It has one of these JSON types; an object may stand for a value of another type."""
        return self.words.is_type(self.ref, types)

    def is_number(self) -> Condition:
        """It is a number of 64 bits."""
        return self.type_is(*NUMBERS)

    def is_string(self) -> Condition:
        """It is a string."""
        return self.type_is(JsonType.STRING)

    def is_tagged(self, tag: str) -> Condition:
        """It is stored under this tag."""
        return is_not_null(self.words.type_of(self.ref.child(tag)))

    def is_date(self) -> Condition:
        """It is a date."""
        return self.is_tagged('$date')

    def is_odd_number(self) -> Condition:
        """It is NaN, infinite, or an integer beyond 64 bits."""
        return self.is_tagged('$numberDouble')

    def is_null(self) -> Condition:
        """It is null."""
        return self.type_is(JsonType.NULL)

    def is_missing(self) -> Condition:
        """There is no value, and no array on the way, of whose elements it would be one."""
        # Of what is missing on the way, the test for an array is NULL.
        arrays = [fails(self.words.is_type(ref, (JsonType.ARRAY,))) for ref in self.way]
        return and_([is_null(self.words.type_of(self.ref)), *arrays])

    def is_absent(self) -> Condition:
        """It is null or missing."""
        return or_([self.is_null(), self.is_missing()])

    def is_array(self) -> Condition:
        """It is an array, or made of the elements of one."""
        return self.words.any_array([self.ref, *self.way])

    def is_boolean(self, truth: bool) -> Condition:
        """It is true, or false."""
        return self.words.order_boolean(self.ref, _equal, exp.true() if truth else exp.false())

    def number(self) -> Scalar:
        """It as a number, where it is one or absent."""
        return Scalar(Type.NUMBER, self.words.number(self.ref), Nothing.NULL)

    def string(self) -> Scalar:
        """It as a string, where it is one or absent."""
        return Scalar(Type.STRING, self.words.text(self.ref), Nothing.NULL)

    def date(self) -> Scalar:
        """It as a date, where it is one or absent."""
        return Scalar(Type.DATE, self.words.date(self.ref.child('$date')), Nothing.NULL)


def _equal(left: exp.Expr, right: exp.Expr) -> Condition:
    return exp.EQ(this=left, expression=right)


@dataclass(frozen=True)
class Choice:
    """The operand of the first condition that holds, or else the other; no condition is NULL."""

    branches: tuple[tuple[exp.Expr, Operand], ...]
    otherwise: Operand


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
