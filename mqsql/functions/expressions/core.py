"""The interpreter of expressions: it compiles a tree into a function of variables.

Operators are plain functions of values, which raise ExpressionError; only this module knows their paths.
"""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from mqsql.errors import QueryError
from mqsql.functions.expressions.tree import Array, Call, Expression, FieldPath, Literal, Object, Variable
from mqsql.functions.expressions.values import MISSING, ExpressionError, as_null
from mqsql.limits import budget
from mqsql.values.bson_order import bson_key
from mqsql.values.collation import Collation
from mqsql.values.paths import cut_path

Variables = Mapping[str, Any]
Run = Callable[[Variables], Any]


@dataclass(frozen=True, slots=True)
class Compiled:
    """An expression as a function of its variables; `steps` is the number of its parts."""

    run: Run
    steps: int = 1


@dataclass(frozen=True, slots=True)
class Operands:
    """The compiled operands of an operator, and the variables that it binds."""

    parts: Mapping[str, Compiled]
    variables: tuple[str, ...] = ()

    @property
    def listed(self) -> list[Compiled]:
        """All of them, in order."""
        return list(self.parts.values())

    def __getitem__(self, name: str) -> Compiled:
        """The operand of a name."""
        return self.parts[f'.{name}']

    def get(self, name: str) -> Compiled | None:
        """The operand of a name, if there is one."""
        return self.parts.get(f'.{name}')

    def or_null(self, name: str) -> Compiled:
        """The operand of a name, or null."""
        return self.parts.get(f'.{name}', NULL)

    def __contains__(self, name: str) -> bool:
        """Whether there is an operand of this name."""
        return f'.{name}' in self.parts


@dataclass(frozen=True)
class Operator:
    """How the compiled operands of an operator become a function.

    `fold` says what constant operands make of a call, where that is not merely its value if all are constant.
    """

    compile: 'Callable[[ExprContext, Operands], Run]'
    fold: 'Callable[[ExprContext, Call], Expression] | None' = None


@dataclass(frozen=True, slots=True)
class ExprContext:
    """A place in an expression: the path to it for messages, and how strings compare."""

    path: str
    operators: Mapping[str, Operator]
    collation: Collation | None = None

    def at(self, step: str) -> 'ExprContext':
        """The place one step further in."""
        return ExprContext(cut_path(self.path + step), self.operators, self.collation)

    # --- values

    def order_key(self, value: Any) -> str:
        """Orders as BSON and the collation do, what is missing before all else."""
        if value is MISSING:
            return ''
        key = bson_key(value, self.collation)
        budget.make(len(key))
        return key

    def compare(self, left: Any, right: Any) -> int:
        """Below 0, 0 or above 0, as the left one orders before, with or after the right one."""
        # What Python itself orders as BSON does needs no key.
        kind, other = type(left), type(right)
        same = kind is other and (kind is datetime or (kind is str and self.collation is None))
        direct = same or (kind in _NUMBERS and other in _NUMBERS and left == left and right == right)
        a, b = (left, right) if direct else (self.order_key(left), self.order_key(right))
        return (a > b) - (a < b)

    # --- compiling

    def compile(self, tree: Expression) -> Compiled:
        """The function of an expression."""
        match tree:
            case Call():
                return self.at(f'.{tree.operator}').call(tree)
            case Literal(value):
                return Compiled(lambda variables: value)
            case FieldPath(None):
                return Compiled(lambda variables: variables['ROOT'])
            case FieldPath(column, steps):
                return _walk_from('ROOT', [column, *steps])
            case Variable(name, steps):
                return _walk_from(name, list(steps))
            case Array(items):
                return self._array([self.at(f'[{i}]').compile(item) for i, item in enumerate(items)])
            case Object(fields):
                return self._object({name: self.at(f'.{name}').compile(part) for name, part in fields})
        raise AssertionError(tree)

    def call(self, call: Call) -> Compiled:
        """The function of a call; the place is that of its operands."""
        parts = {step: self.at(step).compile(part) for step, part in call.operands}
        run = self.operators[call.operator].compile(self, Operands(parts, call.variables))
        return self._combine(run, parts.values())

    def located(self, run: Run) -> Run:
        """The function, whose errors name the place."""

        def located(variables: Variables) -> Any:
            try:
                return run(variables)
            except (ExpressionError, budget.TooMuchError) as e:
                raise QueryError(str(e), self.path) from None

        return located

    def _combine(self, run: Run, parts: Iterable[Compiled]) -> Compiled:
        """The function of an expression that has these parts."""
        return Compiled(self.located(run), steps=1 + sum(part.steps for part in parts))

    def _array(self, parts: list[Compiled]) -> Compiled:
        size = budget.REFERENCE * (8 + len(parts))

        def run(variables: Variables) -> Any:
            budget.make(size)
            return [as_null(part.run(variables)) for part in parts]

        return self._combine(run, parts)

    def _object(self, parts: dict[str, Compiled]) -> Compiled:
        size = budget.FIELD * (1 + len(parts))

        def run(variables: Variables) -> Any:
            budget.make(size)
            found = ((name, part.run(variables)) for name, part in parts.items())
            return {name: value for name, value in found if value is not MISSING}

        return self._combine(run, parts.values())


_NUMBERS = frozenset({int, float})

NULL = Compiled(lambda variables: None)


def _walk_from(name: str, steps: list[Any]) -> Compiled:
    return Compiled(lambda variables: walk(variables[name], steps))


def walk(value: Any, steps: list[str]) -> Any:
    """What a path leads to; from an array, an array of what it leads to from its objects."""
    for i, step in enumerate(steps):
        if isinstance(value, list):
            budget.step(len(value))
            budget.make(budget.REFERENCE * len(value))
            found = [walk(item, steps[i:]) for item in value if isinstance(item, dict)]
            return [item for item in found if item is not MISSING]
        if not isinstance(value, dict):
            return MISSING
        value = value.get(step, MISSING)
    return value
