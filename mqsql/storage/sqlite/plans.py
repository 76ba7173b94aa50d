"""How SQLite answers a statement."""

import re
from collections.abc import Iterator, Mapping
from typing import Any

import apsw

from mqsql.compiler import Statement
from mqsql.storage.base import Explanation
from mqsql.storage.sqlite import ddl

_INDEX = re.compile(r'USING (?:COVERING )?INDEX (.+?)(?: \(| FOR IN-OPERATOR|$)')


def explanation(connection: apsw.Connection, query: Statement, names: Mapping[str, str]) -> Explanation:
    """The statement with SQLite's EXPLAIN QUERY PLAN, indented, and the indexes used there, by the `names` users know."""
    rows = connection.execute('EXPLAIN QUERY PLAN ' + query.sql, query.params).fetchall()
    plan = tuple(_indented(rows))
    # The statement itself names the tables of an index on paths.
    tables = [name for name in names if ddl.quote(name) in query.sql]
    used = [*(name for line in plan for name in _INDEX.findall(line)), *tables]
    indexes = dict.fromkeys(names.get(name, name) for name in used)
    return Explanation(query.sql, query.params, plan, tuple(indexes))


def _indented(rows: list[tuple[Any, ...]]) -> Iterator[str]:
    depth = {0: -1}
    for node, parent, _, detail in rows:
        depth[node] = depth[parent] + 1
        yield '  ' * depth[node] + detail
