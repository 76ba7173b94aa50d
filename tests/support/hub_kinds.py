"""The kinds of database that a hub may have, for tests that each of them has to pass.

A line of KINDS is all that a class needs to take part in the contract (tests/hub/contract), on real hubs, too.
"""

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from mqsql import hub


@dataclass(frozen=True)
class Kind:
    """A class of mqsql.hub, and the options that make it keep the history of a directory: the same one for each that is made."""

    name: str
    options: Callable[[Path], dict[str, str]]
    survives: bool = True
    """Whether the history is there when the database is closed and made again."""

    def make(self, directory: Path, **options: Any) -> Any:
        """A database with the history of this directory."""
        return getattr(hub, self.name)(**self.options(directory), **options)

    def arguments(self, directory: Path) -> list[str]:
        """What tells a controller to use it."""
        options = [f'--{self.name}.{option}={value}' for option, value in self.options(directory).items()]
        return [f'--IPController.db_class=mqsql.hub.{self.name}', *options]


SQLITE = Kind('SQLiteDB', lambda directory: {'location': str(directory)})

KINDS = (SQLITE,)
