"""A MongoDB server that is slow, away, frozen, killed or full loses no task, and holds the hub up for a bounded time."""

import logging
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import closing
from pathlib import Path
from threading import Event, Thread
from typing import Any

import hub_load
import psutil  # type: ignore[import-untyped]
import pymongo
import pytest
from hub_load import Load
from mongo_servers import JOURNALED, PROGRAMS, Server, guarded, running
from systems import needs_sigkill
from tcp_proxy import proxy
from waiting import wait_until

from mqsql.errors import StorageError
from mqsql.hub.mongo_db import MongoDB

pytestmark = needs_sigkill

needs_limits = pytest.mark.skipif(not hasattr(psutil, 'RLIMIT_FSIZE'), reason='a process cannot be limited here')

TIMEOUT = 2.0
AMPLE = 4 * TIMEOUT
"""More than the hub may be held up by one outage, on a machine that does other things, too."""


@pytest.fixture
def server(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Server]:
    """SecantusDB, or the kind that a test is parametrized with."""
    kind = getattr(request, 'param', 'secantus')
    with running(kind, tmp_path, *JOURNALED[kind]) as started:
        yield started


@pytest.fixture
def said(caplog: pytest.LogCaptureFixture) -> Callable[[], list[str]]:
    """What the database has told the log of its connection."""
    caplog.set_level(logging.WARNING, 'database')
    return lambda: [record.message for record in caplog.records if record.name == 'database']


def opened(url: str, **options: Any) -> MongoDB:
    options = {'timeout': TIMEOUT, 'query_timeout': 60.0} | options
    return MongoDB(connection_args=[url], session='s', log=logging.getLogger('database'), **options)


def names(prefix: str, count: int = 20) -> list[str]:
    return [f'{prefix}{number}' for number in range(count)]


def wait_for_end(db: MongoDB) -> None:
    wait_until(lambda: not db._tasks._waiting, 'the server is not found to answer again')


def begins(words: str) -> bool:
    return 'the server does not answer' in words and 'Tasks are kept in memory, up to 268,435,456 bytes' in words


def ends(words: str) -> bool:
    return 'tasks that were kept in memory have been written' in words or 'the server answers again' in words


@pytest.mark.parametrize('server', PROGRAMS, indirect=True)
@pytest.mark.parametrize('outage', ['frozen', 'killed'])
def test_an_outage_loses_nothing(server: Server, said: Callable[[], list[str]], outage: str) -> None:
    with closing(opened(server.url)) as db:
        load = Load(db)
        load.run(*names('before'))
        load.begin('running')
        load.print('running', 'one\n')
        load.longest = 0.0
        server.freeze() if outage == 'frozen' else server.kill()
        load.print('running', 'two\n')
        load.run(*names('during'))
        load.print('before0', 'late\n')
        assert db.get_record('running')['stdout'] == 'one\ntwo\n'
        assert load.longest < AMPLE
        assert len(said()) == 1
        assert begins(said()[0])
        server.thaw() if outage == 'frozen' else server.start()
        load.run(*names('after'))
        wait_for_end(db)
        load.finish('running')
        load.run('last')
        # NX-27017 forgets the subtype of binary data, by which the store knows its references to buffers.
        load.check(buffers=server.kind != 'nx')
        assert len(said()) == 2
        assert ends(said()[1])
    with closing(opened(server.url)) as db:
        load.database = db
        load.check(buffers=server.kind != 'nx')


