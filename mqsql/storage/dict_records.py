"""Records in dicts, and indexes on them: for each value at a path the keys of the records that offer it there."""

from collections.abc import Iterable, Set

from mqsql.reference.narrowing import Condition, Indexed, Path, offered
from mqsql.reference.values import STRING, Order
from mqsql.schema import Index, Record, Table
from mqsql.storage.locks import Lock


class HashIndex:
    """The keys of records by what they offer at a path to a test of equality."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._keys: dict[Order, set[str]] = {}

    def change(self, key: str, before: Record | None, after: Record | None) -> None:
        """Note that a record has become another; None is no record."""
        old = frozenset() if before is None else offered(before, self._path)
        new = frozenset() if after is None else offered(after, self._path)
        for value in old - new:
            self._keys[value].remove(key)
            if not self._keys[value]:
                del self._keys[value]
        for value in new - old:
            self._keys.setdefault(value, set()).add(key)

    def found(self, values: Set[Order]) -> list[set[str]]:
        """The keys of the records that offer each of these values, as far as there are any."""
        return [self._keys[value] for value in self._keys.keys() & values]


def first_path(index: Index) -> Path:
    """The path of an index that is used here."""
    column, steps = index.paths[0]
    return column, *steps


class DictRecords:
    """The records of a table by key, in the order of insertion: canonical, without None, and never changed but replaced."""

    def __init__(self, table: Table) -> None:
        self._key: Path = (table.key,)
        self._records: dict[str, Record] = {}
        self._positions: dict[str, int] = {}
        self._next = 0
        self._indexes: dict[Path, HashIndex] = {}
        self.set_indexes(table)

    def __len__(self) -> int:
        return len(self._records)

    def get(self, key: str) -> Record | None:
        """The record of a key."""
        return self._records.get(key)

    def set_indexes(self, table: Table) -> None:
        """Have an index on the first key of each index of the table, and no others."""
        paths = {first_path(index) for index in table.indexes} - {self._key}
        self._indexes = {path: self._indexes.get(path) or self._filled(path) for path in paths}

    @property
    def paths(self) -> frozenset[Path]:
        """Where `select` uses equalities: the key, and the paths of the indexes."""
        return frozenset((self._key, *self._indexes))

    def select(self, conditions: Iterable[Condition]) -> tuple[list[Record], Path | None]:
        """The records that meet one of the conditions, that which fewest do, and its path; None if all records are as few."""
        fewest, used = len(self._records), None
        sets: list[set[str]] = []
        for path, values in conditions:
            if path not in self.paths:  # its index has been dropped since the query was read
                continue
            found = self._found(path, values)
            if (number := sum(map(len, found))) < fewest:
                fewest, used, sets = number, path, found
        if used is None:
            return list(self._records.values()), None
        keys = sorted(set().union(*sets), key=self._positions.__getitem__)
        return [self._records[key] for key in keys], used

    def _found(self, path: Path, values: Set[Order]) -> list[set[str]]:
        if path == self._key:
            return [{value[1] for value in values if value[0] == STRING and value[1] in self._records}]
        return self._indexes[path].found(values)

    def _filled(self, path: Path) -> HashIndex:
        index = HashIndex(path)
        for key, record in self._records.items():
            index.change(key, None, record)
        return index

    def change(self, key: str, record: Record | None) -> None:
        """Put a record in place of that of its key; None takes it away."""
        before = self._records.get(key)
        for (column, *_), index in self._indexes.items():
            if before is None or record is None or before.get(column) is not record.get(column):
                index.change(key, before, record)
        if record is None:
            del self._records[key], self._positions[key]
            return
        self._records[key] = record
        if before is None:
            self._positions[key] = self._next
            self._next += 1

    def clear(self) -> None:
        """Drop all records."""
        self._records.clear()
        self._positions.clear()
        self._indexes = {path: HashIndex(path) for path in self._indexes}


class Selection(Indexed):
    """The records of a store with this lock for one query; how many are tested, and the path of the index that finds them."""

    def __init__(self, records: DictRecords, lock: Lock) -> None:
        self._records, self._lock = records, lock
        self.tested = 0
        self.path: Path | None = None

    @property
    def paths(self) -> frozenset[Path]:
        """See Indexed."""
        return self._records.paths

    def __len__(self) -> int:
        return len(self._records)

    def candidates(self, conditions: Iterable[Condition]) -> list[Record]:
        """See Indexed."""
        known = list(conditions)
        with self._lock:
            found, self.path = self._records.select(known)
        self.tested = len(found)
        return found
