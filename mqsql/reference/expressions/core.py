"""Reads expressions into functions.

An expression is a literal, a path (`$started`, `$content.a`), a variable (`$$this.x`), a list or dict of expressions, or a
dict of one operator. It is read once, and then evaluated for each record with the variables in scope, ROOT among them.
An operator on constants is evaluated when it is read: MongoDB does so as it optimizes a query, so that what has no meaning
there is an error of the query, even in a branch that no record takes (but for those of a $switch that it never asks).
"""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, replace
from typing import Any

from mqsql import limits
from mqsql.errors import named, short_repr
from mqsql.reference.allowance import ExhaustedError, listing, work
from mqsql.reference.place import DBREF, MAX_LEVELS, MAX_STEPS, Place, read_literal, resolve
from mqsql.reference.values import MISSING
from mqsql.schema import BUFFERS

Variables = Mapping[str, Any]
Evaluate = Callable[[Variables], Any]
Function = Callable[..., Any]


class MeaninglessError(ValueError):
    """An operator was given a value that it has no result for; becomes a QueryError that names the place."""


@dataclass(frozen=True)
class Constant:
    """An expression that gives the same for each record."""

    value: Any

    def __call__(self, variables: Variables) -> Any:
        return self.value


@dataclass(frozen=True)
class Reader:
    """Reads the expressions at a place; `variables` are those that may be named there."""

    place: Place
    operators: Mapping[str, 'Operator']
    variables: frozenset[str] = frozenset()
    folds: bool = True

    def at(self, name: str) -> 'Reader':
        """The reader one level below."""
        return replace(self, place=self.place.at(name).nested(MAX_LEVELS))

    def item(self, index: int) -> 'Reader':
        """The reader for an item of a list."""
        return replace(self, place=self.place.item(index))

    def binding(self, *names: str) -> 'Reader':
        """The reader in the scope of these variables."""
        return replace(self, variables=self.variables.union(names))

    def reached(self, reached: bool) -> 'Reader':
        """The reader at that place, which evaluates no constants if no record can reach it."""
        return replace(self, folds=self.folds and reached)

    def read(self, expression: Any) -> Evaluate:
        """The function that evaluates the expression."""
        if isinstance(expression, str) and expression.startswith('$'):
            return self._variable(expression[2:] if expression.startswith('$$') else f'CURRENT.{expression[1:]}')
        if isinstance(expression, list | tuple):
            return self._list(expression)
        if isinstance(expression, Mapping):
            return self._dict(expression)
        return Constant(read_literal(expression, self.place))

    def folded(self, evaluate: Evaluate, parts: Iterable[Evaluate]) -> Evaluate:
        """The expression made of these parts, evaluated if all of them are constants."""
        return Constant(evaluate({})) if self.folds and all(isinstance(part, Constant) for part in parts) else evaluate

    def _path(self, path: str) -> Evaluate:
        if self.place.table is None:
            raise self.place.error('an expression can look at whole records only')
        (column, *steps), kind = resolve(path, self.place.table, self.place)
        if kind is BUFFERS:
            raise self.place.error(f'{column} holds {kind.holds}, which expressions cannot use')
        self._check_steps([column])
        self._check_steps(steps)
        return lambda variables: follow(variables['ROOT'], [column, *steps])

    def _variable(self, expression: str) -> Evaluate:
        name, *steps = expression.split('.')
        if name == 'CURRENT' and name not in self.variables:
            name = 'ROOT'  # its meaning unless it is bound
        if name == 'ROOT' and steps:
            return self._path('.'.join(steps))
        known = {'ROOT', 'CURRENT', 'NOW', 'REMOVE', *self.variables}
        if name not in known:
            raise self.place.unknown('variable', f'$${name}', [f'$${n}' for n in known])
        self._check_steps(steps)
        if name == 'REMOVE':
            return Constant(MISSING)
        if name == 'NOW':
            return lambda variables: follow(self.place.now, steps)
        return lambda variables: follow(variables.get(name, MISSING), steps)

    def _check_steps(self, steps: list[str]) -> None:
        if odd := [s for s in steps if not s or '\0' in s or (s.startswith('$') and s not in DBREF)]:
            raise self.place.error(f'a path cannot have the step {named(odd[0])}')
        if len(steps) > MAX_STEPS:
            raise self.place.error(f'a path of more than {MAX_STEPS} steps')

    def _list(self, items: Any) -> Evaluate:
        inner = replace(self, place=self.place.nested(MAX_LEVELS))
        if items and all(map(_is_scalar, items)):
            return Constant(read_literal(items, self.place))
        parts = [inner.item(i).read(item) for i, item in enumerate(limits.checked(items))]

        def evaluate(variables: Variables) -> list[Any]:
            guard(listing, self.place, len(parts))
            return [null_if_missing(part(variables)) for part in parts]

        return self.folded(evaluate, parts)

    def _dict(self, fields: Mapping[Any, Any]) -> Evaluate:
        names = list(fields)
        if any(not isinstance(name, str) for name in names):
            raise self.place.error('an object has text for keys')
        if names and names[0].startswith('$'):
            return self._operator(names, fields)
        if odd := [name for name in names if not name or name.startswith('$') or {'.', '\0'} & set(name)]:
            raise self.place.error(f'a field of an object cannot be named {short_repr(odd[0])}')
        parts = {name: self.at(name).read(value) for name, value in fields.items()}

        def evaluate(variables: Variables) -> dict[str, Any]:
            guard(listing, self.place, len(parts), 100)
            return without_missing({name: part(variables) for name, part in parts.items()})

        return self.folded(evaluate, parts.values())

    def _operator(self, names: list[str], fields: Mapping[str, Any]) -> Evaluate:
        name = names[0]
        if len(names) > 1:
            raise self.place.error(f'an operator is the only key of its dict; remove {short_repr(names[1])}')
        if name in UNSUPPORTED:
            raise self.place.error(f'{name} is not supported in expressions')
        if name not in self.operators:
            raise self.place.unknown('expression', name, self.operators)
        return self.operators[name](fields[name], self.at(name))

    def named(self, operand: Any, needed: tuple[str, ...], optional: tuple[str, ...] = ()) -> dict[str, Evaluate]:
        """The arguments that an operator was given by name."""
        given = self.named_parts(operand, needed, optional)
        return {name: self.at(name).read(value) for name, value in given.items()}

    def named_parts(self, operand: Any, needed: tuple[str, ...], optional: tuple[str, ...] = ()) -> Mapping[str, Any]:
        """The arguments unread; QueryError for those that lack or that nobody knows."""
        if not isinstance(operand, Mapping):
            raise self.place.error(f'takes a dict of {", ".join(needed or optional)}, not {short_repr(operand)}')
        if lacking := [name for name in needed if name not in operand]:
            raise self.place.error(f'lacks {named(lacking[0])}')
        if odd := [name for name in operand if name not in (*needed, *optional)]:
            raise self.place.error(f'does not take {short_repr(odd[0])}')
        return operand


