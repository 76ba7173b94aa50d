"""The types of columns that all their values decide together, found before the records are read.

These columns alone are read once, in the same snapshot, and no value of them is kept. MongoDB has no snapshots, so its answers
are not read twice.
"""

from mqsql.schema import ANY, NUMBER
from mqsql.storage.frames.arrays import TYPE_OF_COLUMN, common
from mqsql.storage.frames.fields import Field
from mqsql.storage.frames.reading import Pieces, fields_of_answer
from mqsql.storage.queries import Cursor

_DEFAULTS = {NUMBER: 'double', ANY: 'string', None: 'string'}
"""The type of a column that has no value."""


def default_type(field: Field) -> str:
    """The type of a column without values."""
    return _DEFAULTS[field.kind] if field.kind in _DEFAULTS else TYPE_OF_COLUMN[field.kind]  # type: ignore[index]


def decided(answer: Cursor) -> list[Field] | None:
    """The columns of an answer with their types; None if that takes all records, and they cannot be read twice."""
    if answer.types is None:
        answer.check_unread('a table')
        fields = fields_of_answer(answer)
        varying = [field for field in fields if field.varies]
        found = _read_types(answer, varying) if varying else {}
        if found is None:
            return None
        answer.types = [field._replace(type=found.get(field.name)) for field in fields]
    fields_with_types: list[Field] = answer.types
    return fields_with_types


def _read_types(answer: Cursor, fields: list[Field]) -> dict[str, str] | None:
    """The types of columns by name, as far as they have values."""
    once = answer.before({field.root for field in fields})
    if once is None:
        return None
    types: list[set[str | None]] = [set() for _ in fields]
    try:
        for piece in Pieces(once, fields, structs=False).in_any_order():
            for seen, chunk in zip(types, piece, strict=True):
                seen.add(chunk.type)
    except BaseException:
        answer.close()
        raise
    finally:
        once.close()
    found = [[type_ for type_ in seen if type_] for seen in types]
    return {field.name: common(seen) for field, seen in zip(fields, found, strict=True) if seen}
