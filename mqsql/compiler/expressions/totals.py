"""Operators over the elements of one array, or over all operands. Imports `core` and `numbers`."""

import math
from collections.abc import Callable
from typing import Any

from mqsql.compiler.expressions.core import Here, Operator, is_nullish, is_number
from mqsql.compiler.expressions.numbers import Number, fitted, to_float
from mqsql.compiler.expressions.operands import MANY, comparing, positional


def _over(function: Callable[[list[Any]], Any]) -> Operator:
    def run(*values: Any) -> Any:
        items = values[0] if len(values) == 1 and isinstance(values[0], list) else list(values)
        return function(items)

    return positional(run, 0, MANY)


def _total(numbers: list[Number]) -> Number:
    if all(isinstance(number, int) for number in numbers):
        return sum(numbers)
    floats = list(map(to_float, numbers))
    try:
        return math.fsum(floats)  # MongoDB's carries the error along: next to exact, and rounded once
    except (OverflowError, ValueError):
        return sum(floats)  # what is not finite has no error to carry


def _sum(items: list[Any]) -> Any:
    return fitted(_total(_numbers(items)))


def _numbers(items: list[Any]) -> list[Number]:
    return [fitted(item) for item in items if is_number(item)]


def _average(items: list[Any]) -> Any:
    numbers = _numbers(items)
    return to_float(_total(numbers)) / len(numbers) if numbers else None


def _extreme(best: Callable[..., Any]) -> Operator:
    def run(here: Here, items: list[Any]) -> Any:
        return best((item for item in items if not is_nullish(item)), key=here.order_key, default=None)

    return comparing(_over, run)


TOTALS: dict[str, Operator] = {
    '$sum': _over(_sum),
    '$avg': _over(_average),
    '$min': _extreme(min),
    '$max': _extreme(max),
}
