"""Places inside JSON, and loops over its values, as lowering names them to a dialect."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from enum import Enum
from typing import NamedTuple

from sqlglot import exp


class JsonType(Enum):
    """The types of JSON, in which numbers are two."""

    NULL = 'null'
    BOOLEAN = 'boolean'
    INTEGER = 'integer'
    REAL = 'real'
    STRING = 'string'
    ARRAY = 'array'
    OBJECT = 'object'


NUMBERS = (JsonType.INTEGER, JsonType.REAL)


class Element(NamedTuple):
    """The value at which a loop is, by the loop's alias; `named` where the loop gives its name or position, too."""

    alias: str
    named: bool = False


class Step(NamedTuple):
    """One step of a path in JSON: the (encoded) key of an object, the position in an array, or whichever of both there is."""

    key: str | None = None
    position: str | None = None


@dataclass(frozen=True)
class JsonRef:
    """A place inside a JSON value: the value's expression, made again for each use, and the path from there.

    `element` is the loop's whose value this is, if it is one.
    """

    json: Callable[[], exp.Expr]
    path: tuple[Step, ...] = ()
    element: Element | None = None

    def child(self, key: str) -> JsonRef:
        """The value under an object's (encoded) key; nothing in an array."""
        return self._further(Step(key=key))

    def index(self, position: str) -> JsonRef:
        """An array's element; nothing in an object."""
        return self._further(Step(position=position))

    def child_or_index(self, name: str) -> JsonRef:
        """The value under an object's key, or an array's element."""
        return self._further(Step(name, name))

    def _further(self, step: Step) -> JsonRef:
        return JsonRef(self.json, (*self.path, step), self.element)

    @property
    def is_element(self) -> bool:
        """It is the value of a loop itself, which is never missing."""
        return self.element is not None and not self.path


class Loop(NamedTuple):
    """A loop over the values of `source`, which only the dialect understands."""

    element: Element
    source: tuple[exp.Expr, ...]
