"""The keys and the sort that were asked for, read into columns. Imports `paths` of the compiler, `schema` and `errors`."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any, NamedTuple, TypeAlias

from mqsql.compiler.collation import Collation
from mqsql.compiler.place import MAX_STEPS
from mqsql.errors import QueryError, shown
from mqsql.schema import ANY, BUFFERS, Table

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
    """The keys of a query: text, an iterable of text, or None for all but the Buffers."""
    names = dict.fromkeys([table.key, *_listed(keys, table)])
    outputs: dict[str, Output] = {}
    for key in names:
        name, *steps = key.split('.')
        column = table.column(name, f'keys: {key!r}' if steps else 'keys')
        _check_steps(key, name, steps, column, table, 'keys')
        roots = _merge(key, {name: outputs[name].fields} if name in outputs else {}, [name, *steps])
        outputs[name] = Output(name, column, roots[name])
    return Keys(tuple(names), tuple(outputs.values()))


def _listed(keys: object, table: Table) -> list[str]:
    if keys is None:
        return list(table.default_keys)
    if isinstance(keys, str):
        return [keys]
    if isinstance(keys, bytes | Mapping) or not isinstance(keys, Iterable):
        raise QueryError(f'takes text or an iterable of text, not {shown(keys)}', 'keys')
    listed = list(keys)
    for key in listed:
        if not isinstance(key, str):
            raise QueryError(f'a key is text, not {shown(key)}', 'keys')
    return listed


def _check_steps(key: str, name: str, steps: list[str], column: str, table: Table, what: str) -> None:
    kind = table.columns[column]
    if steps and not kind.mixed:
        raise QueryError(f'{name!r} holds {kind.holds}, and no path leads into them', f'{what}: {key!r}')
    if not all(steps):
        raise QueryError('a path has no empty step', f'{what}: {key!r}')
    if len(steps) > MAX_STEPS:
        raise QueryError(f'a path has at most {MAX_STEPS} steps', f'{what}: {shown(key)}')


def _merge(key: str, fields: Fields, steps: list[str]) -> 'Mapping[str, Fields]':
    """The fields, and the path of `steps`; one path may not lead through the end of another."""
    if fields is None or (len(steps) == 1 and steps[0] in fields):
        raise QueryError('a field as a whole and a path into it are both asked for', f'keys: {key!r}')
    first, *rest = steps
    return {**fields, first: _merge(key, fields.get(first, {}), rest) if rest else None}


def include(value: Any, fields: Fields) -> Any:
    """MongoDB's inclusion: objects cut down to `fields`, through arrays; what is neither vanishes."""
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


def is_any(table: Table, key: SortKey) -> bool:
    """Whether it is a column of values of any type, whose order is not that of what it stores."""
    return table.columns[key.column] is ANY and not key.steps


def read_sort(sort: object, table: Table, collation: Collation | None = None) -> Sort:
    """A key, or a list of (key, 1 | -1), as pymongo takes them."""
    if sort is None:
        return ()
    pairs = [(sort, 1)] if isinstance(sort, str) else sort
    if not isinstance(pairs, list | tuple):
        raise QueryError(f'takes a key or a list of (key, 1 or -1), not {shown(sort)}', 'sort')
    return tuple(_read_pair(pair, table, collation) for pair in pairs)


def _read_pair(pair: object, table: Table, collation: Collation | None) -> SortKey:
    if not isinstance(pair, list | tuple) or len(pair) != 2:
        raise QueryError(f'takes pairs of (key, 1 or -1), not {shown(pair)}', 'sort')
    key, direction = pair
    if isinstance(direction, bool) or not isinstance(direction, int) or direction not in (1, -1):
        raise QueryError(f'the direction of {shown(key)} is 1 or -1, not {shown(direction)}', 'sort')
    return SortKey(*read_path(key, table, 'sort'), direction == -1, collation)


def read_path(key: object, table: Table, what: str, *, ordered: bool = True) -> tuple[str, tuple[str, ...]]:
    """The column that a key names, and the steps of the path into it; `ordered` says that its values must have an order."""
    if not isinstance(key, str):
        raise QueryError(f'a key is text, not {shown(key)}', what)
    name, *steps = key.split('.')
    column = table.column(name, what)
    _check_steps(key, name, steps, column, table, what)
    if ordered and table.columns[column] is BUFFERS:
        raise QueryError(f'{name!r} holds {BUFFERS.holds}, which have no order', what)
    return column, tuple(steps)


def read_count(name: str, value: object) -> int:
    """A limit or skip: a whole number from 0 (no limit, no skip) to 64 bits."""
    if not isinstance(value, int) or isinstance(value, bool) or not 0 <= value < 2**63:
        raise QueryError(f'takes a whole number from 0, not {shown(value)}', name)
    return value
