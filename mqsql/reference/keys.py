"""`keys`: which parts of a record a query returns."""

from collections.abc import Callable
from typing import Any

from mqsql.errors import QueryError, short_repr
from mqsql.reference.place import Place, resolve
from mqsql.schema import Record, Table

Select = Callable[[Record], Record]

Tree = dict[str, Any]
"""The steps of the paths asked for, as nested dicts; an empty one at a path's end takes the whole value."""


def read_keys(keys: object, table: Table) -> Select:
    """What makes of a record the dict to return: the key column first, the keys as asked for, None where missing."""
    names = _read_names(keys, table)
    trees: Tree = {table.key: {}}
    for name in names:
        resolve(name, table, Place(table, 'keys'))
        add_path(trees, name)
    columns = {name: table.column(name) for name in trees}
    return lambda record: {name: _pick(record.get(columns[name]), tree) for name, tree in trees.items()}


def _read_names(keys: object, table: Table) -> list[Any]:
    if keys is None:
        return list(table.default_keys)
    if isinstance(keys, str):
        return [keys]
    if not isinstance(keys, list):
        raise QueryError(f'takes a key or a list of keys, not {short_repr(keys)}', 'keys')
    return keys


def add_path(tree: Tree, path: str) -> None:
    """Adds a path to a tree of paths; QueryError where one is part of another."""
    *steps, last = path.split('.')
    if '' in (*steps, last):
        raise QueryError(f'{short_repr(path)} has an empty step', 'keys')
    for step in steps:
        tree = _branch(tree, step, path)
    if tree.setdefault(last, {}):
        raise QueryError(f'{short_repr(path)} is part of another key', 'keys')


def _branch(tree: Tree, step: str, path: str) -> Tree:
    if tree.get(step) == {}:
        raise QueryError(f'another key is part of {short_repr(path)}', 'keys')
    branch: Tree = tree.setdefault(step, {})
    return branch


def _pick(value: Any, tree: Tree) -> Any:
    if not tree:
        return value
    return include(value, tree) if isinstance(value, dict | list) else None


def include(value: Any, tree: Tree) -> Any:
    """A document or array cut down to the paths of the tree, as MongoDB's projection by inclusion."""
    if isinstance(value, list):
        return [include(v, tree) for v in value if isinstance(v, dict | list)]
    kept = {name: part for name, part in value.items() if name in tree}
    return {
        name: include(part, tree[name]) if tree[name] else part
        for name, part in kept.items()
        if not tree[name] or isinstance(part, dict | list)
    }
