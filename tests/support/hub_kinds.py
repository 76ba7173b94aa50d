"""The kinds of database that a hub may have, for tests that each of them has to pass.

A line of KINDS is all that a class needs to take part in the contract (tests/hub/contract), on real hubs, too.
"""

import re
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager, nullcontext
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any

import apsw
from mongo_deviations import deviations, parts
from mongo_servers import KINDS as SERVERS
from mongo_servers import place

from mqsql import hub

Options = dict[str, Any]
Urls = Callable[[str], str]
"""The URL of a running server of some kind."""


@dataclass(frozen=True)
class Kind:
    """A class of mqsql.hub, on what it is tried with."""

    name: str
    home: Callable[[Path, Urls], AbstractContextManager[Options]]
    """The options that say where a history is, which is gone after the block; in an empty directory it is a new one."""
    survives: bool = True
    """Whether the history is there when the database is closed and made again."""
    mongodb: bool = False
    """Whether a server of MongoDB answers: it has no integers beyond 64 bits and no lone surrogates, queries see only
    the milliseconds of times inside values, and the records that they find come in any order."""
    deviates: Callable[[Any, list[dict[str, Any]]], object] = lambda query, records: False
    """Whether the server that it is tried with may answer a query of these records in another way than MongoDB."""
    variant: str = ''
    """What tells it from other kinds of the same class."""
    trouble: Callable[[Path], AbstractContextManager[object]] = nullcontext
    """What is the matter while the database is used."""

    def __str__(self) -> str:
        return f'{self.name}-{self.variant}' if self.variant else self.name

    @contextmanager
    def history(self, directory: Path, urls: Urls) -> Iterator['History']:
        """A history in this directory, or on a server; it is gone after the block."""
        with self.home(directory, urls) as options:
            yield History(self, directory, options)


@dataclass(frozen=True)
class History:
    """The records that all databases made here have in common."""

    kind: Kind
    directory: Path
    options: Options

    def make(self, **more: Any) -> Any:
        """A database with these records; `more` are other options."""
        return getattr(hub, self.kind.name)(**{**self.options, **more})

    @property
    def arguments(self) -> list[str]:
        """What tells a controller to use such a database."""
        return arguments(self.kind.name, self.options)


def arguments(name: str, options: Options) -> list[str]:
    """What tells a controller to use a database of this class with these options."""
    said = [f'--{name}.{option}={value}' for option, value in options.items()]
    return [f'--IPController.db_class=mqsql.hub.{name}', *said]


@contextmanager
def in_directory(directory: Path, urls: Urls) -> Iterator[Options]:
    """A file in this directory."""
    yield {'location': str(directory)}


@contextmanager
def in_memory(directory: Path, urls: Urls) -> Iterator[Options]:
    """The memory of the process, without the limit of records that the class has."""
    yield {'record_limit': 0}


def on(server: str) -> Callable[[Path, Urls], AbstractContextManager[Options]]:
    """A database of its own on such a server, which may be slow while other tests run."""

    @contextmanager
    def in_database(directory: Path, urls: Urls) -> Iterator[Options]:
        with place(server, urls(server)) as found:
            yield {'connection_args': [found.url], 'database': found.database, 'timeout': 60, 'query_timeout': 60.0}

    return in_database


def may_deviate(server: str, query: Any, records: list[dict[str, Any]]) -> bool:
    """Whether this server may answer in another way than MongoDB, as is known or because of the indexes of a hub.

    SecantusDB looks a pattern that stands as a value up in an index, as if it were text, and never stops a pattern without end.
    """
    odd = any(isinstance(part, re.Pattern) or part == '(a+)+$' for part in parts(query))
    return bool(deviations(server, query, records)) or (server == 'secantus' and odd)


@contextmanager
def in_locked_file(directory: Path, urls: Urls) -> Iterator[Options]:
    """The same, for a hub that does not wait when the file is locked."""
    yield {'location': str(directory), 'busy_timeout': 0}


@contextmanager
def locked(directory: Path) -> Iterator[None]:
    """Another program is in the middle of a change of the file, so that what is recorded is kept in memory."""
    other = apsw.Connection(str(directory / 'tasks.db'))
    other.execute('BEGIN IMMEDIATE')
    yield
    other.execute('ROLLBACK')
    other.close()


KINDS = (
    Kind('SQLiteDB', in_directory),
    Kind('DictDB', in_memory, survives=False),
    *(
        Kind('MongoDB', on(server), mongodb=True, deviates=partial(may_deviate, server), variant=server)
        for server in SERVERS
        if server != 'nx'
    ),
)

RECORDING = (*KINDS, Kind('SQLiteDB', in_locked_file, variant='locked', trouble=locked))
"""Those that record and answer, but do not drop."""
