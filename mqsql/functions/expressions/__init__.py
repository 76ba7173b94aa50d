"""MongoDB's aggregation expressions over a record, evaluated by a function of the connection.

`mqsql.compiler.parse.expressions` makes a tree of an expression. Its constant parts are computed when the query is parsed, so
that their errors are known before any row is read. The tree is the first parameter of `mqsql_expr`, which interprets it; the
others are the columns that it names.

    tree      the nodes     core      what an operator is     folding   constants     operands  how operands are evaluated
    logic     comparison, conditions, variables       numbers, totals   arithmetic
    moments   zones, units     formats   dates as text     dates, texts, arrays, types   operators on these
"""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import orjson

from mqsql.errors import QueryError
from mqsql.functions.expressions import tree
from mqsql.functions.expressions.arrays import ARRAYS
from mqsql.functions.expressions.core import Compiled, ExprContext, Operator, Variables
from mqsql.functions.expressions.dates import DATES
from mqsql.functions.expressions.folding import fold
from mqsql.functions.expressions.logic import LOGIC
from mqsql.functions.expressions.numbers import NUMBERS
from mqsql.functions.expressions.texts import TEXTS
from mqsql.functions.expressions.totals import TOTALS
from mqsql.functions.expressions.types import TYPES
from mqsql.functions.expressions.values import is_true
from mqsql.kept import Kept
from mqsql.limits import budget
from mqsql.schema import ANY, BOOLEAN, DOCUMENT, NUMBER, STRING, TIMESTAMP, Record
from mqsql.schema.columns import decoder
from mqsql.schema.rows import read_present
from mqsql.values.codec import decode_document, decode_text
from mqsql.values.collation import Collation

EXPRESSIONS: dict[str, Operator] = {**LOGIC, **NUMBERS, **TOTALS, **DATES, **TEXTS, **ARRAYS, **TYPES}
"""Operators of expressions, by name."""


@dataclass(frozen=True)
class Expression:
    """An expression that has been parsed, the columns that it names, and the time of the query."""

    compiled: Compiled
    columns: tuple[str, ...]
    now: datetime

    def value(self, record: Record) -> Any:
        """What it gives for a record of columns that are there; MISSING where that is nothing."""
        return self.compiled.run({'ROOT': record, 'NOW': self.now})


def evaluate(expression: str, *stored: Any) -> bool:
    """Whether an expression, as `read_expr` bound it, is true of a record, given by the columns that it names."""
    now, columns, compiled, path = _COMPILED.get(expression, _compile)
    return is_true(_run(compiled, {'ROOT': read_present(columns, stored, _untold), 'NOW': now}, path))


def _run(compiled: Compiled, variables: Variables, path: str) -> Any:
    budget.begin()
    try:
        budget.step(compiled.steps)
        return compiled.run(variables)
    except RecursionError:
        raise QueryError('makes a value that is nested deeper than Python can follow', path) from None
    except MemoryError:
        raise QueryError('takes more memory than there is', path) from None
    finally:
        budget.end()


def _untold(key: object, name: str, what: str) -> None:
    """A value that cannot be read is missing here; the reader of the record is told."""


Columns = list[tuple[str, Callable[[Any], Any]]]


def _compile(expression: str) -> tuple[tuple[datetime | None, Columns, Compiled, str], int]:
    """The function of an expression, and the bytes that it keeps: of its parts, and of the values of its constant parts."""
    payload = orjson.loads(expression)
    path, now = decode_text(payload['path']), decode_document(payload['now'])
    context = ExprContext(path, EXPRESSIONS, Collation.of(payload['collation']))
    kinds = {kind.name: kind for kind in (STRING, NUMBER, BOOLEAN, TIMESTAMP, DOCUMENT, ANY)}
    columns = [(decode_text(name), decoder(kinds[kind])) for name, kind in payload['columns']]
    budget.begin()
    try:
        compiled = context.compile(fold(context, tree.decode(payload['tree'])))
        left = budget.left()
    finally:
        budget.end()
    size = 20 * len(expression) + int(budget.MAX_BYTES - left.bytes)
    return (now, columns, compiled, path), size


_COMPILED: Kept[str, tuple[datetime | None, Columns, Compiled, str]] = Kept(8_000_000)
