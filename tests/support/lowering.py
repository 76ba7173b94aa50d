"""Whether expressions are lowered to SQL, and a way to have them all interpreted."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any
from unittest.mock import patch

import mqsql
from mqsql.compiler import rendering
from mqsql.compiler.lower import expressions as lowered
from mqsql.compiler.lower import predicate
from mqsql.compiler.parse import expressions as parsed


def _none(*arguments: object) -> None:
    return None


@contextmanager
def interpreted() -> Iterator[None]:
    """A block in which each expression is a call of the function of the connection."""
    rendering._RENDERED.cache_clear()
    try:
        with (
            patch.object(predicate, 'lower_expression', lowered.interpreted),
            patch.object(parsed, 'as_predicate', _none),
            patch.object(parsed, 'equality', _none),
            patch.object(parsed, 'has_value', lambda tree, table: False),
        ):
            yield
    finally:
        rendering._RENDERED.cache_clear()


def condition(expression: Any, **options: Any) -> str:
    """The SQL of an expression."""
    sql = mqsql.compile({'$expr': expression}, [], **options).sql
    return sql.partition(' WHERE ')[2].partition(' ORDER BY rowid')[0]


def is_lowered(expression: Any) -> bool:
    """Whether SQL decides the expression, at least of some records."""
    return not condition(expression).startswith('mqsql_expr(')
