"""The functions that compiled statements call, as DuckDB calls them: with the number of the connection first.

DuckDB calls them in threads of its own, which know nothing of the query, and makes a text of what they raise.
"""

from collections.abc import Callable
from typing import Any

from mqsql import limits
from mqsql.compiler import Statement
from mqsql.errors import DamagedValueError, MqsqlError
from mqsql.storage.duckdb.connection import Database
from mqsql.storage.duckdb.watch import WATCH
from mqsql.values.codec import UNDECODABLE


def provide_functions(database: Database, statement: Statement) -> None:
    """Make our functions known to a database if the statement calls one: that takes some time, and NumPy."""
    if statement.functions:
        database.add_functions(_for_query)


def _for_query(function: Callable[..., Any]) -> Callable[..., Any]:
    """The function, called within the deadline of the query; the query ends with the error that it raises."""

    def call(number: int | None, *arguments: Any) -> Any:
        running = WATCH.running(number)
        limits.adopt(running.deadline if running else None)
        try:
            return function(*arguments)
        except Exception as e:
            if running is not None:
                running.error = _explained(e)
            raise

    return call


def _explained(error: Exception) -> Exception:
    if isinstance(error, MqsqlError) or not isinstance(error, UNDECODABLE):
        return error
    reason = str(error) or type(error).__name__
    return DamagedValueError(f'there is a value that another program stored and that cannot be read ({reason})')
