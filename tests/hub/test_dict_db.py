"""The hub's database in memory: its options and its limits."""

import logging
import re
import threading
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from hub_cluster import client, controller, finished, held
from hub_kinds import arguments
from ipyparallel.controller.hub import empty_record
from traitlets import TraitError
from traitlets.config import Config

from mqsql import hub
from mqsql.hub import culled, culling
from mqsql.hub.culled import ORPHAN_SECONDS
from mqsql.hub.dict_db import DictDB

NOON = datetime(2026, 3, 1, 12, tzinfo=UTC)


@pytest.fixture
def db() -> Iterator[DictDB]:
    opened = DictDB()
    yield opened
    opened.close()


def task(i: int, **values: Any) -> dict[str, Any]:
    """A finished task; the higher the number, the later it was submitted and finished."""
    return {'submitted': NOON + timedelta(seconds=i), 'completed': NOON + timedelta(hours=1, seconds=i), **values}


def fill(db: DictDB, count: int, **values: Any) -> None:
    for i in range(count):
        db.add_record(f'm{i}', task(i, **values))


def found(db: DictDB, query: dict[str, Any]) -> list[str]:
    return [record['msg_id'] for record in db.find_records(query, [])]


# --- options


def test_options_are_those_of_ipyparallels_own_dictdb_with_the_same_defaults(db: DictDB) -> None:
    shipped = pytest.importorskip('ipyparallel.controller.dictdb').DictDB
    own, theirs = DictDB.class_own_traits(config=True), shipped.class_own_traits(config=True)
    assert own.keys() == theirs.keys() | {'query_timeout'}
    assert {name: own[name].default() for name in theirs} == {name: theirs[name].default() for name in theirs}
    assert all(trait.help for trait in own.values())


def test_options_are_read_from_a_controllers_configuration() -> None:
    options = Config({'DictDB': {'record_limit': 3, 'cull_fraction': 0}})
    db = DictDB(session='s', config=options, log=logging.getLogger('hub'))
    fill(db, 9)
    assert db.get_history() == ['m6', 'm7', 'm8']


@pytest.mark.parametrize(
    ('name', 'value', 'message'),
    [
        ('record_limit', -1, 'should not be less than 0'),
        ('record_limit', 10.5, 'expected an int'),
        ('record_limit', True, 'record_limit is a number, not True'),
        ('size_limit', -5, 'should not be less than 0'),
        ('size_limit', '1 GB', 'expected an int'),
        ('size_limit', False, 'size_limit is a number, not False'),
        ('cull_fraction', -0.1, 'cull_fraction is a number from 0 to 1, not -0.1'),
        ('cull_fraction', 1.1, 'cull_fraction is a number from 0 to 1, not 1.1'),
        ('cull_fraction', float('nan'), 'cull_fraction is a number from 0 to 1, not nan'),
        ('cull_fraction', True, 'cull_fraction is a number from 0 to 1, not True'),
        ('cull_fraction', 'some', "cull_fraction is a number from 0 to 1, not 'some'"),
        ('query_timeout', -1, 'query_timeout is a number of seconds'),
    ],
)
def test_odd_values_of_options_are_refused(name: str, value: Any, message: str) -> None:
    with pytest.raises(TraitError, match=message):
        DictDB(**{name: value})
    with pytest.raises(TraitError, match=message):
        DictDB(config=Config({'DictDB': {name: value}}))


def test_a_configuration_to_start_from() -> None:
    text = hub.config('DictDB')
    assert text.startswith("c.IPController.db_class = 'mqsql.hub.DictDB'\n")
    options = re.findall(r'^# c\.DictDB\.(\w+) = (.*)$', text, re.MULTILINE)
    assert {'record_limit': '1024', 'size_limit': '1073741824', 'cull_fraction': '0.1'}.items() <= dict(options).items()


# --- how many records are tested

HISTORY = 2_000

