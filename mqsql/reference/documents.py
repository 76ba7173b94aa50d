"""Whether documents match a query: plain dicts with any keys, in no table.

A key that is None is null, and not missing as in a table; no key has an alias.
"""

from collections.abc import Callable, Mapping
from typing import Any

from mqsql import limits
from mqsql.errors import QueryError, RecordError, short_repr
from mqsql.reference.collation import read_collation
from mqsql.reference.place import Place
from mqsql.reference.query import read_query
from mqsql.schema import DOCUMENT, ColumnType
from mqsql.values.canonical import coerce_value
from mqsql.values.libraries import UnstorableError
from mqsql.values.plain import read_plain

Document = Mapping[str, Any]


class _AnyType(dict[str, ColumnType]):
    """The type of every field: a value of any type, into which paths may lead."""

    def __missing__(self, name: str) -> ColumnType:
        return DOCUMENT


class _AnyFields:
    """In place of a table: every name is a field."""

    columns: Mapping[str, ColumnType] = _AnyType()

    def column(self, name: object, path: str = '') -> str:
        """The name itself; QueryError if it is not text."""
        if not isinstance(name, str):
            raise QueryError(f'a key is text, not {short_repr(name)}', path)
        return name


ANY_FIELDS = _AnyFields()


@limits.within_python
def matcher(query: Mapping[str, Any], collation: Mapping[str, Any] | None = None) -> Callable[[Document], bool]:
    """The predicate that says whether a document matches a MongoDB query: `filter(matcher({'a.b': {'$gt': 5}}), documents)`.

    A document is a dict with any keys, and values as in records: a naive datetime is local time. The query is parsed once,
    so this is faster than `matches` for many documents. `collation` is MongoDB's dict of how texts compare. `$$NOW` is the
    time of this call.

    Raises QueryError for a query without a meaning. The predicate raises RecordError for a document with a value that no
    record can hold, and QueryError where an expression has no result.
    """
    fold = read_collation(read_plain(collation, 'collation'), Place(ANY_FIELDS, 'collation'))
    match = read_query(read_plain(query), Place(ANY_FIELDS, fold=fold))

    @limits.within_python
    def test(document: Document) -> bool:
        return match(_read_document(document))

    return test


def matches(document: Document, query: Mapping[str, Any], collation: Mapping[str, Any] | None = None) -> bool:
    """Whether the document matches a MongoDB query; see `matcher`, which is faster for many documents."""
    return matcher(query, collation)(document)


def _read_document(document: object) -> dict[str, Any]:
    try:
        canonical = coerce_value(document)
    except UnstorableError as e:
        raise RecordError(str(e), e.path.removeprefix('.')) from e.__cause__
    if not isinstance(canonical, dict):
        raise RecordError(f'a document is a dict, not {short_repr(document)}')
    return canonical