def test_queries_during_an_outage(server: Server) -> None:
    with closing(opened(server.url)) as db:
        load = Load(db)
        load.run('old')
        server.freeze()
        load.run(*names('new', 3))
        load.begin('running')
        load.print('old', 'late\n')
        found = db.find_records({'msg_id': {'$in': ['new2', 'new0']}}, ['stdout', 'buffers'])
        assert [record['msg_id'] for record in found] == ['new0', 'new2']
        assert [record['stdout'] for record in found] == [load.outputs['new0'], load.outputs['new2']]
        assert found[0]['buffers'] == [b'arguments of new0']
        assert db.find_records({'msg_id': 'running'})[0]['completed'] is None
        for query in ({}, {'msg_id': 'old'}, {'msg_id': {'$in': ['new0', 'old']}}, {'msg_id': {'$ne': 'old'}}):
            with pytest.raises(StorageError, match=r'has not answered since .* UTC; 5 tasks are kept in memory'):
                db.find_records(query)
        for call in (db.get_history, lambda: db.drop_matching_records({}), lambda: db.drop_record('old')):
            with pytest.raises(StorageError, match='has not answered since'):
                call()
        with pytest.raises(KeyError):
            db.get_record('of an earlier session')
        server.thaw()
        wait_for_end(db)
        assert db.get_history() == ['old', 'new0', 'new1', 'new2', 'running']
        db.drop_record('old')
        db.drop_matching_records({'completed': {'$ne': None}})
        assert db.get_history() == ['running']


def test_output_goes_on_where_the_record_could_not_be_read(server: Server) -> None:
    with closing(opened(server.url)) as db:
        load = Load(db)
        load.begin('m')
        load.print('m', 'one\n')
        load.show('m', 1)
    with closing(opened(server.url)) as db:  # which has not seen the record
        load.database = load._hub.db = db
        server.freeze()
        load.print('m', 'two\n')
        load.print('m', 'three\n')
        load.show('m', 2)
        load.show('m', 3)
        load.print('m', 'three\n')
        server.thaw()
        wait_for_end(db)
        load.print('m', 'four\n')
        load.show('m', 4)
        load.finish('m')
        load.check()
        displays = db.get_record('m')['display_data']
        assert [display['data'] for display in (*displays['earlier'], displays)] == [1, 2, 3, 4]


def test_a_hub_starts_while_the_server_is_away(server: Server, said: Callable[[], list[str]]) -> None:
    server.stop()
    with closing(opened(server.url)) as db:
        load = Load(db)
        load.run(*names('early'))
        assert len(said()) == 1
        assert begins(said()[0])
        server.start()
        wait_for_end(db)
        load.check()
        assert ends(said()[-1])
        wait_until(lambda: len(db._store.list_indexes()) == len(db._store.table.indexes), 'there are no indexes')


def test_tasks_from_several_threads_while_the_server_comes_and_goes(server: Server) -> None:
    with closing(opened(server.url, timeout=0.5)) as db:
        loads = [Load(db) for _ in range(2)]
        done = Event()

        def work(load: Load, prefix: str) -> None:
            number = 0
            while not done.is_set():
                load.run(f'{prefix}{number}')
                number += 1
                done.wait(0.05)

        threads = [Thread(target=work, args=(load, f'of {i}: ')) for i, load in enumerate(loads)]
        for thread in threads:
            thread.start()
        wait_until(lambda: all(load.finished for load in loads))
        for leave, come_back in ((server.freeze, server.thaw), (server.kill, server.start)):
            leave()
            wait_until(lambda: db._tasks._waiting)
            count = len(loads[0].finished)
            wait_until(lambda count=count: len(loads[0].finished) > count + 3)  # type: ignore[misc]
            come_back()
            wait_for_end(db)
        done.set()
        for thread in threads:
            thread.join()
        wait_for_end(db)
        for load in loads[1:]:
            loads[0].outputs |= load.outputs
            loads[0].finished += load.finished
        loads[0].check()


def test_a_way_that_is_cut_or_slow(server: Server, said: Callable[[], list[str]]) -> None:
    with proxy(server.port) as way, closing(opened(way.url)) as db:
        load = Load(db)
        load.run(*names('before'))
        way.cut()
        load.run(*names('cut'))
        way.mend()
        wait_for_end(db)
        way.delay = 1.5 * TIMEOUT
        load.run(*names('slow', 5))
        assert load.longest < AMPLE
        way.delay = 0.01
        wait_for_end(db)
        load.run(*names('slowly', 3))
        load.check()
        assert [begins(words) for words in said()] == [True, False, True, False]
        assert ends(said()[1])
        assert ends(said()[3])


