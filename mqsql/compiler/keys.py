"""The keys and the sort that were asked for, read into columns."""

from collections.abc import Mapping
from dataclasses import dataclass
from functools import lru_cache
from typing import Any, NamedTuple, TypeAlias

from mqsql.compiler.collation import Collation
from mqsql.compiler.place import MAX_STEPS
from mqsql.errors import QueryError, named, shown
from mqsql.schema import ANY, BUFFERS, Table
from mqsql.schema.plain import read_plain

Fields: TypeAlias = 'Mapping[str, Fields] | None'
"""The fields of a document to keep, each with the fields to keep inside it; None keeps the whole value."""


@dataclass(frozen=True)
class Output:
    """One entry of the answer: its name as asked for, the column it comes from, and what is kept of a Document."""

    name: str
    column: str
    fields: Fields = None


@dataclass(frozen=True)
class Keys:
    """The keys as asked for, the table's key first, and the outputs they make: dotted keys of one column share one."""

    names: tuple[str, ...]
    outputs: tuple[Output, ...]

    @property
    def columns(self) -> tuple[str, ...]:
        """The column of each output."""
        return tuple(output.column for output in self.outputs)


def read_keys(keys: object, table: Table) -> Keys:
    """The keys of a query, as `read_fields` gives them: text, a list of text, or None for all but the Buffers."""
    return _default_keys(table) if keys is None else _read_keys(keys, table)


@lru_cache(64)
def _default_keys(table: Table) -> Keys:
    return _read_keys(list(table.default_keys), table)


def _read_keys(keys: object, table: Table) -> Keys:
    names = dict.fromkeys([table.key, *_listed(keys)])
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


def read_fields(keys: object, projection: object, table: Table) -> tuple[Any, dict[str, Any] | None]:
    """The keys or the projection of a query. As in pymongo, a dict as `keys` is a projection.

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
        raise QueryError(f'takes a dict or a list of keys, not {shown(projection)}', 'projection')
    return keys, projection or None


def _listed(keys: object) -> list[str]:
    if isinstance(keys, str):
        return [keys]
    if not isinstance(keys, list):
        raise QueryError(f'takes text or an iterable of text, not {shown(keys)}', 'keys')
    _check_names(keys, 'keys')
    return keys


def _check_names(names: list[Any], what: str) -> None:
    for name in names:
        if not isinstance(name, str):
            raise QueryError(f'a key is text, not {shown(name)}', what)


def _check_steps(key: str, name: str, steps: list[str], column: str, table: Table, what: str) -> None:
    kind = table.columns[column]
    if steps and not kind.mixed:
        raise QueryError(f'{named(name)} holds {kind.holds}, and no path leads into them', f'{what}: {named(key)}')
    if not all(steps):
        raise QueryError('a path has no empty step', f'{what}: {named(key)}')
    if len(steps) > MAX_STEPS:
        raise QueryError(f'a path has at most {MAX_STEPS} steps', f'{what}: {shown(key)}')


def _merge(key: str, fields: Fields, steps: list[str]) -> 'Mapping[str, Fields]':
    """The fields, and the path of `steps`; one path may not lead through the end of another."""
    if fields is None or (len(steps) == 1 and steps[0] in fields):
        raise QueryError('a field as a whole and a path into it are both asked for', f'keys: {named(key)}')
    first, *rest = steps
    return {**fields, first: _merge(key, fields.get(first, {}), rest) if rest else None}


def include(value: Any, fields: Fields) -> Any:
    """MongoDB's inclusion: only the `fields` of objects, through arrays; all other values are left out."""
    if fields is None:
        return value
    if not isinstance(value, dict | list):
        return None
    if isinstance(value, list):
        return [include(item, fields) for item in value if isinstance(item, dict | list)]
    kept = ((k, v, fields[k]) for k, v in value.items() if k in fields)
    return {k: include(v, inner) for k, v, inner in kept if inner is None or isinstance(v, dict | list)}


# --- sort, limit, skip


