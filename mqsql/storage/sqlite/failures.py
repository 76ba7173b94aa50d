"""Turns failures of SQLite into StorageErrors that say what happened and what to do."""

import apsw

from mqsql import limits
from mqsql.errors import DamagedValueError, MqsqlError, QueryError, RecordError, StorageError
from mqsql.storage.failures import ErrorTranslation
from mqsql.storage.sqlite.files import unfinished
from mqsql.values.codec import UNDECODABLE

_ADVICE: tuple[tuple[type[apsw.Error], str], ...] = (
    (apsw.ConnectionClosedError, 'the store is closed; open it again'),
    (apsw.CursorClosedError, 'the store was closed while its records were being read'),
    (
        apsw.BusyError,
        'another process kept it locked for longer than busy_timeout; end that transaction, or wait longer',
    ),
    (apsw.LockedError, 'another statement keeps it locked; finish reading first'),
    (apsw.ReadOnlyError, 'it cannot be written; it was opened read-only, or its permissions forbid it'),
    (apsw.FullError, 'the disk is full; nothing of this call was written, make room and repeat it'),
    (apsw.NotADBError, 'this is not an SQLite database; name another file'),
    (
        apsw.CorruptError,
        'the file is damaged; restore a copy, or rescue what can be read with ".recover" of the sqlite3 shell',
    ),
    (apsw.CantOpenError, 'the file cannot be opened; its directory must exist, and SQLite writes next to the file'),
    (apsw.InterruptError, 'the query was stopped'),
    (
        apsw.IOError,
        'reading or writing the file failed; look at the disk or the network, and whether this process has the file open '
        "with Python's sqlite3 too, which undoes the locks",
    ),
    (apsw.NoMemError, 'there is not enough memory for this'),
    (apsw.PermissionsError, 'the permissions of the file forbid it'),
)

_UNSOUND = ('malformed JSON', 'JSON cannot hold BLOB values')
"""Messages of SQLite about values that its JSON functions cannot read."""

_LIMITS = ('too many ', 'too large', 'stack overflow', 'tables in a join')
"""Parts of SQLite's messages about a statement that is too large."""


class Failures(ErrorTranslation):
    """A context of work on the file at `path`. Errors of apsw and of decoding leave it as a StorageError that names the path,
    as a DamagedValueError if a value in the file is the cause, or as a RecordError if a value is too big to be stored.
    """

    def _explain(self, error: BaseException) -> None:
        if isinstance(error, apsw.InterruptError):
            limits.check()  # says why it was interrupted
        if isinstance(error, apsw.TooBigError):
            raise RecordError('a value is larger than the 1,000,000,000 bytes that SQLite stores') from error
        if is_of_value(error):
            raise DamagedValueError(
                f'{self.path}: it holds a value that another program stored and that cannot be read '
                f'({str(error) or type(error).__name__}); "mqsql check" lists such values'
            ) from error
        if isinstance(error, apsw.CantOpenError | apsw.ReadOnlyError) and (reason := unfinished(self.path)):
            raise StorageError(reason) from error
        if (
            isinstance(error, apsw.ReadOnlyError)
            and getattr(error, 'extendedresult', 0) == apsw.SQLITE_READONLY_ROLLBACK
        ):
            reason = 'who wrote it was stopped in the middle of a change'
            raise StorageError(f'{self.path}: {reason}; undo that: sqlite3 {self.path} .schema') from error
        if isinstance(error, apsw.SQLError) and any(limit in str(error) for limit in _LIMITS):
            raise QueryError(f'the query is too large for SQLite ({error}); ask for less, or in parts') from error
        if isinstance(error, apsw.Error):
            raise StorageError(f'{self.path}: {_advice(error)}') from error


def is_of_value(error: BaseException) -> bool:
    """Whether the cause is a value in the file that cannot be read."""
    if isinstance(error, apsw.SQLError):
        return str(error).endswith(_UNSOUND)
    return isinstance(error, UNDECODABLE) and not isinstance(error, MqsqlError)


def _advice(error: apsw.Error) -> str:
    for kind, advice in _ADVICE:
        if isinstance(error, kind):
            return f'{advice} ({error})'
    return f'SQLite failed: {error}'
