"""The kinds of database that a hub may have, for tests that each of them has to pass.

A line of KINDS is all that a class needs to take part in the contract (tests/hub/contract), on real hubs, too.
"""

from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager, nullcontext
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import apsw

from mqsql import hub


@dataclass(frozen=True)
class Kind:
    """A class of mqsql.hub, and the options with which all that are made for a directory have the same history."""

    name: str
    options: Callable[[Path], dict[str, Any]]
    survives: bool = True
    """Whether the history is there when the database is closed and made again."""
    trouble: Callable[[Path], AbstractContextManager[object]] = nullcontext
    """What is the matter while the database is used."""

    def __str__(self) -> str:
        return self.name if self.trouble is nullcontext else f'{self.name}-{self.trouble.__name__}'

    def make(self, directory: Path, **options: Any) -> Any:
        """A database with the history of this directory."""
        return getattr(hub, self.name)(**self.options(directory), **options)

    def arguments(self, directory: Path) -> list[str]:
        """What tells a controller to use it."""
        options = [f'--{self.name}.{option}={value}' for option, value in self.options(directory).items()]
        return [f'--IPController.db_class=mqsql.hub.{self.name}', *options]


@contextmanager
def locked(directory: Path) -> Iterator[None]:
    """Another program is in the middle of a change of the file, so that what is recorded is kept in memory."""
    other = apsw.Connection(str(directory / 'tasks.db'))
    other.execute('BEGIN IMMEDIATE')
    yield
    other.execute('ROLLBACK')
    other.close()


SQLITE = Kind('SQLiteDB', lambda directory: {'location': str(directory)})

KINDS = (SQLITE,)

RECORDING = (
    *KINDS,
    Kind('SQLiteDB', lambda directory: {'location': str(directory), 'busy_timeout': 0}, trouble=locked),
)
"""Those that record and answer, but do not drop."""
