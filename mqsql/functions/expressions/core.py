"""How an expression is built and run: operands, variables, paths, and what an operator is.

An expression is built once, into a function of its variables; parts without variables are computed while it is built, as
MongoDB does. Operators are plain functions of values, which raise ExpressionError; only this module knows their places.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any

from mqsql import limits
from mqsql.errors import QueryError, UnknownNameError, did_you_mean, named, short_repr
from mqsql.functions.expressions.values import MISSING, ExpressionError, as_null
from mqsql.limits import budget
from mqsql.values.bson_order import bson_key
from mqsql.values.collation import Collation
from mqsql.values.paths import DBREF, MAX_STEPS, cut_path

Variables = Mapping[str, Any]
Run = Callable[[Variables], Any]


@dataclass(frozen=True)
class Compiled:
    """An expression as a function of its variables; a constant one needs none. `steps` is the number of its parts."""

    run: Run
    constant: bool = False
    steps: int = 1


@dataclass(frozen=True)
class Operator:
    """How an operator's operand is read."""

    build: 'Callable[[ExprContext, Any], Compiled]'


@dataclass(frozen=True)
class ExprContext:
    """A place in an expression: the way there for messages, the variables known, and who resolves the keys of a record.

    `folds` says that constant parts are computed while building, as they are but for the branches of a $switch that it
    never reaches.
    """

    path: str
    operators: Mapping[str, Operator]
    column: Callable[[str | None, str, bool], str]
    variables: frozenset[str] = frozenset({'ROOT', 'NOW', 'REMOVE'})
    depth: int = 0
    fold_constants: bool = True
    collation: Collation | None = None

    def inside(self, step: str, *variables: str) -> 'ExprContext':
        """The place one step further in, with more variables."""
        if self.depth >= MAX_LEVELS:
            message = (
                f'an expression is nested at most {MAX_LEVELS} levels deep, each operator, operand and field counted'
            )
            raise QueryError(message, self.path[:100] + '…')
        return replace(
            self, path=cut_path(self.path + step), depth=self.depth + 1, variables=self.variables | set(variables)
        )

    def error(self, message: str) -> QueryError:
        """The QueryError for this place."""
        return QueryError(message, self.path)

    def if_reached(self, reached: bool) -> 'ExprContext':
        """The same place, in a branch that may never be taken."""
        return self if reached else replace(self, fold_constants=False)

    def combine(self, run: Run, parts: list[Compiled]) -> Compiled:
        """An expression of these parts, computed at once if all are constant."""

        def located(variables: Variables) -> Any:
            try:
                return run(variables)
            except (ExpressionError, budget.TooMuchError) as e:
                raise QueryError(str(e), self.path) from None

        if self.fold_constants and all(part.constant for part in parts):
            return constant(located({}))
        return Compiled(located, steps=1 + sum(part.steps for part in parts))

    # --- values

    def order_key(self, value: Any) -> str:
        """Orders as BSON and the collation do, what is missing before all else."""
        if value is MISSING:
            return ''
        key = bson_key(value, self.collation)
        budget.make(len(key))
        return key

    def compare(self, left: Any, right: Any) -> int:
        """Below 0, 0 or above 0, as the left one orders before, with or behind the right one."""
        # What Python itself orders as BSON does needs no key.
        kind, other = type(left), type(right)
        same = kind is other and (kind is datetime or (kind is str and self.collation is None))
        direct = same or (kind in _NUMBERS and other in _NUMBERS and left == left and right == right)
        a, b = (left, right) if direct else (self.order_key(left), self.order_key(right))
        return (a > b) - (a < b)

    # --- expressions

    def build(self, expression: Any) -> Compiled:
        """The function of an expression, given as a canonical value."""
        if isinstance(expression, str) and expression.startswith('$'):
            return self._path(expression)
        if isinstance(expression, list):
            return self._list(expression)
        if isinstance(expression, dict):
            return self._dict(expression)
        return constant(expression)

    def _list(self, expression: list[Any]) -> Compiled:
        if all(map(_is_plain, expression)):
            return constant(expression)
        parts = [self.inside(f'[{i}]').build(item) for i, item in enumerate(limits.checked(expression))]
        size = budget.REFERENCE * (8 + len(parts))

        def run(variables: Variables) -> Any:
            budget.make(size)
            return [as_null(part.run(variables)) for part in parts]

        return self.combine(run, parts)

    def _dict(self, expression: dict[str, Any]) -> Compiled:
        names = list(expression)
        if names and names[0].startswith('$'):
            if len(names) > 1:
                raise self.error(f'an operator is the only key of its dict; remove {named(names[1])}')
            return self._operator(names[0], expression[names[0]])
        if bad := [name for name in names if name.startswith('$') or '.' in name or '\0' in name or not name]:
            raise self.error(f'a field of an object cannot be named {named(bad[0])}')
        parts = {name: self.inside(f'.{name}').build(part) for name, part in expression.items()}

        size = budget.FIELD * (1 + len(parts))

        def run(variables: Variables) -> Any:
            budget.make(size)
            found = ((name, part.run(variables)) for name, part in parts.items())
            return {name: value for name, value in found if value is not MISSING}

        return self.combine(run, list(parts.values()))

    def _operator(self, name: str, operand: Any) -> Compiled:
        if name in UNSUPPORTED:
            raise self.error(f'{name} is not supported')
        if name not in self.operators:
            raise UnknownNameError(did_you_mean('expression', name, self.operators), self.path)
        return self.operators[name].build(self.inside(f'.{name}'), operand)

    # --- paths

    def _path(self, expression: str) -> Compiled:
        name, *steps = (expression[2:] if expression.startswith('$$') else 'CURRENT.' + expression[1:]).split('.')
        if name == 'CURRENT' and name not in self.variables:
            name = 'ROOT'  # until an expression binds it to something else
        if name not in self.variables:
            known = sorted('$$' + variable for variable in self.variables | {'CURRENT'})
            raise UnknownNameError(did_you_mean('variable', '$$' + name, known), self.path)
        if name == 'ROOT':
            return self._field(steps)
        self._check_steps(steps)
        if name == 'REMOVE':
            return constant(MISSING)
        return Compiled(lambda variables: walk(variables[name], steps))

    def _field(self, steps: list[str]) -> Compiled:
        if not steps:
            self.column(None, self.path, False)
            return Compiled(lambda variables: variables['ROOT'])
        steps = [self.column(steps[0], self.path, len(steps) > 1), *steps[1:]]
        self._check_steps(steps)
        return Compiled(lambda variables: walk(variables['ROOT'], steps))

    def _check_steps(self, steps: list[str]) -> None:
        if any(not step or '\0' in step or (step.startswith('$') and step not in DBREF) for step in steps):
            raise self.error(f'a path has no such step: {short_repr(".".join(steps))}')
        if len(steps) > MAX_STEPS + 1:
            raise self.error(f'a path has at most {MAX_STEPS} steps')


