"""What a user does with a hub: real controllers, engines and clients."""

import os
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import ipyparallel
import pytest
from hub_cluster import client, controller, ended, finished, forget_all, held, wait_for_output, wait_for_record
from hub_kinds import History, Kind, Urls
from ipyparallel.error import RemoteError, TaskAborted
from ipyparallel.tests.test_label import TaskLabelTest
from waiting import SECONDS

from contract.documented import DIVIDED_BY_ZERO, LAST_HOUR, OTHERS_BEFORE, PENDING, RESULT_HEADERS, answer, ids

pytestmark = pytest.mark.hub


@ipyparallel.interactive  # type: ignore[untyped-decorator]  # engines cannot import this module
def invert(x: int) -> float:
    print('inverting', x)
    return 1 / x


@ipyparallel.interactive  # type: ignore[untyped-decorator]
def fail_until(path: str, attempts: int) -> int:
    """Fails until it has been tried so often."""
    with open(path, 'a') as file:
        file.write('tried\n')
    with open(path) as file:
        tried = len(file.readlines())
    print('attempt', tried)
    if tried < attempts:
        raise ValueError(tried)
    return tried


@ipyparallel.interactive  # type: ignore[untyped-decorator]
def show_thrice() -> None:
    from IPython.display import display

    for i in range(3):
        display({'number': i})  # type: ignore[no-untyped-call]


@ipyparallel.interactive  # type: ignore[untyped-decorator]  # engines cannot import this module
def say(word: str) -> str:
    if word:
        print(word)
    return word


@pytest.fixture(scope='module')
def cluster(history: History, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Any]:
    with controller(tmp_path_factory.mktemp('cluster'), database=history.arguments) as running:
        yield running


@pytest.fixture
def database(kind: Kind, tmp_path: Path, mongo_urls: Urls) -> Iterator[list[str]]:
    """What tells a controller of the test's own to use a database of this kind."""
    with kind.history(tmp_path, mongo_urls) as history:
        yield history.arguments


@pytest.fixture
def rc(cluster: Any) -> Iterator[Any]:
    with client(cluster) as connected:
        yield connected
        forget_all(connected)


@pytest.fixture
def other(cluster: Any) -> Iterator[Any]:
    """A client that has submitted nothing."""
    with client(cluster) as connected:
        yield connected


def failed_task(rc: Any) -> Any:
    task = rc.load_balanced_view().apply_async(invert, 0)
    with pytest.raises(RemoteError):
        task.get(timeout=SECONDS)
    return task


def aborted_task(rc: Any, tmp_path: Path) -> Any:
    view = rc.load_balanced_view(targets=rc.ids[-1:])
    with held(view, tmp_path):
        task = view.apply_async(invert, 4)
        task.abort()
    with pytest.raises(TaskAborted):
        task.get(timeout=SECONDS)
    return task


# --- labels


class TestShippedLabels(TaskLabelTest):  # type: ignore[misc]
    """ipyparallel's tests of labels, as they are, on the cluster that is there."""

    @pytest.fixture(autouse=True)
    def _prepared(self, rc: Any) -> None:
        self.rc = rc

    def run_tasks(self, view: Any) -> Any:
        before = len(self.rc.history)
        labels = super().run_tasks(view)
        finished(self.rc, self.rc.get_result(self.rc.history[before:], owner=False))
        return labels


def asked(label: Any) -> Any:
    """The label as an operand: one that reads as operators or is a list needs $eq."""
    return {'$eq': label} if isinstance(label, Mapping | list) else label


def test_tasks_with_labels_of_any_type_are_found_fetched_and_submitted_again(rc: Any, other: Any) -> None:
    numpy: Any = pytest.importorskip('numpy')
    labels: list[Any] = [7, 0.5, ('run', 3), {'run': 1}, numpy.int64(8), True, None, {'a': [1, {'b': None}]}, 'text']
    view = rc.load_balanced_view()
    for label in labels:
        tasks = []
        for word in ('', 'hello'):
            with view.temp_flags(label=label):
                tasks.append(view.apply_async(say, word))
        ids = finished(rc, *tasks)
        plain = list(label) if isinstance(label, tuple) else label
        for msg_id in ids:
            record = wait_for_record(rc, {'msg_id': msg_id, 'completed': {'$ne': None}})
            assert (record['label'], record['submitted'] is None) == (plain, False)
        found = rc.db_query({'label': asked(plain if plain is None else record['label'])}, keys=['label'])
        assert {r['msg_id'] for r in found} == set(ids)
        assert other.get_result(ids).get(timeout=SECONDS) == ['', 'hello']
        again = other.resubmit(ids)
        assert again.get(timeout=SECONDS) == ['', 'hello']
        # A task submitted again has no label.
        other.purge_hub_results(finished(other, again))
    everything = rc.db_query({'label': {'$in': [7, 'text', ['run', 3]]}}, keys=['label'])
    assert sorted(map(repr, (r['label'] for r in everything))) == sorted(2 * ["'text'", '7', "['run', 3]"])


