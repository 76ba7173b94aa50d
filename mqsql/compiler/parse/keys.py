"""Parses the keys that were asked for into columns and fields of Documents."""

from collections.abc import Mapping
from typing import Any

from mqsql.compiler.tree.select import Fields, Keys, Output
from mqsql.errors import QueryError, named, short_repr
from mqsql.schema import BUFFERS, Table
from mqsql.values.paths import MAX_STEPS
from mqsql.values.plain import read_plain


def parse_keys(keys: tuple[str, ...] | None, table: Table) -> Keys:
    """The keys of a query, as `read_fields` gives them; None is all but the Buffers."""
    names = dict.fromkeys([table.key, *(table.default_keys if keys is None else keys)])
    outputs: dict[str, Output] = {}
    for key in names:
        if '.' not in key and key not in outputs:
            outputs[key] = Output(key, table.column(key, 'keys'))
            continue
        name, *steps = key.split('.')
        column = table.column(name, f'keys: {named(key)}' if steps else 'keys')
        _check_steps(key, name, steps, column, table, 'keys')
        roots = _merge(key, {name: outputs[name].fields} if name in outputs else {}, [name, *steps])
        outputs[name] = Output(name, column, roots[name])
    return Keys(tuple(names), tuple(outputs.values()))


def parse_fields(
    keys: object, projection: object, table: Table
) -> tuple[tuple[str, ...] | None, dict[str, Any] | None]:
    """The keys, or the projection, of a query. As in pymongo, a dict as `keys` is a projection.

    A list as `projection` has the keys to return.
    """
    keys, projection = read_plain(keys, 'keys', iterable=True), read_plain(projection, 'projection', iterable=True)
    if keys is not None and projection:
        raise QueryError('give keys or projection, not both', 'projection')
    if isinstance(keys, dict):
        keys, projection = None, keys
    if isinstance(projection, list):
        _check_names(projection, 'projection')
        projection = {table.key: 1, **dict.fromkeys(projection, 1)}
    if not isinstance(projection, dict | None):
        raise QueryError(f'takes a dict or a list of keys, not {short_repr(projection)}', 'projection')
    return None if keys is None else _listed(keys), projection or None


def _listed(keys: object) -> tuple[str, ...]:
    if isinstance(keys, str):
        return (keys,)
    if not isinstance(keys, list):
        raise QueryError(f'takes text or an iterable of text, not {short_repr(keys)}', 'keys')
    _check_names(keys, 'keys')
    return tuple(keys)


def _check_names(names: list[Any], what: str) -> None:
    for name in names:
        if not isinstance(name, str):
            raise QueryError(f'a key is text, not {short_repr(name)}', what)


def _check_steps(key: str, name: str, steps: list[str], column: str, table: Table, what: str) -> None:
    kind = table.columns[column]
    if steps and not kind.mixed:
        raise QueryError(f'{named(name)} holds {kind.holds}, and no path leads into them', f'{what}: {named(key)}')
    if not all(steps):
        raise QueryError('a path has no empty step', f'{what}: {named(key)}')
    if len(steps) > MAX_STEPS:
        raise QueryError(f'a path has at most {MAX_STEPS} steps', f'{what}: {short_repr(key)}')


def _merge(key: str, fields: Fields, steps: list[str]) -> 'Mapping[str, Fields]':
    """The fields, and the path of `steps`; one path may not lead through the end of another."""
    if fields is None or (len(steps) == 1 and steps[0] in fields):
        raise QueryError('a field as a whole and a path into it are both asked for', f'keys: {named(key)}')
    first, *rest = steps
    return {**fields, first: _merge(key, fields.get(first, {}), rest) if rest else None}


def parse_path(key: object, table: Table, what: str, *, ordered: bool = True) -> tuple[str, tuple[str, ...]]:
    """The column that a key names, and the steps of the path into it; `ordered` says that its values must have an order."""
    key = read_plain(key, what)
    if not isinstance(key, str):
        raise QueryError(f'a key is text, not {short_repr(key)}', what)
    name, *steps = key.split('.')
    column = table.column(name, what)
    _check_steps(key, name, steps, column, table, what)
    if ordered and table.columns[column] is BUFFERS:
        raise QueryError(f'{named(name)} holds {BUFFERS.holds}, which have no order', what)
    return column, tuple(steps)
