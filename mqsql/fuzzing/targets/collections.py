"""Objects with pymongo's methods: a collection, or a database or client that holds collections."""

import inspect
from collections.abc import Callable
from pathlib import Path
from typing import Any

from mqsql.fuzzing.steps import Find, Query, Record
from mqsql.fuzzing.targets.base import Target, TargetError

ABILITIES = {
    'update_one': 'update',
    'delete_one': 'drop',
    'delete_many': 'drop matching',
    'create_index': 'index',
}
"""What each method is for; a collection need have only `insert_many` and `find`."""

NAME = 'tasks'


class CollectionTarget(Target):
    """A function that makes such an object, perhaps in the directory that it is given."""

    def __init__(self, make: Callable[..., Any]) -> None:
        self._make, self._made, self._number = make, None, 0
        self._placed = _takes_directory(make)
        self.collection: Any = None

    def begin(self, directory: Path) -> None:
        self._directory, self._number = directory, self._number + 1
        self._open()
        if list(self.collection.find({})):
            raise TargetError('the collection is not empty; give a function that makes an empty one')
        found = {ability for name, ability in ABILITIES.items() if _has(self.collection, name)}
        self.abilities = frozenset(found | ({'reopen'} if self._placed else set()))

    def _open(self) -> None:
        self._made = self._make(str(self._directory)) if self._placed else self._make()
        self.collection = _collection(self._made, f'{NAME}{self._number}')

    def add(self, records: list[Record]) -> None:
        self.collection.insert_many(records)

    def find(self, step: Find) -> list[Record]:
        wanted = step.projection if step.keys is None else dict.fromkeys(step.keys, 1)
        cursor = self.collection.find(step.query) if wanted is None else self.collection.find(step.query, wanted)
        if step.sort:
            cursor = cursor.sort(step.sort)
        if step.skip:
            cursor = cursor.skip(step.skip)
        return list(cursor.limit(step.limit) if step.limit else cursor)

    def state(self, keys: list[str]) -> list[Record]:
        return [record for record in self.collection.find({}) if record.get('_id') in keys]

    def update(self, key: str, changes: Record) -> None:
        self.collection.update_one({'_id': key}, {'$set': changes})

    def drop(self, key: str) -> None:
        self.collection.delete_one({'_id': key})

    def drop_matching(self, query: Query) -> None:
        self.collection.delete_many(query)

    def create_index(self, path: str) -> None:
        self.collection.create_index(path)

    def reopen(self) -> None:
        self.close()
        self._open()

    def close(self) -> None:
        close = getattr(self._made, 'close', None)
        if callable(close) and self._made is not self.collection:
            close()
        self.collection = self._made = None


def is_collection(found: Any) -> bool:
    """Whether it has the methods that are needed."""
    return _has(found, 'insert_many') and _has(found, 'find')


def _has(found: Any, name: str) -> bool:
    # In many libraries, any other attribute is a collection.
    return callable(getattr(type(found), name, None))


def _collection(made: Any, name: str) -> Any:
    """The object itself, or a collection of this name in it."""
    for _ in range(3):
        if is_collection(made):
            return made
        if not _has(made, '__getitem__'):
            break
        made = made[name]
    raise TargetError(f'{type(made).__name__} is no collection with insert_many and find, and has none')


def _takes_directory(make: Any) -> bool:
    """Whether it must be given something, which then is the directory."""
    try:
        parameters = inspect.signature(make).parameters.values()
    except ValueError:  # a class written in C
        return False
    return any(p.default is p.empty and p.kind in (p.POSITIONAL_ONLY, p.POSITIONAL_OR_KEYWORD) for p in parameters)