_NUMBERS = frozenset({int, float})

MAX_LEVELS = 200
"""MongoDB's limit for documents within each other."""

UNSUPPORTED = frozenset(
    """
    $accumulator $acos $acosh $allElements $arrayToObject $asin $asinh $atan $atan2 $atanh $binarySize $bitAnd
    $bitNot $bitOr $bitXor $bsonSize $convert $cos $cosh $dateFromParts $dateFromString $dateToParts
    $degreesToRadians $firstN $function $getField $lastN $maxN $median $meta $minN $percentile $radiansToDegrees
    $rand $regexFind $regexFindAll $sampleRate $setDifference $setField $setIntersection $setUnion $sigmoid $sin
    $sinh $sortArray $stdDevPop $stdDevSamp $tan $tanh $toDecimal $toHashedIndexKey $toObjectId $toUUID
    $tsIncrement $tsSecond $unsetField $zip
    """.split()
)
"""Operators that MongoDB has and expressions here have not."""


def constant(value: Any) -> Compiled:
    """An expression that is a value."""
    return Compiled(lambda variables: value, constant=True)


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


def _is_plain(value: Any) -> bool:
    """Whether an expression is a plain value."""
    return not isinstance(value, dict | list) and not (isinstance(value, str) and value.startswith('$'))
