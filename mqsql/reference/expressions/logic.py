"""Expressions that compare, decide, and name values."""

import operator as compare
import re
from collections.abc import Callable, Iterable, Iterator, Mapping
from typing import Any

from mqsql.errors import short_repr
from mqsql.reference.expressions.calls import arguments, function, lazily
from mqsql.reference.expressions.core import (
    Constant,
    Evaluate,
    MeaninglessError,
    Operator,
    Reader,
    Variables,
    guard,
    is_null,
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
    parts = reader.named(operand, ('if', 'then', 'else'))
    test, then, otherwise = parts['if'], parts['then'], parts['else']
    if isinstance(test, Constant):
        return then if truth(test.value) else otherwise
    return lambda variables: (then if truth(test(variables)) else otherwise)(variables)


def _any_or_all(combine: Callable[[Iterable[bool]], bool], decisive: bool) -> Operator:
    """$or and $and: one decisive constant is the answer, whatever the other arguments would be."""

    def read(operand: Any, reader: Reader) -> Evaluate:
        parts = arguments(operand, reader, 0, None)
        if any(isinstance(part, Constant) and truth(part.value) is decisive for part in parts):
            return Constant(decisive)
        return reader.folded(lambda variables: combine(truth(part(variables)) for part in parts), parts)

    return read


def _if_null(values: Iterator[Any]) -> Any:
    last = MISSING
    for last in values:
        if not is_null(last):
            break
    return last


def _switch(operand: Any, reader: Reader) -> Evaluate:
    given = reader.named_parts(operand, ('branches',), ('default',))
    if not isinstance(given['branches'], list | tuple) or not given['branches']:
        raise reader.place.error(f'takes a non-empty list of branches, not {short_repr(given["branches"])}')
    branches: list[tuple[Evaluate, Evaluate]] = []
    reached = True
    for i, branch in enumerate(given['branches']):
        case, then = _branch(branch, reader.at('branches').item(i).reached(reached))
        holds = truth(case.value) if isinstance(case, Constant) else None
        if reached and holds is not False:
            branches.append((case, then))
        reached = reached and holds is not True
    if 'default' in given:
        default = reader.at('default').read(given['default'])
        branches += [(Constant(True), default)] if reached else []

    def evaluate(variables: Variables) -> Any:
        found = (then for case, then in branches if truth(case(variables)))
        return next(found, _no_branch(reader))(variables)

    return reader.folded(evaluate, [part for branch in branches for part in branch])


def _no_branch(reader: Reader) -> Evaluate:
    def fail() -> Any:
        raise MeaninglessError('no branch holds, and there is no default')

    return lambda variables: guard(fail, reader.place)


def _branch(branch: Any, reader: Reader) -> tuple[Evaluate, Evaluate]:
    given = reader.named_parts(branch, ('case', 'then'))
    case = reader.at('case').read(given['case'])
    never = isinstance(case, Constant) and not truth(case.value)
    return case, reader.at('then').reached(not never).read(given['then'])


def _let(operand: Any, reader: Reader) -> Evaluate:
    given = reader.named_parts(operand, ('vars', 'in'))
    if not isinstance(given['vars'], Mapping):
        raise reader.place.error(f'takes a dict of vars, not {short_repr(given["vars"])}')
    inner = reader.at('vars')
    parts = {check_name(name, reader): inner.at(name).read(value) for name, value in given['vars'].items()}
    body = reader.at('in').binding(*parts).read(given['in'])

    def evaluate(variables: Variables) -> Any:
        return body({**variables, **{name: part(variables) for name, part in parts.items()}})

    return reader.folded(evaluate, [*parts.values(), body])


def check_name(name: Any, reader: Reader) -> str:
    """The name of a user's variable, which begins with a lower-case letter or one beyond ASCII; CURRENT can be bound too."""
    if not isinstance(name, str) or not re.fullmatch(r'CURRENT|[a-z\x80-\U0010ffff][a-zA-Z0-9_\x80-\U0010ffff]*', name):
        raise reader.place.error(f'a variable cannot be named {short_repr(name)}')
    return name


def _literal(operand: Any, reader: Reader) -> Evaluate:
    return Constant(read_literal(operand, reader.place))


LOGIC: Mapping[str, Operator] = {
    '$eq': _comparison(compare.eq),
    '$ne': _comparison(compare.ne),
    '$gt': _comparison(compare.gt),
    '$gte': _comparison(compare.ge),
    '$lt': _comparison(compare.lt),
    '$lte': _comparison(compare.le),
    '$cmp': _comparison(lambda a, b: (a > b) - (a < b)),
    '$and': _any_or_all(all, decisive=False),
    '$or': _any_or_all(any, decisive=True),
    '$not': function(lambda value: not truth(value), nullable=False),
    '$cond': _cond,
    '$ifNull': lazily(_if_null, 2),
    '$switch': _switch,
    '$let': _let,
    '$literal': _literal,
}
