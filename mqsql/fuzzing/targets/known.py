"""Collections of some libraries, each in the directory that it is given; `mqsql fuzz NAME` tries one."""

import sys
from collections.abc import Callable, Mapping
from importlib import import_module
from pathlib import Path
from typing import Any

from mqsql.fuzzing.targets.base import TargetError


def mongoeco(directory: str) -> Any:
    """Its SQLite file; the library needs Python 3.13."""
    if tuple(sys.version_info) < (3, 13):
        raise TargetError('it needs Python 3.13 or newer')
    engine = import_module('mongoeco.engines.sqlite').SQLiteEngine(str(Path(directory) / 'mongoeco.db'))
    return import_module('mongoeco').MongoClient(engine)


def mongomock() -> Any:
    """In memory, which is all it has."""
    return import_module('mongomock').MongoClient(tz_aware=True)


def montydb(directory: str) -> Any:
    """Its SQLite files, with the types of BSON."""
    library = import_module('montydb')
    library.set_storage(directory, storage='sqlite', use_bson=True)
    return library.MontyClient(directory, tz_aware=True)


def neosqlite(directory: str) -> Any:
    """An SQLite file."""
    return import_module('neosqlite').Connection(str(Path(directory) / 'neosqlite.db'))


def tinymongo(directory: str) -> Any:
    """Its SQLite files."""
    return import_module('tinymongo').TinyMongoClient(directory, backend='sqlite')


KNOWN: Mapping[str, Callable[..., Any]] = {
    make.__name__: make for make in (mongoeco, mongomock, montydb, neosqlite, tinymongo)
}
