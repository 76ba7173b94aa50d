"""Expressions that compare, decide, and name values. Imports `errors`, and `values` and `core` of the reference."""

import operator as compare
from collections.abc import Callable, Iterator, Mapping
from typing import Any

from mqsql.errors import shown
from mqsql.reference.expressions.core import (
    Evaluate,
    MeaninglessError,
    Operator,
    Reader,
    Variables,
    function,
    guard,
    is_constant,
    is_null,
    lazily,
)
from mqsql.reference.place import read_literal
from mqsql.reference.values import MISSING, Fold, Order, order, truth


def rank(value: Any, fold: Fold) -> Order:
    """A value's place in the order of expressions, in which missing comes before null."""
    return (-1,) if value is MISSING else order(value, fold)


def _comparison(holds: Callable[[Any, Any], Any]) -> Operator:
    def read(operand: Any, reader: Reader) -> Evaluate:
        fold = reader.place.fold
        return function(lambda a, b: holds(rank(a, fold), rank(b, fold)), 2, 2, nullable=False)(operand, reader)

    return read


def _cond(operand: Any, reader: Reader) -> Evaluate:
    if isinstance(operand, list | tuple) and len(operand) == 3:
        operand = dict(zip(('if', 'then', 'else'), operand, strict=True))
    given = reader.named_parts(operand, ('if', 'then', 'else'))
    test, decided = _condition(given['if'], reader.at('if'))
    then = reader.at('then').reached(decided is not False).read(given['then'])
    otherwise = reader.at('else').reached(decided is not True).read(given['else'])
    return lambda variables: (then if truth(test(variables)) else otherwise)(variables)


def _condition(condition: Any, reader: Reader) -> tuple[Evaluate, bool | None]:
    """The condition, and its truth if that is the same for each record."""
    evaluate = reader.read(condition)
    return evaluate, truth(evaluate({})) if reader.folds and is_constant(condition) else None


def _if_null(values: Iterator[Any]) -> Any:
    last = MISSING
    for last in values:
        if not is_null(last):
            break
    return last


def _switch(operand: Any, reader: Reader) -> Evaluate:
    given = reader.named_parts(operand, ('branches',), ('default',))
    if not isinstance(given['branches'], list | tuple) or not given['branches']:
        raise reader.place.error(f'takes a non-empty list of branches, not {shown(given["branches"])}')
    branches: list[tuple[Evaluate, Evaluate]] = []
    for i, branch in enumerate(given['branches']):
        inner = reader.at('branches').item(i)
        parts = inner.named_parts(branch, ('case', 'then'))
        case, decided = _condition(parts['case'], inner.at('case'))
        branches.append((case, inner.at('then').reached(decided is not False).read(parts['then'])))
        reader = reader.reached(decided is not True)
    default = reader.at('default').read(given['default']) if 'default' in given else _no_branch(reader)

    def evaluate(variables: Variables) -> Any:
        return next((then for case, then in branches if truth(case(variables))), default)(variables)

    return evaluate


def _no_branch(reader: Reader) -> Evaluate:
    def fail() -> Any:
        raise MeaninglessError('no branch holds, and there is no default')

    return lambda variables: guard(fail, reader.place)


def _let(operand: Any, reader: Reader) -> Evaluate:
    given = reader.named_parts(operand, ('vars', 'in'))
    if not isinstance(given['vars'], Mapping):
        raise reader.place.error(f'takes a dict of vars, not {shown(given["vars"])}')
    inner = reader.at('vars')
    parts = {check_name(name, reader): inner.at(name).read(value) for name, value in given['vars'].items()}
    body = reader.at('in').binding(*parts).read(given['in'])
    return lambda variables: body({**variables, **{name: part(variables) for name, part in parts.items()}})


def check_name(name: Any, reader: Reader) -> str:
    """The name of a user's variable, which begins with a lower-case letter."""
    if not isinstance(name, str) or not name[:1].islower() or not name.replace('_', 'a').isalnum():
        raise reader.place.error(f'a variable cannot be named {shown(name)}')
    return name


def _literal(operand: Any, reader: Reader) -> Evaluate:
    value = read_literal(operand, reader.place)
    return lambda variables: value


LOGIC: Mapping[str, Operator] = {
    '$eq': _comparison(compare.eq),
    '$ne': _comparison(compare.ne),
    '$gt': _comparison(compare.gt),
    '$gte': _comparison(compare.ge),
    '$lt': _comparison(compare.lt),
    '$lte': _comparison(compare.le),
    '$cmp': _comparison(lambda a, b: (a > b) - (a < b)),
    '$and': lazily(lambda values: all(map(truth, values))),
    '$or': lazily(lambda values: any(map(truth, values))),
    '$not': function(lambda value: not truth(value), nullable=False),
    '$cond': _cond,
    '$ifNull': lazily(_if_null, 2),
    '$switch': _switch,
    '$let': _let,
    '$literal': _literal,
}
