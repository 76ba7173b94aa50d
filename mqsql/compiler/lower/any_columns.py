"""SQL over columns of values of any type: text is stored as TEXT, every other value as a BLOB of JSON.

In SQLite's order all BLOBs come after all TEXT: the texts and the other values are one range of an index each.
"""

from collections.abc import Callable, Sequence

from sqlglot import exp

from mqsql.compiler.lower.paths import listed
from mqsql.compiler.lower.sql import Condition, JsonRef, case, func, text
from mqsql.compiler.tree.predicate import Leaf
from mqsql.schema import ANY


def is_other(stored: exp.Expr) -> Condition:
    """The value of an Any column is not text."""
    return exp.GTE(this=stored, expression=exp.HexString(this=''))


def among_others(stored: exp.Expr) -> Condition:
    """The same, with a hint for SQLite that few records match, which makes it use an index."""
    return func('likelihood', is_other(stored), exp.Literal.number('0.0001'))


def before_others(stored: exp.Expr) -> Condition:
    """The value of an Any column is text, as the end of a range of the column's index."""
    return exp.LT(this=stored, expression=exp.HexString(this=''))


def is_text(stored: exp.Expr) -> Condition:
    """The value of an Any column is text."""
    return exp.EQ(this=func('typeof', stored), expression=text('text'))


def opened(stored: Callable[[], exp.Expr]) -> JsonRef:
    """The value of an Any column that is not text, as the only element of a JSON array."""
    return JsonRef(lambda: listed(stored()), '$[0]')


def as_json(stored: Callable[[], exp.Expr]) -> exp.Expr:
    """The value of an Any column, text or not, as JSON."""
    other = exp.Cast(this=stored(), to=exp.DataType.build('TEXT'))
    return case((is_text(stored()), func('json_quote', stored())), default=other)


# --- tests of its texts

TEXT_ONLY = frozenset({'$eq', '$in', '$lt', '$lte'})
"""With a text as operand they match no BLOB."""

UPWARDS = frozenset({'$gt', '$gte'})
"""They match all BLOBs."""


def is_for_text(test: Leaf) -> bool:
    """Whether the test can match a text that an Any column holds."""
    textual = test.form == 'string' or test.operator in ('$regex', '$glob', 'minLength', 'maxLength')
    return textual and test.field.kind is ANY and not test.field.steps


def bounds_of_texts(tests: Sequence[Leaf], stored: Callable[[], exp.Expr]) -> list[Condition]:
    """What keeps tests for texts from matching the BLOBs of an Any column; empty if they do not match any."""
    operators = {test.operator for test in tests}
    if operators & TEXT_ONLY:
        return []
    return [before_others(stored()) if operators & UPWARDS else is_text(stored())]