def test_tasks_of_a_hub_whose_messages_are_pickles_are_recorded_whatever_they_hold(
    database: list[str], tmp_path: Path
) -> None:
    kept: list[tuple[Any, Any]] = [
        ({1, 2}, None),
        ({3: 4}, {}),
        (('a', {5}), ['a', None]),
        (b'raw', b'raw'),
        (object, None),
    ]
    with controller(tmp_path, '--Session.packer=pickle', database=database) as cluster, client(cluster) as rc:
        view = rc.load_balanced_view()
        for label, expected in kept:
            with view.temp_flags(label=label):
                tasks = [view.apply_async(say, word) for word in ('', 'hello')]
            for msg_id, word in zip(finished(rc, *tasks), ('', 'hello\n'), strict=True):
                record = wait_for_record(rc, {'msg_id': msg_id, 'completed': {'$ne': None}, 'stdout': word})
                assert (record['label'], record['submitted'] is None) == (expected, False)


# --- results


def test_a_client_gets_results_that_another_has_submitted(rc: Any, other: Any) -> None:
    view = rc.load_balanced_view()
    tasks = [view.apply_async(invert, i) for i in (1, 2)]
    short_repr = rc[0].execute('print("hello")\n1 + 1', silent=False)
    ids = finished(rc, *tasks, failed_task(rc), short_repr)
    assert other.get_result(ids[:2]).get(timeout=SECONDS) == [1.0, 0.5]
    with pytest.raises(RemoteError, match='ZeroDivisionError'):
        other.get_result(ids[2]).get(timeout=SECONDS)
    again = other.get_result(ids[3])
    assert "'text/plain': '2'" in repr(again.get(timeout=SECONDS)) + str(again.metadata['execute_result'])
    assert again.stdout == 'hello\n'
    assert other.result_status(ids[:2], status_only=False)['completed'] == sorted(ids[:2])


def test_what_a_task_showed_is_kept_with_types_as_documented(rc: Any) -> None:
    (short_repr,) = finished(rc, rc[0].apply_async(show_thrice))
    (failed,) = finished(rc, rc[0].execute('1 / 0', silent=False))
    (record,) = rc.db_query({'msg_id': short_repr})
    displays = [*record['display_data']['earlier'], record['display_data']]
    assert [d['data']['text/plain'] for d in displays] == [f"{{'number': {i}}}" for i in range(3)]
    (record,) = rc.db_query({'msg_id': failed, 'error.ename': 'ZeroDivisionError'})
    assert record['execute_input'] == '1 / 0'
    assert record['completed'].tzinfo is not None


def test_the_queries_of_the_documentation(rc: Any, other: Any, tmp_path: Path) -> None:
    mine = finished(rc, *[rc[i].apply_async(invert, 2) for i in rc.ids], failed_task(rc))
    theirs = finished(other, other[0].apply_async(invert, 2))
    with held(rc[0], tmp_path) as pending:
        assert answer(rc, PENDING) == [{'msg_id': pending.msg_ids[0], 'started': None}]
        assert ids(answer(rc, LAST_HOUR)) == sorted(mine)
        assert ids(answer(other, LAST_HOUR)) == theirs
        assert answer(rc, OTHERS_BEFORE) == []
        headers = {record['msg_id']: record['result_header'] for record in answer(rc, RESULT_HEADERS)}
        assert headers.pop(pending.msg_ids[0]) is None
        assert sorted(headers) == sorted([*mine, *theirs])
        assert {header['msg_type'] for header in headers.values()} == {'apply_reply'}
        (record,) = answer(rc, DIVIDED_BY_ZERO)
        assert record == {'msg_id': mine[-1], 'label': None, 'result_content': {'evalue': 'division by zero'}}
        assert len(rc.db_query({'$or': [{'stdout': {'$regex': '^inverting'}}, {'completed': None}]})) == 5
        assert ids(rc.db_query({})) == sorted(rc.hub_history())
        assert rc.hub_history() == [*mine, *theirs, *pending.msg_ids]
        with pytest.raises(RemoteError, match="did you mean 'started'"):
            rc.db_query({'statred': None})


# --- tasks that are tried again


def test_a_task_that_is_retried_is_one_record_of_its_last_attempt(rc: Any, tmp_path: Path) -> None:
    view = rc.load_balanced_view()
    # The scheduler tries a task once on each engine.
    with view.temp_flags(retries=1):
        lucky = view.apply_async(fail_until, str(tmp_path / 'lucky'), 2)
        hopeless = view.apply_async(fail_until, str(tmp_path / 'hopeless'), 9)
    assert lucky.get(timeout=SECONDS) == 2
    with pytest.raises(RemoteError, match='ValueError: 2'):
        hopeless.get(timeout=SECONDS)
    ids = finished(rc, lucky, hopeless)
    records = {r['msg_id']: r for r in rc.db_query({}, keys=['result_content', 'result_header', 'started'])}
    assert sorted(records) == sorted(ids)
    assert records[ids[0]]['result_content']['status'] == 'ok'
    assert records[ids[1]]['result_content']['evalue'] == '2'
    assert rc.db_query({'msg_id': ids[1], 'stdout': {'$regex': 'attempt 2'}}, keys=[]) == [{'msg_id': ids[1]}]


