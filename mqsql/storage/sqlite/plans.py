"""How SQLite answers a statement."""

import re
from collections.abc import Iterator, Mapping
from typing import Any

import apsw

from mqsql.compiler import Statement
from mqsql.storage.base import Explanation

_INDEX = re.compile(r'USING (?:COVERING )?INDEX (.+?)(?: \(| FOR IN-OPERATOR|$)')


def explanation(connection: apsw.Connection, query: Statement, names: Mapping[str, str]) -> Explanation:
    """The statement with SQLite's EXPLAIN QUERY PLAN, indented, and the indexes used, by the `names` users know.

    Which indexes on columns are used, SQLite's plan alone says.
    """
    rows = connection.execute('EXPLAIN QUERY PLAN ' + query.sql, query.params).fetchall()
    plan = tuple(_indented(rows))
    found = (name for line in plan for name in _INDEX.findall(line))
    indexes = dict.fromkeys([*(names.get(name, name) for name in found), *query.indexes])
    return Explanation(query.sql, query.params, plan, tuple(indexes))


def _indented(rows: list[tuple[Any, ...]]) -> Iterator[str]:
    depth = {0: -1}
    for node, parent, _, detail in rows:
        depth[node] = depth[parent] + 1
        yield '  ' * depth[node] + detail
