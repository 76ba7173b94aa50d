"""Operators over the elements of one array, or over all operands."""

import math
from collections.abc import Callable, Iterator
from typing import Any

from mqsql.functions.expressions.core import ExprContext, Operator
from mqsql.functions.expressions.numbers import Number, fitted
from mqsql.functions.expressions.operands import comparing, eager
from mqsql.functions.expressions.values import is_nullish, is_number
from mqsql.limits import budget


def _over(function: Callable[[list[Any]], Any]) -> Operator:
    def run(*values: Any) -> Any:
        items = values[0] if len(values) == 1 and isinstance(values[0], list) else list(values)
        budget.step(len(items))
        return function(items)

    return eager(run)


def _carried(numbers: list[Number]) -> float:
    """The sum in two floats, where each addition takes up the error of the one before it; that of the last is lost."""
    total = error = plain = 0.0
    for part in _parts(numbers):
        plain += part
        added = part + error
        error -= added - part
        reached = total + added
        before = reached - added
        error += (total - before) + (added - (reached - before))
        total = reached
    return plain if math.isnan(total) else total  # what is not finite has no error to carry


def _parts(numbers: list[Number]) -> Iterator[float]:
    for number in numbers:
        if isinstance(number, int) and not -(2**31) <= number < 2**31:  # more digits than a float has
            low = abs(number) % 2**32 * (1 if number > 0 else -1)
            yield float(low)
            number -= low
        yield float(number)


def _sum(items: list[Any]) -> Any:
    numbers = _numbers(items)
    whole = fitted(sum(numbers))
    return whole if isinstance(whole, int) else _carried(numbers)


def _numbers(items: list[Any]) -> list[Number]:
    return [fitted(item) for item in items if is_number(item)]


def _average(items: list[Any]) -> Any:
    numbers = _numbers(items)
    return _carried(numbers) / len(numbers) if numbers else None


def _extreme(best: Callable[..., Any]) -> Operator:
    def run(here: ExprContext, items: list[Any]) -> Any:
        return best((item for item in items if not is_nullish(item)), key=here.order_key, default=None)

    return comparing(_over, run)


TOTALS: dict[str, Operator] = {
    '$sum': _over(_sum),
    '$avg': _over(_average),
    '$min': _extreme(min),
    '$max': _extreme(max),
}
