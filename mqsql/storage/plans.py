"""How SQLite answers a statement. Imports `compiler` and `base`."""

import re
from collections.abc import Iterator
from typing import Any

import apsw

from mqsql.compiler import Statement
from mqsql.storage.base import Explanation

_INDEX = re.compile(r'USING (?:COVERING )?INDEX (.+?)(?: \(|$)')


def explanation(connection: apsw.Connection, query: Statement) -> Explanation:
    """The statement with SQLite's EXPLAIN QUERY PLAN, indented, and the indexes named there."""
    rows = connection.execute('EXPLAIN QUERY PLAN ' + query.sql, query.params).fetchall()
    plan = tuple(_indented(rows))
    indexes = dict.fromkeys(name for line in plan for name in _INDEX.findall(line))
    return Explanation(query.sql, query.params, plan, tuple(indexes))


def _indented(rows: list[tuple[Any, ...]]) -> Iterator[str]:
    depth = {0: -1}
    for node, parent, _, detail in rows:
        depth[node] = depth[parent] + 1
        yield '  ' * depth[node] + detail
