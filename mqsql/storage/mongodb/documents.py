"""Records as documents of BSON, and back.

A document has a field for each column with a value, in BSON's own type, so that the server answers queries as they are. It also
has `_id`, which is the key, and `microseconds`, since BSON's times end at milliseconds: by column those of a time, or of each
time inside the value, with the steps to it. What BSON cannot hold is refused.
"""

from collections.abc import Callable
from datetime import datetime
from functools import partial
from typing import Any

from bson import DBRef

from mqsql.errors import RecordError, StorageError, short_repr
from mqsql.schema import BUFFERS, ColumnType, Record, Table
from mqsql.schema.rows import Tell
from mqsql.values.canonical import INT64
from mqsql.values.libraries import UnstorableError
from mqsql.values.paths import DBREF

ID, MICROSECONDS = '_id', 'microseconds'

MAX_LEVELS = 99
"""Of dicts and lists in a value; MongoDB takes 100 with the document itself (its manual, "MongoDB Limits and Thresholds")."""

Steps = tuple[str | int, ...]
Document = dict[str, Any]


def check_table(table: Table) -> None:
    """StorageError for a table whose documents would contradict themselves."""
    for name in (ID, MICROSECONDS):
        if name in table.columns and not name == table.key == ID:
            raise StorageError(
                f'the table {table.name!r} has a column {name!r}, which MongoDB or mqsql needs; name it otherwise'
            )


# --- to documents


def to_fields(record: Record) -> tuple[Document, Document]:
    """The fields for canonical values that are not None, and the microseconds of their times, where BSON does not hold them.

    Buffers are left as they are. RecordError names what BSON cannot hold.
    """
    fields = {column: value for column, value in record.items() if value is not None}
    microseconds: Document = {}
    for column, value in fields.items():
        found: list[list[Any]] = []
        try:
            _look(value, (), found)
        except UnstorableError as e:
            raise RecordError(str(e), column + e.path) from e.__cause__
        if found:
            # Of a column of times only the number.
            microseconds[column] = found if len(found[0]) > 1 else found[0][0]
    return fields, microseconds


def _look(value: Any, steps: Steps, found: list[list[Any]]) -> None:
    """Add the microseconds in a value to `found`, each with the steps to its time.

    UnstorableError for what BSON cannot hold.
    """
    kind = type(value)
    if kind is str:
        check_text(value, steps)
    elif kind is datetime:
        if value.microsecond % 1000:
            found.append([value.microsecond, *steps])
    elif kind is int:
        if value not in INT64:
            raise _refused(f'MongoDB stores integers of at most 64 bits, not {short_repr(value)}', steps)
    elif kind is dict or kind is list:
        if len(steps) >= MAX_LEVELS:
            raise _refused(f'MongoDB stores at most {MAX_LEVELS} levels of nesting', steps)
        if kind is dict:
            for name in value:
                _check_name(name, steps)
            if DBREF[0] in value and _plain(_dbref(value)) != list(value.items()):
                raise _refused(
                    'a document with the field $ref is a DBRef in MongoDB: $ref, $id and $db come first', steps
                )
        for step, item in value.items() if kind is dict else enumerate(value):
            if type(item) not in _ANY:
                _look(item, (*steps, step), found)


_ANY = frozenset({float, bool, bytes, type(None)})
"""Types whose values BSON holds, each of them."""


def check_value(value: Any, depth: int) -> None:
    """UnstorableError for a canonical value, so many levels deep in a column, that BSON cannot hold."""
    _look(value, ('',) * depth, [])


def check_text(text: str, steps: Steps = ()) -> None:
    """UnstorableError for text that is not Unicode."""
    if not text.isascii():
        try:
            text.encode()
        except UnicodeEncodeError:
            raise _refused(f'MongoDB stores text without lone surrogates, not {short_repr(text)}', steps) from None


def _check_name(name: str, steps: Steps) -> None:
    check_text(name, steps)
    if '\0' in name:
        raise _refused(f'MongoDB stores no field whose name has NUL, such as {short_repr(name)}', steps)


def _dbref(value: Document) -> DBRef | None:
    """What the driver makes of a document with the field $ref, if it can."""
    reference, key, database = map(value.get, DBREF)
    others = {name: item for name, item in value.items() if name not in DBREF}
    if not isinstance(reference, str) or not isinstance(database, str | None):
        return None
    return DBRef(reference, key, database, others)


def _plain(reference: DBRef | None) -> list[tuple[str, Any]]:
    """The fields that a DBRef was made of, in their order."""
    if reference is None:
        return []
    return [(name, value) for name, value in reference.as_doc().items() if name not in DBREF or value is not None]


def _refused(message: str, steps: Steps) -> UnstorableError:
    path = ''.join(f'[{step}]' if isinstance(step, int) else f'.{step}' for step in steps)
    return UnstorableError(message, path[:200])


# --- from documents


def read_fields(document: Document, table: Table, columns: tuple[str, ...], tell: Tell) -> Record:
    """The canonical values of columns, None where there is none; `tell` is called with each that no column holds.

    Those of Buffers are as in the document.
    """
    key, said = document.get(table.key), document.get(MICROSECONDS)
    microseconds = said if isinstance(said, dict) else {}
    record: Record = {}
    for column in columns:
        stored, kind = document.get(column), table.columns[column]
        if stored is not None and kind is not BUFFERS:
            stored = _read(stored, kind, microseconds.get(column), partial(tell, key, column))
        record[column] = stored
    return record


def _read(stored: Any, kind: ColumnType, microseconds: Any, tell: Callable[[str], Any]) -> Any:
    try:
        try:
            value = kind.coerce(stored)
        except UnstorableError:
            value = kind.coerce(_without_dbrefs(stored))
    except UnstorableError as e:
        return tell(f'is not what a column of {kind.holds} holds: {e}')
    return value if microseconds is None else _with_microseconds(value, microseconds)


def _without_dbrefs(stored: Any) -> Any:
    """The value, with a document in place of each DBRef, which the driver makes of it."""
    if isinstance(stored, DBRef):
        stored = dict(_plain(stored))
    if isinstance(stored, dict):
        return {name: _without_dbrefs(item) for name, item in stored.items()}
    return [_without_dbrefs(item) for item in stored] if isinstance(stored, list) else stored


def _with_microseconds(value: Any, said: Any) -> Any:
    """The value with the microseconds of its times, where they are still those; another program may have changed the value."""
    if isinstance(value, datetime):
        return _exact(value, said)
    for microsecond, *steps, last in said if isinstance(said, list) and all(map(_is_place, said)) else ():
        place = _follow(value, steps)
        if isinstance(time := _follow(place, [last]), datetime):
            place[last] = _exact(time, microsecond)
    return value


def _is_place(said: Any) -> bool:
    return isinstance(said, list) and len(said) > 1


def _follow(value: Any, steps: list[Any]) -> Any:
    """What is at the end of the steps; None if they lead nowhere."""
    for step in steps:
        try:
            value = value[step]
        except (LookupError, TypeError):
            return None
    return value


def _exact(time: datetime, microsecond: Any) -> datetime:
    same = isinstance(microsecond, int) and microsecond // 1000 * 1000 == time.microsecond
    return time.replace(microsecond=microsecond) if same else time
