"""What the server says of its indexes, and of how it answers a query."""

from collections.abc import Iterator, Mapping
from typing import Any

from bson.json_util import dumps

from mqsql.errors import QueryError
from mqsql.schema import Index, Table
from mqsql.storage.base import Explanation
from mqsql.storage.indexes import read_index
from mqsql.storage.mongodb.finds import Find

_INNER = ('inputStage', 'inputStages', 'queryPlan', 'shards', 'winningPlan')


def read_indexes(information: Mapping[str, Any], table: Table) -> tuple[Index, ...]:
    """The indexes on columns and paths of the table, without that of the key, which every collection has.

    Those of other kinds, such as text indexes, are MongoDB's alone.
    """
    found = (_index(one['key'], table) for name, one in information.items() if name != '_id_')
    return tuple(index for index in found if index is not None and not is_of_key(index, table))


def is_of_key(index: Index, table: Table) -> bool:
    """Whether it is the index that finds records by their keys."""
    return tuple(index.keys) == ((table.key, 1),)


def _index(keys: Any, table: Table) -> Index | None:
    try:
        return read_index([(key, int(way)) for key, way in keys], table)
    except (QueryError, ValueError):
        return None


def explanation(collection: str, find: Find, plan: Mapping[str, Any]) -> Explanation:
    """How the server answers a find."""
    said = ', '.join(dumps(part) for part in (find.filter, find.fields) if part is not None)
    options = ''.join(f'.{name}({dumps(value)})' for name, value in find.options.items())
    stages = list(_stages(plan.get('queryPlanner', plan), 0))
    lines = tuple(f'{"  " * depth}{stage["stage"]} {stage.get("indexName", "")}'.rstrip() for depth, stage in stages)
    indexes = tuple(dict.fromkeys(stage['indexName'] for _, stage in stages if 'indexName' in stage))
    return Explanation(f'db.{collection}.find({said}){options}', {}, lines, indexes)


def _stages(plan: Any, depth: int) -> Iterator[tuple[int, Mapping[str, Any]]]:
    if isinstance(plan, list):
        for part in plan:
            yield from _stages(part, depth)
    elif isinstance(plan, Mapping):
        here = 'stage' in plan
        if here:
            yield depth, plan
        for name in _INNER:
            yield from _stages(plan.get(name), depth + here)
