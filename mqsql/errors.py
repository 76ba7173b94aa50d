"""The exceptions of mqsql.

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
from itertools import islice
from typing import Any

SHOWN = 80  # characters of a value, a name or a path that a message repeats
LONGEST = 2_000  # characters of a message


class MqsqlError(Exception):
    """Base of every exception that mqsql raises for its input. The message is printable and of limited length."""

    def __init__(self, *parts: object) -> None:
        super().__init__(*(cut(printable(part), LONGEST) if isinstance(part, str) else part for part in parts))

    def __str__(self) -> str:
        # KeyError would show the repr of its argument.
        return ' '.join(map(str, self.args))

    def __reduce__(self) -> tuple[Any, ...]:
        # Not by calling the class, which may take other arguments than the message.
        return _restored, (type(self), self.args), vars(self)


def _restored(kind: type[MqsqlError], args: tuple[Any, ...]) -> MqsqlError:
    return kind.__new__(kind, *args)


class QueryError(MqsqlError, ValueError):
    """A query (or keys, sort, limit, skip) without a meaning; `path` is the place inside it, such as `$or[1].started.$gte`.

    The message leaves out the middle of a long path; of a very long one, `path` is the beginning.
    """

    def __init__(self, message: str, path: str = '') -> None:
        super().__init__(_located(message, path))
        self.path = path


class UnknownNameError(QueryError, KeyError):
    """An unknown key or operator; also a KeyError, which is what callers of the hub's databases expect."""


class RecordError(MqsqlError, ValueError):
    """A record that cannot be stored without loss; `path` is the place inside it, such as `content.a[3]`.

    The message leaves out the middle of a long path; of a very long one, `path` is the beginning.
    """

    def __init__(self, message: str, path: str = '') -> None:
        super().__init__(_located(message, path))
        self.path = path


class DuplicateRecordError(RecordError, KeyError):
    """A record with this key is already there."""


class MissingRecordError(MqsqlError, KeyError):
    """No record has this key."""


class UnsupportedError(MqsqlError):
    """A valid query that `dialect` has no words for; `operator` is what it lacks."""

    def __init__(self, operator: str, dialect: str, path: str = '') -> None:
        super().__init__(_located(f'{operator} is not supported by {dialect}', path))
        self.operator, self.dialect, self.path = operator, dialect, path


class StorageError(MqsqlError):
    """The database failed, is closed, is read-only or cannot be opened."""


class DamagedValueError(StorageError):
    """A call needs a value that another program stored and that cannot be read."""


class DamagedValueWarning(StorageError, UserWarning):  # noqa: N818
    """A value that another program stored cannot be read and is left out of an answer.

    It is given to `warnings.warn`; where warnings are errors, it is a StorageError like any other.
    """


# --- values in messages


def _located(message: str, path: str) -> str:
    return f'{middle_cut(path)}: {message}' if path else message


def printable(text: str) -> str:
    """The text in one printable line: control characters, lone surrogates and the like are escaped."""
    return text if text.isprintable() else ''.join(map(_escaped, text))


def _escaped(char: str) -> str:
    return char if char.isprintable() else char.encode('unicode_escape').decode()


def cut(text: str, length: int = SHOWN) -> str:
    """The text, or its beginning and an ellipsis if it is too long."""
    return text if len(text) <= length else text[: length - 1] + '…'


def middle_cut(text: str, length: int = 2 * SHOWN) -> str:
    """The text, or its beginning and its end if it is too long."""
    return text if len(text) <= length else f'{text[: length // 2]}…{text[1 - length // 2 :]}'


def short_repr(value: object) -> str:
    """The value and its type for a message, cut to a length that fits one; never fails, whatever `value` is."""
    return f'{cut(printable(_repr(value)))} ({cut(printable(type(value).__name__))})'


def _repr(value: object) -> str:
    try:
        return repr(_beginning(value, [SHOWN]))
    except Exception:  # a foreign __repr__, or a nesting too deep to print
        return object.__repr__(value)


def named(name: str) -> str:
    """A name in quotes for a message, cut."""
    return cut(repr(name[: 2 * SHOWN]))


def _compared(name: str) -> str:
    """A name without the `$` of operators, in lower case."""
    return name.lstrip('$').lower()


NEAR = 0.7  # the least similarity of two names for a suggestion


def _beginning(value: Any, left: list[int]) -> Any:
    """The first parts of a value, as many as a message has room for; each takes one of `left`."""
    left[0] -= 1
    if type(value) in (str, bytes):
        return value[: SHOWN + 1]
    if type(value) is dict:
        return {_beginning(k, left): _beginning(v, left) for k, v in islice(value.items(), SHOWN) if left[0] > 0}
    if type(value) in (list, tuple):
        return type(value)(_beginning(item, left) for item in islice(value, SHOWN) if left[0] > 0)
    return value


def did_you_mean(what: str, name: str, known: Iterable[str]) -> str:
    """The sentence for an unknown name, with the nearest known one: "unknown key 'statred', did you mean 'started'?"."""
    from difflib import get_close_matches  # takes long to import, and is for errors only

    names = {_compared(one): one for one in known}
    near = get_close_matches(_compared(name[:SHOWN]), list(names), n=1, cutoff=NEAR)
    return f'unknown {what} {named(name)}' + (f', did you mean {names[near[0]]!r}?' if near else '')