HUBS: list[tuple[dict[str, Any], int]] = [
    ({'msg_id': 'm7'}, 1),
    ({'msg_id': {'$in': ['m7', 'm8', 'never']}}, 2),
    ({'completed': None}, 10),
    ({'engine_uuid': 'e1', 'completed': {'$ne': None}}, HISTORY // 10),
    ({'client_uuid': 'c3', 'submitted': {'$gte': NOON}}, HISTORY // 20),
]


def test_no_query_of_the_hub_reads_the_whole_history() -> None:
    db = DictDB(record_limit=0)
    for i in range(HISTORY):
        completed = NOON if i < HISTORY - 10 else None
        db.add_record(f'm{i}', task(i, engine_uuid=f'e{i % 10}', client_uuid=f'c{i % 20}') | {'completed': completed})
    for query, number in HUBS:
        plan = db._store.explain(query, []).plan[0]
        assert plan.startswith(f'{number} of 2,000 records are tested, found by '), query


# --- limits


def test_the_oldest_finished_tasks_go_when_there_are_too_many() -> None:
    db = DictDB(record_limit=20, cull_fraction=0.25)
    fill(db, 20)
    assert len(db.get_history()) == 20
    db.add_record('m20', task(20))
    assert db.get_history() == [f'm{i}' for i in range(6, 21)]
    with pytest.raises(KeyError, match='was culled to keep a limit'):
        db.get_record('m5')


def test_thousands_of_tasks_leave_as_many_as_the_default_limit_and_a_warning(caplog: pytest.LogCaptureFixture) -> None:
    db = DictDB()
    fill(db, 3000)
    assert 921 <= len(db.get_history()) <= 1024
    assert db.get_history()[-1] == 'm2999'
    assert caplog.messages == ['record_limit (1,024) is reached: the oldest finished tasks are dropped (said once).']


@pytest.mark.parametrize('limit', range(1, 10))
def test_a_small_limit_is_kept(limit: int) -> None:
    db = DictDB(record_limit=limit)
    for i in range(30):
        db.add_record(f'm{i}', {'submitted': NOON + timedelta(seconds=i)})
        assert db.get_history()[-1] == f'm{i}'
        assert len(db.get_history()) <= limit
        db.update_record(f'm{i}', {'completed': NOON + timedelta(seconds=i)})


def test_oldest_is_by_the_end_of_a_task_not_by_its_beginning() -> None:
    db = DictDB(record_limit=4, cull_fraction=0.5)
    for i in range(4):
        db.add_record(f'm{i}', {'submitted': NOON + timedelta(seconds=i)})
    for i in (2, 0, 3, 1):
        db.update_record(f'm{i}', {'completed': NOON + timedelta(hours=1, seconds=(2, 0, 3, 1).index(i))})
    db.add_record('m4', {'submitted': NOON + timedelta(seconds=4)})
    assert db.get_history() == ['m1', 'm4']


def test_pending_tasks_are_kept_beyond_the_limit(caplog: pytest.LogCaptureFixture) -> None:
    db = DictDB(record_limit=10)
    for i in range(30):
        db.add_record(f'm{i}', {'submitted': NOON + timedelta(seconds=i)})
    assert len(db.get_history()) == 30
    assert caplog.messages == [
        'record_limit (10) is exceeded by tasks that have not finished; they are kept (said once).'
    ]
    for i in range(30):
        db.update_record(f'm{i}', {'completed': NOON + timedelta(hours=1)})
    assert len(db.get_history()) <= 10
    assert db.get_history()[-1] == 'm29'


def test_zero_is_no_limit() -> None:
    db = DictDB(record_limit=0, size_limit=0)
    fill(db, 1500, buffers=[b'x'])
    assert len(db.get_history()) == 1500


def test_a_fraction_of_one_drops_all_that_has_finished() -> None:
    db = DictDB(record_limit=5, cull_fraction=1)
    fill(db, 5)
    db.add_record('pending', {'submitted': NOON})
    assert db.get_history() == ['pending']


def test_the_bytes_of_buffers_are_limited() -> None:
    db = DictDB(size_limit=1000, cull_fraction=0.2)
    fill(db, 5, buffers=[bytes(60), bytes(40)], result_buffers=[bytes(100)])
    assert len(db.get_history()) == 5
    db.update_record('m4', {'result_buffers': [bytes(101)]})
    assert db.get_history() == ['m2', 'm3', 'm4']
    db.update_record('m4', {'buffers': None, 'result_buffers': None, 'stdout': 'x' * 5000})
    db.drop_record('m3')
    db.drop_matching_records({'msg_id': 'm2'})
    db.add_record('m5', task(5, buffers=[bytes(1000)]))
    assert db.get_history() == ['m4', 'm5']
    db.add_record('m6', task(6, buffers=[bytes(1)]))
    assert db.get_history() == ['m6']


def test_buffers_of_pending_tasks_are_kept_beyond_the_limit(caplog: pytest.LogCaptureFixture) -> None:
    db = DictDB(size_limit=100)
    fill(db, 2, buffers=[bytes(10)])
    for i in range(3):
        db.add_record(f'p{i}', {'submitted': NOON, 'buffers': [bytes(90)]})
    assert sorted(db.get_history()) == ['p0', 'p1', 'p2']
    assert caplog.messages == [
        'size_limit (100) is reached: the oldest finished tasks are dropped (said once).',
        'size_limit (100) is exceeded by tasks that have not finished; they are kept (said once).',
    ]


class Clock:
    """A clock that the test sets."""

    seconds = 0.0

    def __call__(self) -> float:
        return self.seconds


def test_output_without_a_task_goes_first_once_its_request_will_not_come(monkeypatch: pytest.MonkeyPatch) -> None:
    clock = Clock()
    monkeypatch.setattr(culling, 'monotonic', clock)
    db = DictDB(record_limit=10, cull_fraction=0.5)
    for i in range(4):
        db.add_record(f'output{i}', empty_record() | {'msg_id': f'output{i}', 'stdout': 'of a broadcast\n'})
    fill(db, 7)
    assert sorted(db.get_history()) == ['m6', 'output0', 'output1', 'output2', 'output3']
    db.add_record('output0', empty_record() | {'msg_id': 'output0', 'submitted': NOON})
    clock.seconds += ORPHAN_SECONDS
    for i in range(7, 13):
        db.add_record(f'm{i}', task(i))
    assert db.get_history() == ['output0', 'm9', 'm10', 'm11', 'm12']


def test_limits_are_kept_where_nothing_but_output_is_left() -> None:
    db = DictDB(record_limit=3, size_limit=10)
    for i in range(20):
        db.add_record(f'output{i}', {'stdout': 'of a broadcast\n', 'buffers': [bytes(5)]})
    assert len(db.get_history()) == 20


def test_output_that_comes_after_its_task_was_culled_is_dropped_with_it() -> None:
    db = DictDB(record_limit=5)
    fill(db, 9)
    db.add_record('m0', empty_record() | {'msg_id': 'm0', 'stdout': 'late\n'})
    with pytest.raises(KeyError, match='was culled to keep a limit'):
        db.get_record('m0')
    for call in (db.drop_record, lambda m: db.update_record(m, {'label': 'a'})):
        with pytest.raises(KeyError, match='was culled to keep a limit'):
            call('m0')


def test_a_culled_id_that_is_added_again_is_readable() -> None:
    db = DictDB(record_limit=5)
    fill(db, 9)
    db.add_record('m0', empty_record() | {'msg_id': 'm0', 'submitted': NOON, 'label': 'again'})
    assert db.get_record('m0')['label'] == 'again'
    db.drop_record('m0')
    with pytest.raises(KeyError, match='there is no record'):
        db.get_record('m0')


def test_what_was_culled_is_remembered_by_each_database_for_itself_up_to_a_bound(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(culled, 'REMEMBERED', 50)
    one, other = DictDB(record_limit=10), DictDB(record_limit=10)
    fill(one, 100)
    for db, msg_id, message in ((one, 'm80', 'was culled'), (one, 'm20', 'no record'), (other, 'm80', 'no record')):
        with pytest.raises(KeyError, match=message):
            db.get_record(msg_id)
    fill(other, 5)
    assert other.get_record('m3')['submitted'] == NOON + timedelta(seconds=3)


def test_a_task_that_ends_twice_or_was_purged_is_counted_once() -> None:
    db = DictDB(record_limit=10, cull_fraction=0.5)
    fill(db, 10)
    db.update_record('m0', {'completed': NOON + timedelta(hours=2)})
    db.update_record('m1', {'completed': None})
    for i in (2, 3):
        db.drop_record(f'm{i}')
        db.add_record(f'm{i}', task(20 + i))
    db.add_record('m10', task(10))
    assert sorted(db.get_history()) == ['m0', 'm1', 'm10', 'm2', 'm3']


def test_ends_that_change_again_and_again_take_no_memory() -> None:
    db = DictDB()
    fill(db, 10)
    for i in range(20_000):
        db.update_record(f'm{i % 10}', {'completed': NOON + timedelta(seconds=i)})
    assert len(db._store._finished) < 3 * culling.STALE


def test_limits_may_be_changed(db: DictDB) -> None:
    fill(db, 100)
    db.record_limit = 50
    db.add_record('m100', task(100))
    assert db.get_history() == [f'm{i}' for i in range(56, 101)]


def test_threads_may_write_and_ask_while_tasks_are_culled() -> None:
    db = DictDB(record_limit=50)
    failures: list[Exception] = []

    def work(name: str) -> None:
        try:
            for i in range(300):
                db.add_record(f'{name}{i}', task(i, engine_uuid=name, buffers=[b'x']))
                assert len(db.find_records({'engine_uuid': name, 'completed': {'$ne': None}}, [])) <= 50
        except Exception as e:
            failures.append(e)

    threads = [threading.Thread(target=work, args=(name,)) for name in 'abcd']
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert failures == []
    left = db.find_records({})
    assert 45 <= len(left) <= 50
    assert db._store._bytes == len(left)


# --- a real hub


@pytest.mark.hub
def test_a_real_hub_keeps_its_tasks_in_memory_within_limits(tmp_path: Path) -> None:
    with (
        controller(tmp_path, database=arguments('DictDB', {'record_limit': 20, 'cull_fraction': 0.5})) as cluster,
        client(cluster) as rc,
    ):
        view = rc.load_balanced_view()
        first = finished(rc, *[view.apply_async(abs, -i) for i in range(8)])
        assert [r['msg_id'] for r in rc.db_query({'msg_id': {'$in': first}, 'completed': {'$ne': None}}, [])] == first
        assert rc.get_result(first, owner=False).get(timeout=10) == list(range(8))
        for i in range(30):
            finished(rc, view.apply_async(abs, i))
        assert len(rc.hub_history()) <= 20
        assert not set(first) & set(rc.hub_history())
        with held(rc[0], tmp_path) as pending:
            rc.purge_hub_results('all')
            assert rc.hub_history() == pending.msg_ids
