"""Expressions, as $expr and computed fields take them.

The operators are those of MongoDB's manual, "Expression Operators", that EXPRESSIONS lists.
"""

from collections.abc import Callable, Mapping
from typing import Any

from mqsql.reference.allowance import ExhaustedError, allowed
from mqsql.reference.expressions.arrays import ARRAYS
from mqsql.reference.expressions.core import Evaluate, Operator, Reader
from mqsql.reference.expressions.dates import DATES
from mqsql.reference.expressions.logic import LOGIC
from mqsql.reference.expressions.numbers import NUMBERS
from mqsql.reference.expressions.texts import TEXTS
from mqsql.reference.expressions.types import CONVERSIONS
from mqsql.reference.place import Place
from mqsql.reference.values import truth
from mqsql.schema import BUFFERS

EXPRESSIONS: Mapping[str, Operator] = {**LOGIC, **NUMBERS, **DATES, **TEXTS, **ARRAYS, **CONVERSIONS}
"""Every operator of expressions by name."""


def read_expression(expression: object, place: Place) -> Callable[[dict[str, Any]], Any]:
    """What the expression gives for a record; MISSING where that is nothing."""
    with allowed():
        evaluate: Evaluate = Reader(place, EXPRESSIONS).read(expression)
    buffers = {column for column, kind in place.table.columns.items() if kind is BUFFERS} if place.table else set()

    def value(record: dict[str, Any]) -> Any:
        with allowed():
            try:
                return evaluate({'ROOT': {name: part for name, part in record.items() if name not in buffers}})
            except ExhaustedError as e:
                raise place.error(str(e)) from None

    return value


def read_expr(expression: object, place: Place) -> Callable[[dict[str, Any]], bool]:
    """$expr: the records for which the expression is true."""
    if place.table is None:
        raise place.error('$expr looks at whole records, so it is not allowed inside $elemMatch')
    evaluate = read_expression(expression, place)
    return lambda record: truth(evaluate(record))