class SortKey(NamedTuple):
    """A column, or a path into a Document, to sort by, whether it descends, and how its texts compare."""

    column: str
    steps: tuple[str, ...]
    descending: bool
    collation: Collation | None = None


Sort = tuple[SortKey, ...]

NATURAL = '$natural'
"""The order of insertion, which is the default."""
MAX_SORT_KEYS = 32  # as in MongoDB
LAST_FIRST: Sort = (SortKey(NATURAL, (), True),)
"""The order in which the last inserted record comes first."""


def is_any(table: Table, key: SortKey) -> bool:
    """Whether it is an Any column, whose values do not sort as they are stored."""
    return table.columns.get(key.column) is ANY and not key.steps


def read_sort(sort: object, table: Table, collation: Collation | None = None) -> Sort:
    """The keys to sort by, in any of the forms of `read_directions`."""
    if sort is None:
        return ()
    directions = read_directions(sort, 'sort')
    if len(directions) > MAX_SORT_KEYS:
        raise QueryError(f'takes at most {MAX_SORT_KEYS} keys, not {len(directions):,}', 'sort')
    if any(key == NATURAL for key, _ in directions):
        if len(directions) > 1:
            raise QueryError(f'{NATURAL} cannot be combined with other keys', 'sort')
        return LAST_FIRST if directions[0][1] < 0 else ()
    return tuple(SortKey(*read_path(key, table, 'sort'), way < 0, collation) for key, way in directions)


def read_directions(given: object, what: str) -> list[tuple[str, int]]:
    """Keys with their directions, given as in pymongo: a key, a pair (key, 1 | -1), a dict, or any iterable of these."""
    given = read_plain(given, what, iterable=True)
    if isinstance(given, str) or _is_pair(given):
        given = [given]
    if not isinstance(given, dict | list):
        raise QueryError(f'takes a key, a list of (key, 1 or -1) or a dict, not {shown(given)}', what)
    return _directions(given, what)


def _directions(given: dict[str, Any] | list[Any], what: str) -> list[tuple[str, int]]:
    if isinstance(given, dict):
        return [_direction(key, way, what) for key, way in given.items()]
    found: list[tuple[str, int]] = []
    for item in given:
        if isinstance(item, dict):
            found += _directions(item, what)
        elif isinstance(item, list) and len(item) == 2:
            found.append(_direction(item[0], item[1], what))
        elif isinstance(item, str):
            found.append((item, 1))
        else:
            raise QueryError(f'takes keys and pairs of (key, 1 or -1), not {shown(item)}', what)
    return found


def _is_pair(given: object) -> bool:
    """Whether it is one key with its direction, not a list of two keys."""
    if not isinstance(given, list) or len(given) != 2:
        return False
    return isinstance(given[0], str) and not isinstance(given[1], str | list | dict)


def _direction(key: object, way: object, what: str) -> tuple[str, int]:
    if not isinstance(key, str):
        raise QueryError(f'a key is text, not {shown(key)}', what)
    if isinstance(way, bool) or not isinstance(way, int | float) or way not in (1, -1):
        raise QueryError(f'the direction of {shown(key)} is 1 or -1, not {shown(way)}', what)
    return key, int(way)


def read_path(key: object, table: Table, what: str, *, ordered: bool = True) -> tuple[str, tuple[str, ...]]:
    """The column that a key names, and the steps of the path into it; `ordered` says that its values must have an order."""
    key = read_plain(key, what)
    if not isinstance(key, str):
        raise QueryError(f'a key is text, not {shown(key)}', what)
    name, *steps = key.split('.')
    column = table.column(name, what)
    _check_steps(key, name, steps, column, table, what)
    if ordered and table.columns[column] is BUFFERS:
        raise QueryError(f'{named(name)} holds {BUFFERS.holds}, which have no order', what)
    return column, tuple(steps)


def read_count(name: str, value: Any) -> int:
    """A limit or skip: an integer from 0 (no limit, no skip) to 64 bits."""
    count = value if type(value) is int else read_plain(value, name)
    if type(count) is not int or not 0 <= count < 2**63:
        raise QueryError(f'takes an integer from 0, not {shown(count)}', name)
    return count
