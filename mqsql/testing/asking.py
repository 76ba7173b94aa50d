"""Calls of a database under test beside the oracle: an answer that differs is an error that shows the call and the records."""

import copy
from collections.abc import Collection, Iterable, Mapping
from pprint import pformat
from typing import Any

from mqsql.errors import cut
from mqsql.schema import Record, Table
from mqsql.testing.differences import Difference, difference
from mqsql.testing.oracle import Oracle

LONGEST = 2_000
"""Characters of a call in a message."""


class Beside:
    """A database with the methods of a hub's, and an oracle with the same records.

    Each method calls both. AssertionError if the database raises, or does not answer as the oracle.
    """

    def __init__(self, db: Any, table: Table, *, natural_order: bool = False) -> None:
        self.db, self.table, self.natural_order = db, table, natural_order
        self.oracle = Oracle(table=table)
        self.dropped = set[str]()

    # --- changes

    def add(self, *records: Record) -> None:
        """Add records; what is None or missing is given as None, as a hub does."""
        for record in records:
            self.oracle.add(record)
            key = record[self.table.key]
            self.dropped.discard(key)
            self._call('add_record', key, self._complete(record))

    def update(self, key: str, changes: Record) -> None:
        """Change a record."""
        self.oracle.update(key, changes)
        self._call('update_record', key, copy.deepcopy(changes))

    def drop(self, key: str) -> None:
        """Remove a record."""
        self.oracle.drop(key)
        self.dropped.add(key)
        self._call('drop_record', key)

    def drop_matching(self, query: Mapping[str, Any]) -> None:
        """Remove what matches; the others must be left."""
        before = self.oracle.records
        gone = self.oracle.drop_matching(query)
        self.dropped.update(gone)
        self._call('drop_matching_records', copy.deepcopy(query))
        there = [record[self.table.key] for record in before if self._has(record[self.table.key])]
        if there != self.oracle.find_keys():
            left = Difference('drop', '', f'expected that {self.oracle.find_keys()!r} are left, and {there!r} are')
            raise self._wrong(f'drop_matching_records({query!r})', left, before)

    def check_added_untouched(self, key: str) -> None:
        """The same for a record that is added again after it was dropped."""
        record = self.oracle.get(key)
        self.drop(key)
        given, before = self._complete(record), self._complete(record)
        self.oracle.add(record)
        self.dropped.discard(key)
        self._call('add_record', key, given)
        if found := difference(before, given):
            raise self._wrong(f'add_record({key!r}, …) changes what it is given', found)
        given.update(dict.fromkeys(given))
        self.check_record(key)

    def check_untouched(self, key: str, but: Collection[str] = ()) -> None:
        """The database changes nothing that it is given, and what happens to that later changes no record."""
        given = self._complete(self.oracle.get(key))
        given = {column: value for column, value in given.items() if column != self.table.key and column not in but}
        before = copy.deepcopy(given)
        self._call('update_record', key, given)
        if found := difference(before, given):
            raise self._wrong(f'update_record({key!r}, …) changes what it is given', found)
        given.update(dict.fromkeys(given))
        self.check_record(key)
        got = self._call('get_record', key)
        got.update(dict.fromkeys(got))  # the check before has seen that it is a dict
        self.check_record(key)

    def check_arguments(self, query: Mapping[str, Any], keys: list[str]) -> None:
        """A find changes neither the query nor the keys that it is given."""
        given = copy.deepcopy((query, keys))
        self._call('find_records', *given)
        for name, one, other in zip(('query', 'keys'), (query, keys), given, strict=True):
            if found := difference(one, other):
                raise self._wrong(f'find_records({query!r}, {keys!r}) changes its {name}', found)

    # --- answers

    def check_record(self, key: str) -> None:
        """The record of a key is what it should be, in all columns."""
        got, expected = self._call('get_record', key), self.oracle.get(key)
        if not isinstance(got, Mapping):
            raise self._wrong(f'get_record({key!r})', Difference('type', '', f'expected a dict, got {got!r}'))
        if found := difference(expected, got, whole=True):
            raise self._wrong(f'get_record({key!r})', found)

    def check_missing(self, key: str) -> None:
        """No record has the key: all calls by key raise KeyError."""
        for name, arguments in (('get_record', ()), ('update_record', ({self.table.key: key},)), ('drop_record', ())):
            try:
                got = getattr(self.db, name)(key, *arguments)
            except KeyError:
                continue
            except Exception as e:
                raise self._wrong(f'{name}({key!r}) of a missing record', _raised(e, 'KeyError')) from e
            what = Difference('error', '', f'expected KeyError, got {got!r}')
            raise self._wrong(f'{name}({key!r}) of a missing record', what)

    def check_find(self, query: Mapping[str, Any], keys: list[str] | None = None) -> None:
        """The records that match a query come, each with the keys that are asked for; with all, if none are."""
        got = self._call('find_records', copy.deepcopy(query), None if keys is None else list(keys))
        wanted = list(self.table.all_keys) if keys is None else keys
        if found := self.oracle.check(got, query, wanted, natural_order=self.natural_order):
            raise self._wrong(f'find_records({query!r}, {keys!r})', found)

    def check_options(self, query: Mapping[str, Any], options: Mapping[str, Any]) -> None:
        """`find` gives what it should with a sort, a limit and so on."""
        given = copy.deepcopy(dict(options))
        got = self._call('find', copy.deepcopy(query), **given)
        if found := self.oracle.check(got, query, natural_order=self.natural_order, **options):
            raise self._wrong(f'find({query!r}, **{dict(options)!r})', found)

    def check_history(self) -> None:
        """The keys of the records with a time of submission come in its order; those of others come anywhere, or not at all."""
        got, column = self._call('get_history'), self.table.history
        if not isinstance(got, Iterable):
            raise self._wrong('get_history()', Difference('type', '', f'expected a list of ids, got {got!r}'))
        if column is None:
            return
        timed = {column: {'$ne': None}}
        known = set(self.oracle.find_keys(timed))
        rows = [{self.table.key: key} for key in got if key in known or key not in self.oracle]
        if found := self.oracle.check(rows, timed, [self.table.key], sort=column):
            raise self._wrong('get_history()', found)

    def check_all(self) -> None:
        """Every record is there, and none that was dropped."""
        self.check_history()
        for key in self.oracle.find_keys():
            self.check_record(key)
        for key in sorted(self.dropped):
            if self._has(key):
                raise self._wrong(f'get_record({key!r})', Difference('drop', '', 'expected KeyError: it was dropped'))

    def _has(self, key: str) -> bool:
        try:
            self.db.get_record(key)
        except KeyError:
            return False
        except Exception as e:
            raise self._wrong(f'get_record({key!r})', _raised(e, 'an answer')) from e
        return True

    def _complete(self, record: Record) -> Record:
        """The record with all columns, as a hub gives it."""
        return dict.fromkeys(self.table.all_keys) | copy.deepcopy(record)

    def _call(self, name: str, *arguments: Any, **options: Any) -> Any:
        try:
            return getattr(self.db, name)(*arguments, **options)
        except Exception as e:
            said = [*map(_said, arguments), *(f'{key}={value!r}' for key, value in options.items())]
            raise self._wrong(f'{name}({", ".join(said)})', _raised(e, 'an answer')) from e

    def _wrong(self, call: str, found: Difference, records: list[Record] | None = None) -> AssertionError:
        """What is wrong with a call, and the records that the database should have had."""
        had = pformat(self.oracle.records if records is None else records, width=100, sort_dicts=False)
        return AssertionError(f'{cut(call, LONGEST)}\n{cut(str(found), LONGEST)}\nrecords = {had}')


def _said(argument: Any) -> str:
    """An argument for a message; of a record, what is not None."""
    if not isinstance(argument, dict) or None not in argument.values():
        return repr(argument)
    shown = {key: value for key, value in argument.items() if value is not None}
    return f'{shown!r} and None for {len(argument) - len(shown)} others'


def _raised(error: Exception, expected: str) -> Difference:
    return Difference('error', '', f'expected {expected}, got {type(error).__name__}: {error}')
