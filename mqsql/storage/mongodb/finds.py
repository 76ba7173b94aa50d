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

    @property
    def command(self) -> tuple[Document, Document]:
        """The filter and the fields of the server's find."""
        return self.filter, {ID: 1, MICROSECONDS: 1} | dict.fromkeys(self.columns, 1)


def plain_options(options: Mapping[str, Any]) -> dict[str, Any]:
    """The options that a method was given, each as plain values, since iterators are read twice."""
    return {name: read_plain(value, name, iterable=name in _ITERABLE) for name, value in options.items()}


def set_options(options: Mapping[str, Any]) -> dict[str, Any]:
    """Those that pymongo is to be told."""
    return {name: value for name, value in options.items() if value}


def _columns(table: Table, keys: Any, projection: Any) -> tuple[str, ...]:
    if projection or isinstance(keys, dict):
        named = [str(name).partition('.')[0] for name in projection or keys]
        buffers = [table.aliases.get(name, name) for name in named]
        return (*table.default_keys, *(name for name in buffers if table.columns.get(name) is BUFFERS))
    if keys is None:
        return table.default_keys
    names = [keys] if isinstance(keys, str) else keys
    return tuple(dict.fromkeys([table.key, *(table.column(name.partition('.')[0]) for name in names)]))


def _sliced(table: Table, projection: Any) -> list[str]:
    wanted = projection.items() if isinstance(projection, dict) else ()
    return [name for name, operand in wanted if isinstance(operand, dict) and table.columns.get(name) is BUFFERS]


def _sort(sort: Any, table: Table) -> list[tuple[str, int]]:
    pairs = read_directions(sort, 'sort')
    return [(key if key == '$natural' else Names(table).key(key, 'sort'), way) for key, way in pairs]
