"""Parses a sort."""

from mqsql.compiler.parse.keys import parse_path
from mqsql.compiler.tree.select import LAST_FIRST, MAX_SORT_KEYS, NATURAL, Sort, SortKey
from mqsql.errors import QueryError
from mqsql.kept import Kept
from mqsql.schema import Table
from mqsql.schema.directions import read_directions
from mqsql.values.collation import Collation

_Asked = tuple[Table, Collation | None, tuple[tuple[str, int], ...]]
_SORTS: Kept[_Asked, Sort] = Kept(500_000)


def parse_sort(sort: object, table: Table, collation: Collation | None = None) -> Sort:
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
    return _SORTS.get((table, collation, tuple(directions)), _parse_keys)


def _parse_keys(asked: _Asked) -> tuple[Sort, int]:
    table, collation, directions = asked
    sort = tuple(SortKey(*parse_path(key, table, 'sort'), way < 0, collation) for key, way in directions)
    return sort, 1_000 + sum(500 + 4 * len(key) for key, _ in directions)
