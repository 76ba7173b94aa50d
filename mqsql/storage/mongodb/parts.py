"""Queries that are too large for one message are asked in parts.

MongoDB takes at most 16 MiB: some 300,000 ids, where a hub may be asked to purge a million. The longest list of an `$in` on a
column is divided: a record has one value there, so it matches in one part alone.
"""

from collections.abc import Iterator, Mapping
from typing import Any

from bson import encode

from mqsql.errors import QueryError
from mqsql.schema import Table
from mqsql.storage.mongodb.documents import Document

LARGEST = 12 * 2**20
"""Bytes of a query in one message, which has other things besides."""


def parts(query: Document, options: Mapping[str, Any], table: Table) -> Iterator[Document]:
    """The queries that each find a part of what this one finds, itself if it is small.

    QueryError if it is too large and has no such list, or if `options` are of the whole answer.
    """
    size = len(encode(query))
    if size <= LARGEST:
        yield query
        return
    if whole := [name for name in _OF_THE_WHOLE if options.get(name)]:
        raise QueryError(f'MongoDB takes queries of at most 16 MiB with {" and ".join(whole)}; ask without')
    column = max(_listed(query, table), key=lambda column: len(query[column]['$in']), default=None)
    if column is None or size - len(encode({column: query[column]})) > LARGEST // 2:
        raise QueryError('MongoDB takes queries of at most 16 MiB; ask for less, or with one list of ids in $in')
    # Each once: a record would be found in each part that has its value.
    values = list(dict.fromkeys(query[column]['$in']))
    number = max(1, len(values) * (LARGEST // 2) // size)
    for start in range(0, len(values), number):
        yield from parts({**query, column: {**query[column], '$in': values[start : start + number]}}, options, table)


_OF_THE_WHOLE = ('sort', 'skip', 'limit')


def _listed(query: Document, table: Table) -> Iterator[str]:
    for key, tests in query.items():
        if key in table.columns and not table.columns[key].mixed and isinstance(tests, dict) and '$in' in tests:
            yield key
