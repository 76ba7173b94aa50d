"""Reads the URLs of stores."""

import os
from typing import NamedTuple

from mqsql.errors import StorageError, short_repr
from mqsql.settings import MEMORY
from mqsql.storage.extras import require_pymongo
from mqsql.values.plain import as_text

SQLITE, DUCKDB, PARQUET, MONGODB, DICT = 'sqlite', 'duckdb', 'parquet', 'mongodb', 'dict'

_FORMS = (
    f'a path, sqlite:///path, {MEMORY}, duckdb:path, duckdb:{MEMORY}, parquet:path, mongodb://host/database.collection '
    'or dict:'
)


class Location(NamedTuple):
    """A kind of store, and the absolute path of its file, `:memory:`, or the address of its server."""

    kind: str
    path: str


def read_url(url: object) -> Location:
    """What a path or a URL names; StorageError if it names no store."""
    name = as_text(os.fspath(url)) if isinstance(url, str | os.PathLike) else None
    if not isinstance(name, str) or '\0' in name:
        raise StorageError(f'a store is named by a path or a URL, not {short_repr(url)}')
    if name == f'{DICT}:':
        return Location(DICT, '')
    if name.startswith((f'{MONGODB}://', f'{MONGODB}+srv://')):
        return Location(MONGODB, name)
    if name.startswith(f'{MONGODB}:'):
        # Not the rest, which may hold a password.
        raise StorageError(f'the address of a MongoDB server begins with {MONGODB}://; give {_FORMS}')
    for kind in (DUCKDB, PARQUET):
        if name.startswith(f'{kind}:'):
            return Location(kind, _absolute(_after_slashes(name.removeprefix(f'{kind}:'), kind), name))
    if name.startswith(f'{SQLITE}://'):
        return Location(SQLITE, _absolute(_after_slashes(name.removeprefix(f'{SQLITE}:'), SQLITE), name))
    if '://' in name:
        raise StorageError(f'there is no store for {name.partition("://")[0]}://; give {_FORMS}')
    return Location(SQLITE, _absolute(name, name))


def shown(url: str | os.PathLike[str], table: str) -> str:
    """A path or a URL for messages: that of a server without its user, password and options, but with its collection.

    `table` is the collection of one that names none.
    """
    kind, path = read_url(url)
    if kind != MONGODB:
        return os.fspath(url)
    require_pymongo()
    from mqsql.storage.mongodb.address import read_address

    return read_address(path, table).name


def _after_slashes(path: str, kind: str) -> str:
    # As in SQLAlchemy: three slashes for a path from here, four for one from the root, none for memory.
    if not path.startswith('//'):
        return path
    path = path.removeprefix('//').removeprefix('/')
    return path or ('' if kind == PARQUET else MEMORY)


def _absolute(path: str, url: str) -> str:
    if not path:
        raise StorageError(
            f'{url!r} names no store; give {_FORMS}' if url else f'the empty text names no store; give {_FORMS}'
        )
    # Connections are made later too, wherever the process is then.
    return path if path == MEMORY else os.path.abspath(path)