def test_a_task_outlives_its_engine(database: list[str], tmp_path: Path) -> None:
    with controller(tmp_path, engines=3, database=database) as cluster, client(cluster, 3) as rc:
        marker = tmp_path / 'marker'

        @ipyparallel.interactive  # type: ignore[untyped-decorator]
        def die_once(path: str) -> str:
            import os

            if not os.path.exists(path):
                open(path, 'w').close()
                os.kill(os.getpid(), 9)
            return 'alive'

        view = rc.load_balanced_view()
        with view.temp_flags(retries=2):
            task = view.apply_async(die_once, str(marker))
        doomed = view.apply_async(os._exit, 1)
        with pytest.raises(RemoteError, match=r'EngineError: .* died'):
            doomed.get(timeout=SECONDS)
        assert task.get(timeout=SECONDS) == 'alive'
        lost, msg_id = ended(rc, doomed, task)
        assert rc.db_query({'msg_id': lost}, keys=['result_content'])[0]['result_content']['ename'] == 'EngineError'
        (record,) = rc.db_query({'msg_id': msg_id}, keys=['engine_uuid', 'result_content'])
        assert record['engine_uuid'] in {rc._engines[i] for i in rc.ids}
        assert record['result_content']['status'] == 'ok'


def test_tasks_of_every_fate_can_be_resubmitted(rc: Any, tmp_path: Path) -> None:
    ids = finished(rc, rc.load_balanced_view().apply_async(invert, 4), failed_task(rc), aborted_task(rc, tmp_path))
    again = rc.resubmit(ids[0])
    assert again.get(timeout=SECONDS) == [0.25]
    (second,) = finished(rc, again)
    thrice = rc.resubmit(second)
    assert thrice.get(timeout=SECONDS) == [0.25]
    (third,) = finished(rc, thrice)
    with pytest.raises(RemoteError, match='ZeroDivisionError'):
        rc.resubmit(ids[1]).get(timeout=SECONDS)
    assert rc.resubmit(ids[2]).get(timeout=SECONDS) == [0.25]
    chain = {r['msg_id']: r['resubmitted'] for r in rc.db_query({}, keys=['resubmitted'])}
    assert (chain[ids[0]], chain[second], chain[third]) == (second, third, None)
    assert chain[ids[2]] is not None
    headers = rc.db_query({'msg_id': {'$in': [ids[0], third]}}, keys='header')
    assert [r['header']['msg_id'] for r in headers] == [ids[0], third]
    with pytest.raises(RemoteError, match='No such msg'):
        rc.resubmit('never')


# --- purges


def test_results_are_purged_in_every_form(rc: Any) -> None:
    tasks = [rc[i % 2].apply_async(invert, 1) for i in range(12)]
    ids = finished(rc, *tasks)

    def left() -> list[str]:
        return [msg_id for msg_id in ids if msg_id in rc.hub_history()]

    rc.purge_hub_results(ids[0])
    rc.purge_hub_results(ids[1:3])
    rc.purge_hub_results(tasks[3])
    rc.purge_results(tasks[4:6])
    assert left() == ids[6:]
    rc.purge_hub_results(targets=[0])
    assert left() == ids[7::2]
    rc.purge_hub_results(jobs=ids[7], targets=[0])
    assert left() == ids[9::2]
    rc.purge_hub_results(targets=rc.ids)
    assert left() == []
    finished(rc, rc[0].apply_async(invert, 1))
    rc.purge_results('all')
    assert rc.hub_history() == []
    finished(rc, rc[0].apply_async(invert, 1))
    rc.purge_everything()
    assert rc.hub_history() == []
    with pytest.raises(RemoteError, match='KeyError'):
        rc.get_result(ids[0]).get(timeout=SECONDS)


def test_a_pending_task_is_not_purged(rc: Any, tmp_path: Path) -> None:
    with held(rc[0], tmp_path) as task:
        rc.purge_hub_results('all')
        assert rc.hub_history() == task.msg_ids
        with pytest.raises(RemoteError, match='pending'):
            rc.purge_hub_results(task)


def test_what_a_broadcast_printed_is_kept_and_can_be_purged(rc: Any, tmp_path: Path) -> None:
    rc.broadcast_view().apply_sync(invert, 4)
    wait_for_output(rc)
    assert rc.db_query({'stdout': 'inverting 4\n', 'submitted': None, 'completed': None}, keys=[])
    with held(rc[0], tmp_path) as task:
        rc.purge_hub_results('all')
        assert rc.hub_history() == task.msg_ids
