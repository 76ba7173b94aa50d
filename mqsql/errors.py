"""The exceptions of mqsql. Imports nothing of the project.

All derive from one:

    MqsqlError
    ├── QueryError (ValueError)          a query, keys, sort, limit or skip that has no meaning
    │   └── UnknownNameError (KeyError)  it names a key or an operator that does not exist
    ├── RecordError (ValueError)         a record that cannot be stored as it is
    │   └── DuplicateRecordError (KeyError)
    ├── MissingRecordError (KeyError)    no record has this key
    ├── UnsupportedError                 a valid query that the dialect cannot say
    └── StorageError                     the database failed, is closed, or cannot be opened
        ├── DamagedValueError            a value that another program stored cannot be read
        └── DamagedValueWarning (UserWarning)   such a value is left out of an answer
"""

from collections.abc import Iterable
from difflib import get_close_matches
from typing import Any

SHOWN = 80  # characters of a value that a message repeats


class MqsqlError(Exception):
    """Base of every exception that leaves mqsql because of what it was given."""

    def __str__(self) -> str:
        # KeyError would show the repr of its argument.
        return ' '.join(map(str, self.args))

    def __reduce__(self) -> tuple[Any, ...]:
        # Not by calling the class, which may take other arguments than the message.
        return _restored, (type(self), self.args), vars(self)


def _restored(kind: type[MqsqlError], args: tuple[Any, ...]) -> MqsqlError:
    return kind.__new__(kind, *args)


class QueryError(MqsqlError, ValueError):
    """A query (or keys, sort, limit, skip) without a meaning; `path` is the place inside it, such as `$or[1].started.$gte`."""

    def __init__(self, message: str, path: str = '') -> None:
        super().__init__(f'{path}: {message}' if path else message)
        self.path = path


class UnknownNameError(QueryError, KeyError):
    """An unknown key or operator; also a KeyError, which is what callers of the hub's databases expect."""


class RecordError(MqsqlError, ValueError):
    """A record that cannot be stored without loss; `path` is the place inside it, such as `content.a[3]`."""

    def __init__(self, message: str, path: str = '') -> None:
        super().__init__(f'{path}: {message}' if path else message)
        self.path = path


class DuplicateRecordError(RecordError, KeyError):
    """A record with this key is already there."""


class MissingRecordError(MqsqlError, KeyError):
    """No record has this key."""


class UnsupportedError(MqsqlError):
    """A valid query that `dialect` has no words for; `operator` is what it lacks."""

    def __init__(self, operator: str, dialect: str, path: str = '') -> None:
        super().__init__(f'{path + ": " if path else ""}{operator} has no form in {dialect}')
        self.operator, self.dialect, self.path = operator, dialect, path


class StorageError(MqsqlError):
    """The database failed, is closed, is read-only or cannot be opened."""


class DamagedValueError(StorageError):
    """A call needs a value that another program stored and that cannot be read."""


class DamagedValueWarning(StorageError, UserWarning):  # noqa: N818
    """A value that another program stored cannot be read and is left out of an answer.

    It is given to `warnings.warn`; where warnings are errors, it is a StorageError like any other.
    """


def shown(value: object) -> str:
    """The value and its type for a message, cut to a length that fits one; never fails, whatever `value` is."""
    try:
        text = repr(value)
    except Exception:  # a foreign __repr__, or a nesting too deep to print
        text = object.__repr__(value)
    cut = text if len(text) <= SHOWN else text[: SHOWN - 1] + '…'
    return f'{cut} ({type(value).__name__})'


def unknown(what: str, name: str, known: Iterable[str]) -> str:
    """The sentence for an unknown name, with the nearest known one: "unknown key 'statred', did you mean 'started'?"."""
    near = get_close_matches(name[:SHOWN], list(known), n=1)
    return f'unknown {what} {name[:SHOWN]!r}' + (f', did you mean {near[0]!r}?' if near else '')
