"""Turns failures of DuckDB into StorageErrors that say what happened and what to do."""

import re

import duckdb

from mqsql import limits
from mqsql.errors import DamagedValueError, QueryError, StorageError
from mqsql.storage.duckdb.connection import LOCKED
from mqsql.storage.failures import ErrorTranslation

_BY_MESSAGE: tuple[tuple[str, str], ...] = (
    ('already closed', 'the store is closed; open it again'),
    ('different configuration', 'this process has it open with other options, such as readonly; close that first'),
    ('not a valid DuckDB database', 'this is not a DuckDB database; name another file'),
    ('read a database file with version', 'another version of DuckDB wrote this file; try: pip install -U duckdb'),
    ('in read-only mode', 'it cannot be written; it was opened read-only, or its permissions forbid it'),
    ('No such file or directory', 'the file cannot be opened; its directory must exist'),
    ('Is a directory', 'this is a directory; name a file'),
    ('Permission denied', 'the permissions of the file, or of its directory, forbid it'),
    ('Read-only file system', 'the file system is read-only; open it with readonly=True'),
    ('No space left', 'the disk is full; nothing of this call was written, make room and repeat it'),
    ('File too large', 'the disk or a quota is full; nothing of this call was written, make room and repeat it'),
    ('onflict', 'another connection of this process changed the same record at the same time; repeat the call'),
    ('No magic bytes', 'there is no Parquet file'),
    ('too small to be a Parquet file', 'there is no Parquet file'),
    ('No files found', 'its files are gone; open it again'),
    ("'numpy' is required", "NumPy is not installed; try: pip install 'mqsql[duckdb]'"),
    ('invalidated', 'DuckDB failed before and has closed the database; open it again'),
    ('orrupt', 'the file is damaged; restore a copy'),
    ('enough bytes', 'the file is damaged, as it is shorter than it was; restore a copy'),
    ('replaying WAL', 'the write-ahead log next to the file is damaged; restore a copy of both'),
    ('metadata pointer', 'the file is damaged; restore a copy'),
)
"""Advice by a part of the message: DuckDB raises the same exception for different causes."""

_BY_KIND: tuple[tuple[type[duckdb.Error], str], ...] = (
    (duckdb.InterruptException, 'the query was stopped: the store was closed, or query_timeout was over'),
    (duckdb.OutOfMemoryException, 'there is not enough memory for this'),
    (duckdb.CatalogException, 'another connection of this process has changed its tables; open it again'),
    (duckdb.IOException, 'reading or writing the file failed; look at the disk or the network'),
)

_PROCESS = re.compile(r'\(PID (\d+)\)')
_TOO_LARGE = ('expression depth', 'recursion', 'stack overflow', 'too many ', 'too deep')
_OF_A_VALUE = (duckdb.ConversionException, duckdb.OutOfRangeException)


class Failures(ErrorTranslation):
    """A context of work on the database at `path`. Errors of DuckDB leave it as a StorageError that names the path, or as a
    DamagedValueError if a value in the file is the cause.
    """

    def _explain(self, error: BaseException) -> None:
        if isinstance(error, duckdb.InterruptException):
            limits.check()  # says why it was interrupted
        if isinstance(error, _OF_A_VALUE):
            raise DamagedValueError(
                f'{self.path}: it holds a value that another program stored and that cannot be read ({_first_line(error)})'
            ) from error
        if isinstance(error, duckdb.Error):
            if any(part in str(error) for part in _TOO_LARGE):
                raise QueryError(
                    f'the query is too large for DuckDB ({_first_line(error)}); ask for less, or in parts'
                ) from error
            raise StorageError(f'{self.path}: {_advice(error)}') from error


def is_duplicate(error: duckdb.Error) -> bool:
    """Whether there is a record of the same key already, maybe one that another connection adds at the same time."""
    return isinstance(error, duckdb.ConstraintException) or 'UNIQUE constraint violation' in str(error)


def _advice(error: duckdb.Error) -> str:
    message = str(error)
    if LOCKED in message:
        found = _PROCESS.search(message)
        who = f'process {found[1]}' if found else 'another process'
        return (
            f'{who} has it open, and DuckDB serves one process, or several that all open it read-only; close it there, or wait '
            'longer with busy_timeout'
        )
    for part, advice in _BY_MESSAGE:
        if part in message:
            return f'{advice} ({_first_line(error)})'
    for kind, advice in _BY_KIND:
        if isinstance(error, kind):
            return f'{advice} ({_first_line(error)})'
    return f'DuckDB failed: {_first_line(error)}'


def _first_line(error: BaseException) -> str:
    return str(error).partition('\n')[0] or type(error).__name__