@needs_limits
@pytest.mark.parametrize('server', ['nx'], indirect=True)
def test_a_server_without_room_answers_queries(server: Server, said: Callable[[], list[str]]) -> None:
    with closing(opened(server.url)) as db:
        load = Load(db)
        load.run(*names('before', 3))
        _limit_files(server, 100_000)
        load.run(*names('full'))
        assert len(said()) == 1
        assert 'Tasks are kept in memory' in said()[0]
        load.check(buffers=False)
        assert db.get_history() == list(load.outputs)
        _limit_files(server, -1)
        wait_for_end(db)
        load.run('after')
        load.check(buffers=False)
        assert said()[1:] == ['20 tasks that were kept in memory have been written.']


@needs_limits
def test_a_server_that_is_broken_until_it_is_started_again(server: Server, said: Callable[[], list[str]]) -> None:
    with closing(opened(server.url)) as db:
        load = Load(db)
        load.run(*names('before', 3))
        _limit_files(server, 100_000)
        while not said():
            load.run(f'until it fails {len(load.outputs)}')
        load.run(*names('broken'))
        assert load.longest < AMPLE
        server.kill()
        server.start()
        wait_for_end(db)
        load.check()
        assert len(said()) == 2


def _limit_files(server: Server, size: int) -> None:
    """Let no file of a server grow beyond a size in bytes; -1 for any size."""
    server.process.rlimit(psutil.RLIMIT_FSIZE, (size, -1))


def test_a_password_that_is_changed(tmp_path: Path, said: Callable[[], list[str]]) -> None:
    with guarded(tmp_path, 'hub', 'first') as server, proxy(server.port) as way:

        def change(old: str, new: str) -> None:
            with pymongo.MongoClient[Any](server.url, username='hub', password=old) as client:
                client.admin.command('updateUser', 'hub', pwd=new)

        with closing(opened(way.url, connection_kwargs={'username': 'hub', 'password': 'first'})) as db:
            load = Load(db)
            load.run(*names('before', 3))
            change('first', 'second')
            load.run(*names('on connections that last', 3))
            way.cut()
            way.mend()
            load.run(*names('refused'))
            assert load.longest < AMPLE
            assert 'the server refuses the name or the password' in said()[0]
            assert 'first' not in said()[0]
            change('second', 'first')
            wait_for_end(db)
            load.check()
            assert said()[1:] == ['20 tasks that were kept in memory have been written.']


def test_what_is_kept_is_limited_with_buffers(server: Server, said: Callable[[], list[str]]) -> None:
    with closing(opened(server.url, memory_limit=1_000_000)) as db:
        server.freeze()
        db.add_record('m', {'buffers': [bytes(900_000)]})
        with pytest.raises(StorageError, match='has reached 1,000,000 bytes; this change is lost'):
            db.update_record('m', {'result_buffers': [bytes(200_000)]})
        server.thaw()
        wait_for_end(db)
        assert list(db.get_record('m')['buffers']) == [bytes(900_000)]
        assert '1 tasks that were kept in memory have been written.' in said()


def test_a_hub_that_ends_tries_once_more(server: Server, said: Callable[[], list[str]]) -> None:
    program = f"""
import logging, os, signal
from hub_load import Load
from mqsql.hub import MongoDB
db = MongoDB(connection_args=[{server.url!r}], session='s', timeout={TIMEOUT})
load = Load(db)
os.kill({server.process.pid}, signal.SIGSTOP)
load.run('a', 'b')
os.kill({server.process.pid}, signal.SIGCONT)
"""
    support = Path(hub_load.__file__).parent
    subprocess.run([sys.executable, '-c', program], check=True, cwd=support, capture_output=True)
    with closing(opened(server.url)) as db:
        assert db.get_history() == ['a', 'b']


def test_a_hub_that_ends_while_the_server_is_away_says_what_is_lost(
    server: Server, said: Callable[[], list[str]]
) -> None:
    db = opened(server.url)
    server.freeze()
    Load(db).run(*names('lost', 3))
    db.close()
    assert said()[-1] == '3 tasks could not be written and are lost.'
