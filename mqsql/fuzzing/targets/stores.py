"""Stores of mqsql, by what `mqsql.open` takes."""

from contextlib import suppress
from pathlib import Path

from mqsql.errors import MissingRecordError, MqsqlError
from mqsql.fuzzing.steps import Find, Query, Record
from mqsql.fuzzing.targets.base import STORE, Target, TargetError
from mqsql.storage import Store, open
from mqsql.storage.urls import DUCKDB, MONGODB, PARQUET, SQLITE, read_url

MEMORY = ':memory:'


class StoreTarget(Target):
    """The store of a URL; what is there already is refused, and what is made is in a directory of its own."""

    kind = STORE
    abilities = frozenset({'update', 'drop', 'drop matching', 'history', 'index'})

    def __init__(self, url: str) -> None:
        self._kind, self._path = read_url(url)
        if self._kind == PARQUET:
            raise TargetError(f'{url}: Parquet files are read-only')
        self._in_file = self._kind in (SQLITE, DUCKDB) and self._path != MEMORY
        if self._in_file and Path(self._path).exists():
            raise TargetError(f'{url} exists; name a file that does not, since records are added and deleted')
        self._url, self.ordered = url, self._kind != MONGODB
        if self._in_file or self._kind == MONGODB:
            self.abilities = self.abilities | {'reopen'}
        self._store: Store | None = None

    @property
    def store(self) -> Store:
        """The store, which is open."""
        assert self._store is not None
        return self._store

    def begin(self, directory: Path) -> None:
        if self._in_file:
            self._url = f'{"duckdb:" if self._kind == DUCKDB else ""}{directory / Path(self._path).name}'
        self._store = open(self._url)
        if self._kind == MONGODB and self.store.count({}, limit=1):
            self._store = None
            raise TargetError('the collection is not empty; name one that does not exist')

    def add(self, records: list[Record]) -> None:
        self.store.add_records(records)

    def find(self, step: Find) -> list[Record]:
        options = {'sort': step.sort, 'limit': step.limit, 'skip': step.skip, 'projection': step.projection}
        given = {name: value for name, value in options.items() if value}
        return list(self.store.find(step.query, step.keys, **given))  # type: ignore[arg-type]

    def state(self, keys: list[str]) -> list[Record]:
        found = []
        for key in keys:
            with suppress(MissingRecordError):
                found.append(self.store.get_record(key))
        return found

    def update(self, key: str, changes: Record) -> None:
        self.store.update_record(key, changes)

    def drop(self, key: str) -> None:
        self.store.drop_record(key)

    def drop_matching(self, query: Query) -> None:
        self.store.drop_matching_records(query)

    def create_index(self, path: str) -> None:
        with suppress(MqsqlError):  # some have no indexes, others not on all columns
            self.store.create_index(path)

    def history(self) -> list[str]:
        return self.store.get_history()

    def reopen(self) -> None:
        self.store.close()
        self._store = open(self._url)

    def close(self) -> None:
        if self._store is not None:
            if self._kind == MONGODB:
                self._store.drop_matching_records({})
            self._store.close()
        self._store = None
