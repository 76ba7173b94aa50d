"""Indexes on paths change no answer, whatever they are on, whatever is written, and whoever writes it."""

import sqlite3
from typing import Any

import pytest
from finds import finds
from hypothesis import given
from stores import filled, outcome

from mqsql.errors import MqsqlError
from mqsql.schema import DOCUMENT, TASKS, Record, Table
from mqsql.storage import Store

pytestmark = pytest.mark.usefixtures('local_zone')

Find = tuple[dict[str, Any], dict[str, Any]]


def paths_in(query: object) -> set[str]:
    """The paths into Documents that a query names, at any depth."""
    if isinstance(query, list):
        return {path for part in query for path in paths_in(part)}
    if not isinstance(query, dict):
        return set()
    here = {key for key in query if isinstance(key, str) and _is_path(key, TASKS)}
    return here | {path for part in query.values() for path in paths_in(part)}


def _is_path(key: str, table: Table) -> bool:
    name, *steps = key.split('.')
    return bool(steps) and all(steps) and table.columns.get(table.aliases.get(name, name)) is DOCUMENT


def index_all(store: Store, calls: list[Find]) -> int:
    names = {store.create_index(path) for query, _ in calls for path in paths_in(query)}
    return len(names)


@given(finds())
def test_answers_stay_as_they_are(drawn: tuple[list[Record], list[Find]]) -> None:
    collection, calls = drawn
    with filled(collection) as plain, filled(collection) as before, filled([]) as after:
        assert index_all(before, calls) == index_all(after, calls)
        for record in collection:  # the one index is filled when it is made, the other by what is written
            after.add_record(record['msg_id'], record)
        for query, options in calls:
            expected = outcome(plain.find, query, **options)
            assert outcome(before.find, query, **options) == expected
            assert outcome(after.find, query, **options) == expected


@given(finds())
def test_updates_and_deletions_are_followed(drawn: tuple[list[Record], list[Find]]) -> None:
    collection, calls = drawn
    with filled(collection) as plain, filled(collection) as indexed:
        index_all(indexed, calls)
        for store in (plain, indexed):
            rotated = [*collection[1:], *collection[:1]]
            for record, other in zip(collection, rotated, strict=True):
                store.update_record(record['msg_id'], {k: v for k, v in other.items() if k != 'msg_id'})
            if collection:
                store.drop_record(collection[-1]['msg_id'])
        for query, options in calls:
            assert outcome(indexed.find, query, **options) == outcome(plain.find, query, **options)


def test_other_programs_cannot_make_it_stale(tmp_path: Any) -> None:
    path = str(tmp_path / 'tasks.db')
    with filled([{'msg_id': str(i), 'content': {'a': [i, 'x']}} for i in range(6)], path) as store:
        store.create_index('content.a')
        other = sqlite3.connect(path, isolation_level=None)
        other.execute('UPDATE task_records SET content = \'{"a":"new"}\' WHERE msg_id = \'2\'')
        other.execute("DELETE FROM task_records WHERE msg_id = '0'")
        other.execute('REPLACE INTO task_records (msg_id, content) VALUES (\'5\', \'{"a":"new"}\')')
        other.execute('VACUUM')
        other.close()
        assert store.explain({'content.a': 'new'}).indexes == ('content.a_1',)
        assert [r['msg_id'] for r in store.find({'content.a': 'new'}, [])] == ['2', '5']
        assert [r['msg_id'] for r in store.find({'content.a': 'x'}, [])] == ['1', '3', '4']
        assert store.count({'content.a': {'$lte': 5}}) == 3


def test_stores_follow_each_others_indexes(tmp_path: Any) -> None:
    path = str(tmp_path / 'tasks.db')
    records = [{'msg_id': str(i), 'header': {'n': i}} for i in range(3)]
    with filled(records, path) as one, filled([], path) as two:
        name = one.create_index('header.n')
        assert one.create_index('header.n') == name == 'header.n_1'
        assert two.list_indexes()[name] == (('header.n', 1),)
        assert two.explain({'header.n': 1}).indexes == ('header.n_1',)
        two.drop_index(name)
        assert [r['msg_id'] for r in one.find({'header.n': 1}, [])] == ['1']
        assert one.explain({'header.n': 1}).indexes == ()
        with pytest.raises(MqsqlError, match=r"unknown index 'header\.n_1'"):
            one.drop_index(name)


@pytest.mark.parametrize('url', [':memory:', 'dict:'])
def test_indexes_on_columns_and_what_is_refused(url: str) -> None:
    with filled([{'msg_id': 'm', 'queue': 'q', 'stdout': 'o'}], url) as store:
        assert store.create_index([('queue', 1), ('stdout', -1)]) == 'queue_1_stdout_-1'
        assert store.list_indexes()['queue_1_stdout_-1'] == (('queue', 1), ('stdout', -1))
        assert store.create_index('pyerr.ename') == 'error.ename_1'
        store.drop_index('queue_1_stdout_-1')
        assert 'queue_1_stdout_-1' not in store.list_indexes()
        for bad, message in (
            ('nope', "unknown key 'nope'"),
            ('buffers', 'have no index'),
            ('label.x', 'have no index'),
            ('content', 'takes a column or a path to a field'),
            ('content..a', 'takes a column or a path to a field'),
            ([], 'takes a key or a list of keys'),
            ([5], 'a key is text'),
        ):
            with pytest.raises(MqsqlError, match=message):
                store.create_index(bad)  # type: ignore[arg-type]
