"""The functions that statements for DuckDB call, which Python gives a connection."""

from __future__ import annotations

from collections.abc import Callable
from functools import wraps
from inspect import Parameter, Signature
from typing import Any, NamedTuple, Protocol

import orjson

from mqsql import functions
from mqsql.functions.expressions import evaluate
from mqsql.functions.json_schema import all_differ, is_multiple, name_of, unordered_key_of
from mqsql.functions.sort_key import one_array, sort_key


class Function(NamedTuple):
    """A function by its name in SQL, with the types of its parameters, None if it takes any, and of its result.

    Its first argument in SQL is not passed to `function`: it is the variable QUERY of the connection, by which a store knows
    whose query a call belongs to. NULLs are passed as None.
    """

    name: str
    parameters: tuple[str, ...] | None
    result: str
    function: Callable[..., Any]


QUERY = 'mqsql_query'


def _with_collation(function: Callable[..., Any]) -> Callable[..., Any]:
    """A function whose last two arguments, the collation, are None where there is none."""

    @wraps(function)
    def call(*arguments: Any) -> Any:
        return function(*arguments) if arguments[-1] is not None else function(*arguments[:-2])

    return call


def _one_array(key: str, parts: list[str | None]) -> Any:
    return one_array(key, *parts)


def _bits_set(binary: str | None, positions: list[int]) -> int | None:
    return functions.bits_set(binary, orjson.dumps(positions).decode())


def _is_multiple(number: str | None, divisor: str) -> bool:
    """As `is_multiple`, of a number as JSON, or of one of a column as text, which may be infinite or NaN."""
    if number in ('nan', 'inf', '-inf'):
        return False
    tagged = number is None or number.startswith('{')
    return is_multiple(number if tagged else orjson.loads(number or ''), divisor)


FUNCTIONS = (
    Function('mqsql_key', ('VARCHAR', 'INTEGER', 'INTEGER'), 'VARCHAR', _with_collation(functions.key_of)),
    Function('mqsql_collate', ('VARCHAR', 'INTEGER', 'INTEGER'), 'VARCHAR', functions.collate),
    Function('mqsql_regex', ('VARCHAR', 'VARCHAR', 'VARCHAR'), 'BOOLEAN', functions.regex_matches),
    Function('mqsql_glob', ('VARCHAR', 'VARCHAR'), 'BOOLEAN', functions.glob_matches),
    Function('mqsql_bits', ('VARCHAR', 'BIGINT[]'), 'BIGINT', _bits_set),
    Function('mqsql_sort_key', ('VARCHAR', 'VARCHAR', 'INTEGER', 'INTEGER'), 'VARCHAR', _with_collation(sort_key)),
    Function('mqsql_one_array', ('VARCHAR', 'VARCHAR[]'), 'VARCHAR', _one_array),
    Function('mqsql_unordered_key', ('VARCHAR',), 'VARCHAR', unordered_key_of),
    Function('mqsql_unique', ('VARCHAR',), 'BOOLEAN', all_differ),
    Function('mqsql_multiple', ('VARCHAR', 'VARCHAR'), 'BOOLEAN', _is_multiple),
    Function('mqsql_name', ('VARCHAR',), 'VARCHAR', name_of),
    Function('mqsql_expr', None, 'BOOLEAN', evaluate),
)


class Connection(Protocol):
    """What `register` needs of a connection of the package duckdb."""

    def create_function(self, name: str, function: Callable[..., Any], *args: Any, **options: Any) -> Any:
        """Make a function of Python one of SQL."""

    def execute(self, query: str, /) -> Any:
        """Run a statement."""


def register(connection: Connection) -> None:
    """Give a connection, and with it all of its database, the functions that statements call; it may have them already.

    It needs numpy, as every function of Python in DuckDB does.
    """
    known = {name for (name,) in connection.execute('SELECT function_name FROM duckdb_functions()').fetchall()}
    for function in FUNCTIONS:
        if function.name not in known:
            create_function(connection, function, _without_query(function.function))


def _without_query(function: Callable[..., Any]) -> Callable[..., Any]:
    def call(query: object, *arguments: Any) -> Any:
        return function(*arguments)

    return call


def create_function(connection: Connection, function: Function, call: Callable[..., Any]) -> None:
    """Make a function known to a connection as `call`, which is given the variable QUERY before the arguments."""
    types = None if function.parameters is None else ['BIGINT', *function.parameters]
    if types is not None:
        # DuckDB looks how many parameters a function has.
        parameters = [Parameter(f'_{i}', Parameter.POSITIONAL_ONLY) for i in range(len(types))]
        vars(call)['__signature__'] = Signature(parameters)
    connection.create_function(function.name, call, types, function.result, null_handling='special')
