"""Turns failures of a MongoDB server, or of the way to it, into errors of mqsql that say what happened and what to do."""

from typing import Any

from bson import encode
from bson.errors import BSONError, InvalidDocument
from pymongo.errors import (
    BulkWriteError,
    ConfigurationError,
    ConnectionFailure,
    InvalidOperation,
    InvalidURI,
    OperationFailure,
    PyMongoError,
)

from mqsql import limits
from mqsql.errors import QueryError, RecordError, StorageError, printable
from mqsql.storage.failures import ErrorTranslation

EARLY = 0.05
"""Seconds before the end of its time at which pymongo may give up; some of the way to the server and back."""

DUPLICATE = 11_000
_TOO_LARGE = {10_334, 17_280, 17_419, 17_420}
_BY_CODE = {
    13: 'the user may not do this; ask the one who runs the server for the role readWrite',
    18: 'the server refuses the name or the password; correct them in the address',
    39: 'the disk of the server is full, or a quota; make room and repeat the call',
    43: 'the server has forgotten the rest of this answer, since it was restarted or nothing was read for long; ask again',
    50: 'the server stopped this, since it took too long',
    10_107: 'the server is not the primary now; repeat the call',
    14_031: 'the disk of the server is full; make room and repeat the call',
    DUPLICATE: 'two records have the same key; drop or change one of them',
}
"""Advice by the code of the server's error (MongoDB's manual, "Error Codes")."""

_REFUSED = {2, 9, 14, 28, 40, 51, 52, 55, 57, 121, 168, 171, 241}
_SPECIFIC = 10_000
"""The least of the codes of single checks, of what is asked for the most part."""


class Failures(ErrorTranslation):
    """A context of work on the collection `path`. Errors of pymongo leave it as errors of mqsql that name the path.

    They are StorageErrors; but what the server refuses is a QueryError, or a RecordError where `fields` were to be stored.
    """

    def __init__(self, path: str, fields: dict[str, Any] | None = None) -> None:
        super().__init__(path)
        self._fields = fields

    def _explain(self, error: BaseException) -> None:
        if isinstance(error, InvalidDocument):
            # All else that BSON cannot hold has been refused before.
            raise self._too_large() from error
        if isinstance(error, PyMongoError):
            if _is_unanswered(error):
                limits.current().check(EARLY)  # says so if it was the time for the query, or the store was closed
            raise self._explained(error) from error
        if isinstance(error, BSONError):
            raise StorageError(f'{self.path}: the server sent what is no BSON: {printable(str(error))}') from error

    def _explained(self, error: PyMongoError) -> Exception:
        code = code_of(error)
        if code in _TOO_LARGE:
            return self._too_large()
        if code in _BY_CODE:
            return self._failed(_BY_CODE[code], error)
        if _is_unanswered(error):
            return self._failed('the server does not answer; look whether it is running, and can be reached', error)
        if isinstance(error, InvalidURI | ConfigurationError):
            return self._failed('the address or an option of it is wrong', error)
        if isinstance(error, InvalidOperation):
            return StorageError(f'{self.path}: the store is closed; open it again')
        if code in _REFUSED or (code is not None and code >= _SPECIFIC):
            refused = QueryError if self._fields is None else RecordError
            return refused(f'{self.path}: the server refuses this: {_words(error)}')
        return self._failed('the server failed', error)

    def _failed(self, what: str, error: PyMongoError) -> StorageError:
        return StorageError(f'{self.path}: {what} ({_words(error)})')

    def _too_large(self) -> Exception:
        if self._fields is None:
            return QueryError(f'{self.path}: MongoDB takes queries of at most 16 MiB')
        return too_large(self._fields)


def too_large(fields: dict[str, Any], path: str = '') -> RecordError:
    """The error for a record that is too large; it names the largest field."""
    largest = max(fields, key=lambda name: len(encode({name: fields[name]})), default='')
    return RecordError('MongoDB stores records of at most 16 MiB, buffers not counted', path + largest)


def _is_unanswered(error: PyMongoError) -> bool:
    return error.timeout or isinstance(error, ConnectionFailure)


def unanswered(error: BaseException) -> bool:
    """Whether an error of mqsql is that the server did not answer in time, or could not be reached, and not that it refused."""
    cause = error.__cause__
    return isinstance(cause, PyMongoError) and _is_unanswered(cause)


def code_of(error: PyMongoError) -> int | None:
    """The code of the server's error, of the first one where several changes were asked for."""
    if isinstance(error, BulkWriteError) and error.details['writeErrors']:
        return int(error.details['writeErrors'][0]['code'])
    return error.code if isinstance(error, OperationFailure) else None


def _words(error: PyMongoError) -> str:
    details = (error.details if isinstance(error, OperationFailure) else None) or {}
    words = next(iter(details.get('writeErrors', ())), details).get('errmsg')
    # What follows is a description of the whole topology.
    return (
        printable(str(words or error).partition(', Timeout:')[0].partition(', full error:')[0]) or type(error).__name__
    )
