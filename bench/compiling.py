"""What compiling costs. Imports `mqsql` and sqlglot.

    python -m bench.compiling

Each query is compiled as one of a new shape, and as one of a known shape. The first is compared with what sqlglot needs for the
same statement when all is known: to make its nodes, as copies of those that there are, and to print them. Keys and sort are
known from queries of other shapes, but for what is said to be the first. Printed are microseconds of processor time, the least
of some rounds in turn, and the quotient.
"""

import time
from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any
from unittest.mock import patch

from rich import box
from rich.console import Console
from rich.table import Table
from sqlglot import exp

from mqsql.compiler import compile, known, outputs, rendering
from mqsql.compiler.dialect import Dialect
from mqsql.compiler.dialect.printer import Printed
from mqsql.compiler.dialects import find_dialect
from mqsql.compiler.lower.statements import lower_statement
from mqsql.compiler.parse import sort
from mqsql.compiler.tree.select import Statement

NOON = datetime(2026, 1, 1, 12, tzinfo=UTC)
ROUNDS = 50
CALLS = 20
"""Queries of a known shape, of which one takes too little to be measured."""

QUERIES: list[tuple[dict[str, Any], dict[str, Any]]] = [
    ({'completed': None}, {'keys': ['msg_id', 'started']}),
    ({'started': {'$gte': NOON}, 'client_uuid': 'c'}, {'keys': ['msg_id', 'label', 'submitted', 'completed']}),
    ({'$or': [{'submitted': {'$lt': NOON}}, {'started': {'$gte': NOON}}]}, {'keys': ['msg_id']}),
    ({}, {'sort': [('completed', -1)], 'limit': 10}),
    ({'result_content.status': 'error'}, {'keys': ['msg_id', 'result_content']}),
    ({'header.date': {'$gte': NOON, '$lt': NOON}}, {}),
    ({'$expr': {'$gt': [{'$subtract': ['$completed', '$started']}, 60_000]}}, {}),
]


def printed(query: dict[str, Any], options: dict[str, Any]) -> Callable[[], object]:
    """What makes the nodes of a statement, all of them, and prints them."""
    trees: list[exp.Expr] = []

    def keep(planned: Statement, dialect: Dialect) -> Printed:
        trees.append(lower_statement(planned, dialect))
        return Printed('', frozenset(), frozenset())

    forget()
    with patch.object(rendering, '_print', keep):
        compile(query, **options)
    forget()
    dialect, tree = find_dialect('sqlite'), trees[0]
    return lambda: dialect.render(tree.copy())


def forget() -> None:
    """Forget all shapes."""
    known._KNOWN.cache_clear()
    rendering._RENDERED.cache_clear()


def forget_all() -> None:
    """Forget also what is kept of keys and sorts alone, which serves all shapes that have them."""
    forget()
    for kept in (outputs._BY_KEYS, sort._SORTS, rendering._FRAMES):
        kept.cache_clear()


def seconds(work: Callable[[], object]) -> float:
    """Of the processor, for one call."""
    start = time.thread_time()
    work()
    return time.thread_time() - start


def measure(query: dict[str, Any], options: dict[str, Any]) -> tuple[float, float, float, float]:
    """Seconds of a new shape, of its nodes and text alone, of the shape as the first one, and when it is known."""
    nodes, new, first, again = [], [], [], []
    make = printed(query, options)

    def several() -> None:
        for _ in range(CALLS):
            compile(query, **options)

    for _ in range(ROUNDS):
        nodes.append(seconds(make))
        forget_all()
        first.append(seconds(lambda: compile(query, **options)))
        forget()
        new.append(seconds(lambda: compile(query, **options)))
        compile(query, **options)
        again.append(seconds(several) / CALLS)
    return min(new), min(nodes), min(first), min(again)


def main() -> None:
    """Measure and print."""
    table = Table('query', 'new µs', 'nodes and text µs', 'quotient', 'first µs', 'known µs', box=box.MARKDOWN)
    for query, options in QUERIES:
        new, nodes, first, again = measure(query, options)
        quotient = f'{new / nodes:.1f}'
        figures = f'{new * 1e6:.0f}', f'{nodes * 1e6:.0f}', quotient, f'{first * 1e6:.0f}', f'{again * 1e6:.1f}'
        table.add_row(str({**query, **options})[:70], *figures)
    Console(width=160).print(table)


if __name__ == '__main__':
    main()
