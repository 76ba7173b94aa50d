"""Settings of a store: which journal a file has, how durable a commit is, and how long to wait.

They are in a module of their own, since the command line names the defaults and must not import the stores for that.
"""

from dataclasses import dataclass

from mqsql.errors import StorageError, short_repr

MEMORY = ':memory:'
"""In place of a path: a database in memory."""

JOURNAL_MODES = ('wal', 'delete', 'truncate', 'persist')
SYNCHRONOUS = ('off', 'normal', 'full', 'extra')
MAX_TIMEOUT = 1_000_000

LEGACY_TABLE = 'ipython-tasks'
"""The history that ipyparallel's SQLiteDB writes, and that the commands read, unless told otherwise."""


@dataclass(frozen=True)
class Settings:
    """How a file is used: its journal, how hard each commit is made to last, and seconds: to wait for a lock, and for the
    answer of a query (0 for any time).
    """

    journal_mode: str = 'wal'
    synchronous: str = 'normal'
    busy_timeout: float = 5.0
    query_timeout: float = 0.0

    def __post_init__(self) -> None:
        for name, known in (('journal_mode', JOURNAL_MODES), ('synchronous', SYNCHRONOUS)):
            if getattr(self, name) not in known:
                raise StorageError(f'{name} is one of {", ".join(known)}, not {short_repr(getattr(self, name))}')
        for name in ('busy_timeout', 'query_timeout'):
            seconds = getattr(self, name)
            if isinstance(seconds, bool) or not isinstance(seconds, int | float) or not 0 <= seconds <= MAX_TIMEOUT:
                raise StorageError(f'{name} is a number of seconds, not {short_repr(seconds)}')


INTERRUPTIBLE = Settings(busy_timeout=30.0, query_timeout=MAX_TIMEOUT)
"""For a command: a query may take any time, but looks at the clock, and so ends at Ctrl-C; a hub may keep the file locked."""
