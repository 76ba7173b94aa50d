"""Parses an expression into its tree; QueryError names the place of what has no meaning."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from mqsql import limits
from mqsql.errors import QueryError, UnknownNameError, did_you_mean, named, short_repr
from mqsql.functions.expressions.tree import Array, Expression, FieldPath, Literal, Object, Variable
from mqsql.values.paths import DBREF, MAX_STEPS, cut_path

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

Parse = Callable[['ExprParser', str, Any], Expression]


@dataclass(frozen=True, slots=True)
class ExprParser:
    """A place in an expression: the path to it for messages, the variables known, and who resolves the keys of a record."""

    path: str
    operands: Mapping[str, Parse]
    column: Callable[[str | None, str, bool], str]
    variables: frozenset[str] = frozenset({'ROOT', 'NOW', 'REMOVE'})
    depth: int = 0

    def at(self, step: str, *variables: str) -> 'ExprParser':
        """The place one step further in, with more variables."""
        if self.depth >= MAX_LEVELS:
            message = (
                f'an expression is nested at most {MAX_LEVELS} levels deep, each operator, operand and field counted'
            )
            raise QueryError(message, self.path[:100] + '…')
        known = self.variables | set(variables) if variables else self.variables
        return ExprParser(cut_path(self.path + step), self.operands, self.column, known, self.depth + 1)

    def error(self, message: str) -> QueryError:
        """The QueryError for this place."""
        return QueryError(message, self.path)

    def parse(self, expression: Any) -> Expression:
        """The tree of an expression, given as a canonical value."""
        if isinstance(expression, str) and expression.startswith('$'):
            return self._path(expression)
        if isinstance(expression, list):
            return self._list(expression)
        if isinstance(expression, dict):
            return self._dict(expression)
        return Literal(expression)

    def _list(self, expression: list[Any]) -> Expression:
        if all(map(_is_plain, expression)):
            return Literal(expression)
        return Array(tuple(self.at(f'[{i}]').parse(item) for i, item in enumerate(limits.checked(expression))))

    def _dict(self, expression: dict[str, Any]) -> Expression:
        names = list(expression)
        if names and names[0].startswith('$'):
            if len(names) > 1:
                raise self.error(f'an operator is the only key of its dict; remove {named(names[1])}')
            return self._operator(names[0], expression[names[0]])
        if bad := [name for name in names if name.startswith('$') or '.' in name or '\0' in name or not name]:
            raise self.error(f'a field of an object cannot be named {named(bad[0])}')
        return Object(tuple((name, self.at(f'.{name}').parse(part)) for name, part in expression.items()))

    def _operator(self, name: str, operand: Any) -> Expression:
        if name in UNSUPPORTED:
            raise self.error(f'{name} is not supported')
        if name not in self.operands:
            raise UnknownNameError(did_you_mean('expression', name, self.operands), self.path)
        return self.operands[name](self.at(f'.{name}'), name, operand)

    # --- paths

    def _path(self, expression: str) -> Expression:
        name, *steps = (expression[2:] if expression.startswith('$$') else 'CURRENT.' + expression[1:]).split('.')
        if name == 'CURRENT' and name not in self.variables:
            name = 'ROOT'  # until an expression binds it to something else
        if name not in self.variables:
            known = sorted('$$' + variable for variable in self.variables | {'CURRENT'})
            raise UnknownNameError(did_you_mean('variable', '$$' + name, known), self.path)
        if name == 'ROOT':
            return self._field(steps)
        self._check_steps(steps)
        return Variable(name, tuple(steps))

    def _field(self, steps: list[str]) -> FieldPath:
        if not steps:
            self.column(None, self.path, False)
            return FieldPath(None)
        column, *rest = self.column(steps[0], self.path, len(steps) > 1), *steps[1:]
        self._check_steps([column, *rest])
        return FieldPath(column, tuple(rest))

    def _check_steps(self, steps: list[str]) -> None:
        if any(not step or '\0' in step or (step.startswith('$') and step not in DBREF) for step in steps):
            raise self.error(f'a path has no such step: {short_repr(".".join(steps))}')
        if len(steps) > MAX_STEPS + 1:
            raise self.error(f'a path has at most {MAX_STEPS} steps')


def _is_plain(value: Any) -> bool:
    """Whether an expression is a plain value."""
    return not isinstance(value, dict | list) and not (isinstance(value, str) and value.startswith('$'))
