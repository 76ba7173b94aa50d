"""Backends to fuzz: a right one with pymongo's methods, and others that have one defect each."""

import os
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any, Self

import orjson

from mqsql import matches
from mqsql.fuzzing.models import DocumentModel
from mqsql.fuzzing.steps import Add, Find
from mqsql.fuzzing.walking import leaves

Document = dict[str, Any]


class Cursor:
    """What find gives: the records are sought when they are asked for."""

    def __init__(self, collection: 'Right', query: Document, keys: Document | None) -> None:
        self.collection, self.query = collection, query
        self.keys = None if keys is None else list(keys)
        self.pairs: list[tuple[str, int]] | None = None
        self.skipped = self.most = 0

    def sort(self, pairs: list[tuple[str, int]]) -> Self:
        self.pairs = pairs
        return self

    def skip(self, number: int) -> Self:
        self.skipped = number
        return self

    def limit(self, number: int) -> Self:
        self.most = number
        return self

    def __iter__(self) -> Iterator[Document]:
        return iter(self.collection.found(self))


class Right:
    """Answers as MongoDB does, since it asks the reference."""

    def __init__(self) -> None:
        self.model = DocumentModel(ordered=True)

    def insert_many(self, documents: list[Document]) -> None:
        self.model.do(Add(documents))

    def find(self, query: Document, keys: Document | None = None) -> Cursor:
        return Cursor(self, query, keys)

    def found(self, cursor: Cursor) -> list[Document]:
        step = Find(self.read(cursor.query), cursor.keys, cursor.pairs, cursor.most, cursor.skipped)
        answer = self.model.do(step)
        return answer.records  # type: ignore[union-attr]

    def read(self, query: Document) -> Document:
        """The query that is asked in place of the one that was given."""
        return query

    def delete_many(self, query: Document) -> None:
        kept = {key: one for key, one in self.model.records.items() if not matches(one, self.read(query))}
        self.model.records = kept


def replaced(value: Any, old: str, new: str) -> Any:
    """The query with another operator in place of one."""
    if isinstance(value, dict):
        return {new if key == old else key: replaced(part, old, new) for key, part in value.items()}
    return [replaced(part, old, new) for part in value] if isinstance(value, list) else value


class GreaterOrEqual(Right):
    """$gt is $gte."""

    def read(self, query: Document) -> Document:
        return replaced(query, '$gt', '$gte')  # type: ignore[no-any-return]


class SkipsNulls(Right):
    """$nin does not find what has no value, as NOT IN of SQL."""

    def found(self, cursor: Cursor) -> list[Document]:
        paths = [leaf.path for leaf in leaves(cursor.query) if leaf.operator == '$nin']
        return [one for one in super().found(cursor) if all(matches(one, {path: {'$ne': None}}) for path in paths)]


class OneTooMany(Right):
    """A limit gives one more."""

    def found(self, cursor: Cursor) -> list[Document]:
        cursor.most = cursor.most and cursor.most + 1
        return super().found(cursor)


class SortsWrongly(Right):
    """The second of two keys to sort by is sorted the other way round."""

    def found(self, cursor: Cursor) -> list[Document]:
        if cursor.pairs and len(cursor.pairs) > 1:
            (path, way), *rest = cursor.pairs[1:]
            cursor.pairs = [cursor.pairs[0], (path, -way), *rest]
        return super().found(cursor)


class Crashes(Right):
    """$mod ends the process."""

    def read(self, query: Document) -> Document:
        if any(leaf.operator == '$mod' for leaf in leaves(query)):
            os._exit(7)
        return query


class Hangs(Right):
    """$size never ends."""

    def read(self, query: Document) -> Document:
        while any(leaf.operator == '$size' for leaf in leaves(query)):
            time.sleep(1)
        return query


class Refuses(Right):
    """$exists is not there, and says so."""

    def read(self, query: Document) -> Document:
        if any(leaf.operator == '$exists' for leaf in leaves(query)):
            raise NotImplementedError('no operator $exists')
        return query


class Changes(Right):
    """find empties the query that it is given."""

    def find(self, query: Document, keys: Document | None = None) -> Cursor:
        cursor = super().find(dict(query), keys)
        query.clear()
        return cursor


class DeletesMore(Right):
    """delete_many with several keys looks at the first alone."""

    def delete_many(self, query: Document) -> None:
        super().delete_many(dict(list(query.items())[:1]))


class Indexed(Right):
    """An index on a field hides the records that have a boolean there."""

    def __init__(self) -> None:
        super().__init__()
        self.index = ''

    def create_index(self, path: str) -> None:
        self.index = path

    def found(self, cursor: Cursor) -> list[Document]:
        found = super().found(cursor)
        asked = self.index in [leaf.path for leaf in leaves(cursor.query)]
        return [one for one in found if not isinstance(one.get(self.index), bool)] if asked else found


class Forgets(Right):
    """What is in the file is read again, but for times."""

    def __init__(self, directory: str) -> None:
        super().__init__()
        self.path = Path(directory) / 'ids.json'
        for key in orjson.loads(self.path.read_bytes()) if self.path.exists() else ():
            self.model.records[key] = {'_id': key}

    def insert_many(self, documents: list[Document]) -> None:
        super().insert_many(documents)
        self.path.write_bytes(orjson.dumps(list(self.model.records)))
