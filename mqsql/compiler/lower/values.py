"""The values under test, to which operators are lowered: those of typed columns, and those out of JSON."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import TypeAlias

from sqlglot import exp

from mqsql.compiler.dialect.expression_words import Compare
from mqsql.compiler.dialect.json import JsonRef, JsonType
from mqsql.compiler.dialect.words import Words
from mqsql.compiler.lower.sql import Condition, and_, case, func, is_not_null, is_null
from mqsql.schema import ColumnType
from mqsql.values.collation import Collation


@dataclass(frozen=True)
class ColumnValue:
    """A value of one type: of a typed column, or the name of a member. `collation` says how it compares with strings."""

    words: Words
    kind: ColumnType
    make: Callable[[], exp.Expr]
    collation: Collation | None = None
    nested: bool = False
    """It is inside a loop."""

    def text(self) -> exp.Expr:
        """The value, NULL where it is missing."""
        return self.make()

    def compare(self, compare: Compare, operand: exp.Expr) -> Condition:
        """It compares so with an operand that is encoded as values of its type are."""
        return self.words.compare_column(self.kind, self.make(), compare, operand)

    def exists(self) -> Condition:
        """It is not missing."""
        return is_not_null(self.make())

    def is_null(self) -> Condition:
        """It is null or missing."""
        return is_null(self.make())

    def of_type(self, types: Sequence[JsonType], condition: Condition) -> Condition:
        """The condition, for values of these types only: a typed column has but one."""
        return condition


@dataclass(frozen=True)
class JsonValue:
    """A value inside JSON, of any type. `collation` says how it compares with strings."""

    words: Words
    ref: JsonRef
    collation: Collation | None = None

    @property
    def nested(self) -> bool:
        """It is inside a loop."""
        return self.ref.element is not None

    def text(self) -> exp.Expr:
        """A string as text; an object or array as JSON text."""
        return self.words.text(self.ref)

    def exists(self) -> Condition:
        """It is not missing."""
        return is_not_null(self.words.type_of(self.ref))

    def is_null(self) -> Condition:
        """It is null or missing."""
        kind, null = self.words.type_of(self.ref), self.words.type_name(JsonType.NULL)
        if not self.ref.is_element:
            kind = func('coalesce', kind, null.copy())
        return exp.EQ(this=kind, expression=null)

    def is_type(self, *types: JsonType) -> Condition:
        """It has one of these types."""
        return self.words.is_type(self.ref, types)

    def of_type(self, types: Sequence[JsonType], condition: Condition) -> Condition:
        """The condition, for values of these types only."""
        return and_([self.is_type(*types), condition])

    def when_array(self, result: exp.Expr) -> exp.Expr:
        """The expression, evaluated for arrays only: the terms of an AND are taken in any order, those of a CASE never."""
        return case((self.is_type(JsonType.ARRAY), result))

    def starts(self, prefix: str, then: str = '') -> Condition:
        """It is an object whose JSON text begins so."""
        return self.of_type((JsonType.OBJECT,), self.words.starts(self.text(), prefix, then))

    def tagged(self, tag: str, condition: Condition | None = None) -> Condition:
        """It is stored under this tag, and the condition holds."""
        return self._object_like(self.words.starts(self.text(), f'{{"{tag}"'), condition)

    def is_object(self, condition: Condition | None = None) -> Condition:
        """It is an object, and none that stands for another type, and the condition holds."""
        return self._object_like(exp.Not(this=self.words.is_tagged(self.text())), condition)

    def _object_like(self, shape: Condition, condition: Condition | None) -> Condition:
        return self.of_type((JsonType.OBJECT,), and_([shape, *([condition] if condition else [])]))


Value: TypeAlias = ColumnValue | JsonValue


def in_list(value: Value) -> Compare:
    """A comparison of this value, or what is made of it, with a list that is one parameter."""
    return lambda left, right: value.words.in_list(left, right, value.nested)
