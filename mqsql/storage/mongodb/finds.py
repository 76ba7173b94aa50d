"""What `find` asks the server for, and what it makes of the documents that come.

Which records, and in what order, is the server's to say. It gives whole columns; paths and projections are made of them here,
since a part of a document has lost the places of its times.
"""

from collections.abc import Mapping
from typing import Any

from mqsql import reference
from mqsql.compiler import compile
from mqsql.schema import BUFFERS, Table
from mqsql.schema.directions import read_directions
from mqsql.storage.mongodb.documents import ID, MICROSECONDS, Document
from mqsql.storage.mongodb.queries import Names, translate
from mqsql.values.plain import read_plain

_ITERABLE = frozenset({'sort', 'projection'})


class Find:
    """A find, as the server takes it. QueryError and UnsupportedError for what the compiler refuses."""

    def __init__(self, table: Table, query: Any, keys: Any, options: Mapping[str, Any]) -> None:
        query, keys = read_plain({} if query is None else query), read_plain(keys, 'keys', iterable=True)
        given = plain_options(options)
        # To be refused if it has no meaning.
        compile(query, keys, table=table, **given)
        projection, collation = given.pop('projection', None), given.get('collation')
        self.select = reference.selection(keys, projection, collation=collation, table=table)
        """What makes the dict to return of a record."""
        self.columns = _columns(table, keys, projection)
        """The columns to fetch."""
        self.sliced = _sliced(table, projection or keys)
        """The Buffers of which only some are wanted; `select` takes these as lists."""
        self.filter = translate(query, table)
        self.options = set_options(given)
        if 'sort' in self.options:
            self.options['sort'] = _sort(given['sort'], table)

        self._left_out = [column for column in table.columns if column not in self.columns]
        self._table = table

    @property
    def fields(self) -> Document | None:
        """The fields of the documents to fetch, as the server's find takes them."""
        if all(self._table.columns[column] is BUFFERS for column in self._left_out):
            # Shorter to say than all the others.
            return dict.fromkeys(self._left_out, 0) or None
        return {ID: 1, MICROSECONDS: 1} | dict.fromkeys(self.columns, 1)


def plain_options(options: Mapping[str, Any]) -> dict[str, Any]:
    """The options that a method was given, each as plain values, since iterators are read twice."""
    return {name: read_plain(value, name, iterable=name in _ITERABLE) for name, value in options.items()}


def set_options(options: Mapping[str, Any]) -> dict[str, Any]:
    """Those that pymongo is to be told."""
    return {name: value for name, value in options.items() if value}


def _columns(table: Table, keys: Any, projection: Any) -> tuple[str, ...]:
    wanted = projection or keys
    if wanted is None or wanted == {}:
        return table.default_keys
    if isinstance(wanted, dict) and not all(map(_includes, wanted.values())):
        named = [str(name).partition('.')[0] for name in wanted]
        columns = [table.aliases.get(name, name) for name in named]
        return (*table.default_keys, *(column for column in columns if table.columns.get(column) is BUFFERS))
    names = [wanted] if isinstance(wanted, str) else wanted
    return tuple(dict.fromkeys([table.key, *(table.column(name.partition('.')[0]) for name in names)]))


def _sliced(table: Table, projection: Any) -> list[str]:
    wanted = projection.items() if isinstance(projection, dict) else ()
    return [name for name, operand in wanted if isinstance(operand, dict) and table.columns.get(name) is BUFFERS]


def _includes(value: Any) -> bool:
    return isinstance(value, int | float) and value == 1


def _sort(sort: Any, table: Table) -> list[tuple[str, int]]:
    said: dict[str, int] = {}
    for key, way in read_directions(sort, 'sort'):
        # A column that is named twice is sorted by once.
        said.setdefault(key if key == '$natural' else Names(table).key(key, 'sort'), way)
    return list(said.items())