Operator = Callable[[Any, Reader], Evaluate]
"""Takes the operand, unread, and the reader at its place."""


UNSUPPORTED = frozenset(
    """
    $accumulator $acos $acosh $arrayToObject $asin $asinh $atan $atan2 $atanh $avgN $binarySize $bitAnd $bitNot $bitOr
    $bitXor $bsonSize $convert $cos $cosh $createObjectId $currentDate $dateFromParts $dateFromString $dateToParts
    $degreesToRadians $derivative $deserializeEJSON $encStrContains $encStrEndsWith $encStrNormalizedEq $encStrStartsWith
    $expMovingAvg $firstN $function $getField $hash $hexHash $integral $lastN $linearFill $locf $maxN $maxNArray $median
    $meta $minN $minNArray $percentile $radiansToDegrees $rand $regexFind $regexFindAll $replaceField $sampleRate
    $serializeEJSON $setDifference $setField $setIntersection $setUnion $shift $similarityCosine $similarityDotProduct
    $similarityEuclidean $sin $sinh $sortArray $stdDevPop $stdDevSamp $subtype $tan $tanh $toArray $toDecimal
    $toHashedIndexKey $toObject $toObjectId $toUUID $tsIncrement $tsSecond $unsetField $zip
    """.split()
)
"""Operators of MongoDB's expressions that have no meaning here, or none yet."""


def _is_scalar(value: Any) -> bool:
    """Whether the expression is a value that is neither a path nor has parts."""
    return not isinstance(value, Mapping | list | tuple) and not (isinstance(value, str) and value.startswith('$'))


def null_if_missing(value: Any) -> Any:
    """The value in a list, where nothing can be missing."""
    return None if value is MISSING else value


def is_null(value: Any) -> bool:
    """Whether the value is null or missing."""
    return value is None or value is MISSING


def without_missing(fields: dict[str, Any]) -> dict[str, Any]:
    """The fields that have a value."""
    return {name: value for name, value in fields.items() if value is not MISSING}


def follow(value: Any, steps: list[str]) -> Any:
    """The value of a path in an expression: through an array a list of what its objects have there; no step is an index."""
    if not steps:
        return value
    if isinstance(value, list):
        listing(len(value))
        found = [follow(part, steps) for part in value if isinstance(part, dict)]
        return [part for part in found if part is not MISSING]
    return follow(value[steps[0]], steps[1:]) if isinstance(value, dict) and steps[0] in value else MISSING


def guard(call: Function, place: Place, *values: Any) -> Any:
    """The function's result; what it has none for becomes a QueryError that names the place."""
    try:
        work()
        return call(*values)
    except (MeaninglessError, ExhaustedError, OverflowError) as e:
        raise place.error(str(e)) from None
