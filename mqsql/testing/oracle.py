"""The oracle: what MongoDB answers, by the reference, for records that change as a database's do."""

from collections.abc import Iterable, Mapping
from typing import Any

from mqsql import reference
from mqsql.errors import DuplicateRecordError, MissingRecordError, RecordError, short_repr
from mqsql.schema import TASKS, Record, Table
from mqsql.testing.differences import Difference, check_answer


class Oracle:
    """Records of a table, and what MongoDB answers to queries for them.

    >>> from mqsql.testing import Oracle
    >>> oracle = Oracle([{'msg_id': 'a', 'queue': 'mux'}, {'msg_id': 'b', 'queue': 'task'}])
    >>> oracle.find({'queue': {'$gt': 'mux'}}, ['queue'])
    [{'msg_id': 'b', 'queue': 'task'}]
    >>> oracle.update('a', {'queue': 'task'})
    >>> oracle.count({'queue': 'task'})
    2

    The answers are those of `mqsql.reference`, an implementation over plain dicts that shares neither compiler nor database
    with mqsql's stores. A column that is None is missing, as in a table. Raises QueryError for a query without a meaning,
    RecordError for a record that no table holds.
    """

    def __init__(self, records: Iterable[Mapping[str, Any]] = (), table: Table = TASKS) -> None:
        self.table = table
        self._records: dict[str, Record] = {}
        for record in records:
            self.add(record)

    def __len__(self) -> int:
        return len(self._records)

    def __contains__(self, key: object) -> bool:
        return key in self._records

    @property
    def records(self) -> list[Record]:
        """All records, in the order in which they were added, with the columns that have a value."""
        return [dict(record) for record in self._records.values()]

    # --- changes

    def add(self, record: Mapping[str, Any]) -> None:
        """Add a record; DuplicateRecordError if its key is there."""
        given = _present(self.table.normalize(record))
        key = given.get(self.table.key)
        if key is None:
            raise RecordError(f'a record has a {self.table.key!r}')
        if key in self._records:
            raise DuplicateRecordError(f'there is a record with {self.table.key} {short_repr(key)}')
        self._records[key] = given

    def update(self, key: str, changes: Mapping[str, Any]) -> None:
        """Give columns of a record other values, or none; MissingRecordError if no record has the key."""
        self._records[key] = _present({**self._existing(key), **self.table.normalize(changes)})

    def drop(self, key: str) -> None:
        """Remove a record; MissingRecordError if no record has the key."""
        self._existing(key)
        del self._records[key]

    def drop_matching(self, query: Mapping[str, Any] | None) -> list[str]:
        """Remove the records that match, and give their keys."""
        keys = self.find_keys(query)
        for key in keys:
            del self._records[key]
        return keys

    # --- answers

    def get(self, key: str) -> Record:
        """The record of a key; MissingRecordError if there is none."""
        return dict(self._existing(key))

    def find(self, query: Mapping[str, Any] | None = None, keys: Any = None, **options: Any) -> list[Record]:
        """The records that match, as `Store.find` gives them; `options` are sort, limit, skip, projection and collation."""
        return reference.find(self._records.values(), query, keys, **options, table=self.table)

    def find_keys(self, query: Mapping[str, Any] | None = None, **options: Any) -> list[str]:
        """The keys of the records that match."""
        return [record[self.table.key] for record in self.find(query, (), **options)]

    def count(self, query: Mapping[str, Any] | None = None, **options: Any) -> int:
        """How many records match."""
        return reference.count(self._records.values(), query, **options, table=self.table)

    def distinct(self, key: str, query: Mapping[str, Any] | None = None, **options: Any) -> list[Any]:
        """The different values at a key or path of the records that match."""
        return reference.distinct(self._records.values(), key, query, **options, table=self.table)

    def matches(self, record: Mapping[str, Any], query: Mapping[str, Any]) -> bool:
        """Whether a record matches, which need not be one of the oracle's."""
        return reference.matches(record, query, table=self.table)

    def history(self) -> list[str]:
        """The keys of all records by the table's column of history: those without a value first, ties as they were added."""
        return self.find_keys({}, sort=self.table.history)

    def tied(self, query: Mapping[str, Any] | None = None, sort: Any = None, **options: Any) -> list[list[str]]:
        """The keys of the records that match, in groups: a sort puts one group before the other, and leaves a group open.

        Without a sort, that is one group. A limit and a skip are not allowed.
        """
        if sort is None:
            return [keys] if (keys := self.find_keys(query, **options)) else []
        one = self.find_keys(query, sort=sort, **options)
        backwards = list(reversed(self._records.values()))
        found = reference.find(backwards, query, (), sort=sort, **options, table=self.table)
        return _groups(one, [record[self.table.key] for record in found])

    def check(
        self,
        got: object,
        query: Mapping[str, Any] | None = None,
        keys: Any = None,
        *,
        natural_order: bool = False,
        limit: int | None = None,
        skip: int = 0,
        **options: Any,
    ) -> Difference | None:
        """How what a database gave for a find differs from the oracle's answer, or None.

        >>> oracle = Oracle([{'msg_id': 'a'}, {'msg_id': 'b'}])
        >>> oracle.check([{'msg_id': 'b'}], {}, ['msg_id'], limit=1)
        >>> print(oracle.check([{'msg_id': 'b'}], {}, ['msg_id'], limit=1, natural_order=True))
        the wrong records: missing 'a'; not expected 'b'

        MongoDB promises an order of records only as far as they are sorted, and so does this, unless `natural_order`: then
        the order of insertion decides what the sort leaves open.
        """
        expected = self.find(query, keys, **options)
        window = slice(skip, skip + limit if limit else None)
        others = {name: options[name] for name in ('sort', 'collation') if name in options}
        groups = None if natural_order else self.tied(query, **others)
        return check_answer(expected, got, self.table, groups=groups, window=window)

    def _existing(self, key: str) -> Record:
        if key not in self._records:
            raise MissingRecordError(f'there is no record with {self.table.key} {short_repr(key)}')
        return self._records[key]


def _present(record: Record) -> Record:
    return {column: value for column, value in record.items() if value is not None}


def _groups(one: list[str], other: list[str]) -> list[list[str]]:
    """Two orders that differ only within groups of ties, where one is the other backwards, as these groups."""
    groups: list[list[str]] = []
    start = 0
    while start < len(one):
        end = other.index(one[start]) + 1
        groups.append(one[start:end])
        start = end
    return groups
