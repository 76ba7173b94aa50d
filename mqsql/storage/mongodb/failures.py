"""Turns failures of a MongoDB server, or of the way to it, into StorageErrors that say what happened and what to do."""

from bson.errors import InvalidDocument
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

DUPLICATE = 11_000
_TOO_LARGE = {10_334, 17_280, 17_419, 17_420}
_BY_CODE = {
    13: 'the user may not do this; ask the one who runs the server for the role readWrite',
    18: 'the server refuses the name or the password; correct them in the address',
    50: 'the server stopped this, since it took too long',
    10_107: 'the server is not the primary now; repeat the call',
    14_031: 'the disk of the server is full; make room and repeat the call',
    39: 'the disk of the server is full, or a quota; make room and repeat the call',
}
"""Advice by the code of the server's error (MongoDB's manual, "Error Codes")."""

_SPECIFIC = range(10_000, 10_000_000)
"""Codes of single checks, of a query for the most part."""
_OF_A_QUERY = {2, 9, 14, 40, 51, 52, 168, 241}


class Failures(ErrorTranslation):
    """A context of work on the collection `path`. Errors of pymongo leave it as errors of mqsql that name the path.

    They are StorageErrors; but a record that is too large is a RecordError, and a query that the server refuses a QueryError.
    """

    def _explain(self, error: BaseException) -> None:
        if isinstance(error, InvalidDocument):
            # All else that BSON cannot hold has been refused before.
            raise _too_large() from error
        if isinstance(error, PyMongoError):
            if error.timeout:
                limits.check()  # says so if it was the time for the query
            raise self._explained(error) from error

    def _explained(self, error: PyMongoError) -> Exception:
        code = code_of(error)
        if code in _TOO_LARGE:
            return _too_large()
        if code in _BY_CODE:
            return self._failed(_BY_CODE[code], error)
        if error.timeout or isinstance(error, ConnectionFailure):
            return self._failed('the server does not answer; look whether it is running, and can be reached', error)
        if isinstance(error, InvalidURI | ConfigurationError):
            return self._failed('the address or an option of it is wrong', error)
        if isinstance(error, InvalidOperation):
            return StorageError(f'{self.path}: the store is closed; open it again')
        if code in _OF_A_QUERY or code in _SPECIFIC:
            return QueryError(f'{self.path}: the server refuses this: {_words(error)}')
        return self._failed('the server failed', error)

    def _failed(self, what: str, error: PyMongoError) -> StorageError:
        return StorageError(f'{self.path}: {what} ({_words(error)})')


def code_of(error: PyMongoError) -> int | None:
    """The code of the server's error, of the first one where several changes were asked for."""
    if isinstance(error, BulkWriteError) and error.details['writeErrors']:
        return int(error.details['writeErrors'][0]['code'])
    return error.code if isinstance(error, OperationFailure) else None


def _too_large() -> RecordError:
    return RecordError('MongoDB stores records of at most 16 MiB, buffers not counted')


def _words(error: PyMongoError) -> str:
    words = error.details.get('errmsg') if isinstance(error, OperationFailure) and error.details else None
    # What follows is a description of the whole topology.
    return (
        printable(str(words or error).partition(', Timeout:')[0].partition(', full error:')[0]) or type(error).__name__
    )
