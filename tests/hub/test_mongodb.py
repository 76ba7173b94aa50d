"""The hub's database in MongoDB: its options, its start, forks; outages are in test_mongodb_outages."""

import logging
import multiprocessing
import subprocess
import sys
import warnings
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path
from time import monotonic
from typing import Any
from unittest import TestCase

import pymongo
import pytest
from click.testing import CliRunner
from hub_load import Load
from ipyparallel.tests.test_db import TaskDBTest
from mongo_servers import Place, Server, guarded
from systems import needs_sigkill
from traitlets import TraitError

from mqsql.cli import main
from mqsql.errors import StorageError
from mqsql.hub import MongoDB

PASSWORD = 'sesame'


@pytest.fixture
def place(mongo_place: Any) -> Place:
    """A database on SecantusDB."""
    made: Place = mongo_place('secantus')
    return made


def opened(place: Place, **options: Any) -> MongoDB:
    return MongoDB(connection_args=[place.url], session='s', database=place.database, **options)


# --- what ipyparallel asks of a database


class TestShipped(TaskDBTest, TestCase):  # type: ignore[misc]
    """ipyparallel's own tests of a database, unmodified."""

    @pytest.fixture(autouse=True)
    def _place(self, place: Place) -> None:
        self.place = place

    def create_db(self) -> MongoDB:
        return opened(self.place)

    def tearDown(self) -> None:
        self.db.close()


def test_a_hub_can_do_its_work(place: Place) -> None:
    with closing(opened(place)) as db:
        load = Load(db)
        load.run('a', 'b')
        load.begin('c')
        load.check()
        db.drop_matching_records({'completed': {'$ne': None}})
        assert db.get_history() == ['c']


def test_controllers_share_a_database_and_a_session_may_have_its_own(place: Place) -> None:
    with closing(opened(place)) as first, closing(opened(place)) as second:
        first.add_record('m', {'stdout': 'x'})
        assert second.get_record('m')['stdout'] == 'x'
    with closing(MongoDB(connection_args=[place.url], session=f'{place.database}-own', database='')) as own:
        assert own.database == f'{place.database}-own'
        assert own.get_history() == []
        own.add_record('n', {})
    with pymongo.MongoClient[Any](place.url) as client:
        assert client[own.database]['task_records'].count_documents({'msg_id': 'n'}) == 1
        client.drop_database(own.database)


# --- options


def test_the_server_may_be_named_as_for_pymongo(place: Place) -> None:
    host, _, port = place.url.rpartition('//')[2].partition(':')
    for arguments, options in (([host, int(port)], {}), ([], {'host': host, 'port': int(port)}), ([[place.url]], {})):
        db = MongoDB(connection_args=arguments, connection_kwargs=options, database=place.database, session='s')
        with closing(db):
            assert db._store.name == f'mongodb://{host}:{port}/{place.database}.task_records'


@pytest.mark.parametrize(
    ('url', 'options', 'journal', 'seconds'),
    [
        ('mongodb://h', {}, True, 3.0),
        ('mongodb://h/?w=1', {}, None, 3.0),
        ('mongodb://h/?journal=false&serverSelectionTimeoutMS=7000', {}, False, 7.0),
        ('mongodb://h', {'w': 1, 'serverselectiontimeoutms': 7000}, None, 7.0),
        ('mongodb://h/?readPreference=secondary', {'connect': True}, True, 3.0),
    ],
)
def test_what_is_given_comes_before_our_defaults(
    url: str, options: dict[str, Any], journal: bool | None, seconds: float
) -> None:
    from mqsql.hub.mongo_client import make_client

    client = make_client([url], options, 3.0)
    assert client.write_concern.document.get('j') is journal
    assert client.options.server_selection_timeout == seconds
    assert client.read_preference == pymongo.ReadPreference.PRIMARY


@pytest.mark.parametrize(
    ('arguments', 'options', 'words'),
    [
        ([f'mongodb://hub:{PASSWORD}@h:port'], {}, 'Port contains'),
        ([f'mongodb://hub:{PASSWORD}/x@h'], {}, 'must be escaped'),
        ([f'mongodb://hub:{PASSWORD}@x@h'], {}, 'must be escaped'),
        ([f'mongodb://hub:{PASSWORD}?x@h'], {}, 'key=value'),
        ([f'mongodb://hub:{PASSWORD}@h/?bogus={PASSWORD}'], {}, 'Unknown option'),
        ([f'mongo://hub:{PASSWORD}@h'], {}, 'Invalid URI scheme'),
        ([], {'bogus': 1, 'password': PASSWORD}, 'Unknown option: bogus'),
        (['h', '27017'], {}, 'port must be an instance of int'),
        ([5], {}, "'int' object"),
        ([], {'w': 0}, 'has w=0'),
        ([], {'serverSelectionTimeoutMS': 'soon'}, 'must be an integer or float'),
    ],
)
def test_what_no_server_can_be_reached_with_is_refused(
    arguments: list[Any], options: dict[str, Any], words: str
) -> None:
    with pytest.raises(StorageError, match=r'c\.MongoDB\.connection_') as caught:
        MongoDB(connection_args=arguments, connection_kwargs=options, session='s')
    assert words in str(caught.value)
    assert PASSWORD not in str(caught.value)


@pytest.mark.parametrize(
    ('name', 'value', 'words'),
    [
        ('timeout', 0, 'timeout is a number of seconds from 0.01 to'),
        ('timeout', float('nan'), 'timeout is a number of seconds'),
        ('query_timeout', -1, 'query_timeout is a number of seconds'),
        ('database', 'a b', "no space .*; not 'a b'"),
        ('database', 'a.b', 'a database name has at most 63 bytes'),
        ('database', '\ud800', 'a database name has at most 63 bytes'),
        ('database', 'x' * 100, 'a database name has at most 63 bytes'),
    ],
)
def test_an_option_without_a_meaning_is_refused(name: str, value: object, words: str) -> None:
    with pytest.raises(TraitError, match=words):
        MongoDB(session='s', **{name: value})


def test_the_command_line_lists_the_options() -> None:
    done = CliRunner().invoke(main, ['hub-config', '--db', 'MongoDB'])
    assert done.exit_code == 0
    assert done.stdout.startswith("c.IPController.db_class = 'mqsql.hub.MongoDB'\n")
    for name in ('connection_args', 'connection_kwargs', 'database', 'timeout', 'query_timeout', 'memory_limit'):
        assert f'# c.MongoDB.{name} = ' in done.stdout


def test_without_pymongo_it_says_what_to_install() -> None:
    program = (
        "import sys; sys.modules['pymongo'] = None; from mqsql.cli import main; main(['hub-config', '--db', 'MongoDB'])"
    )
    done = subprocess.run([sys.executable, '-c', program], capture_output=True, text=True)
    assert done.returncode == 1
    assert done.stderr == "Error: pymongo is not installed; try: pip install 'mqsql[mongodb]'\n"


# --- the start


@pytest.fixture
def server(tmp_path: Path) -> Iterator[Server]:
    with guarded(tmp_path, 'hub', PASSWORD) as started:
        yield started


@needs_sigkill
def test_who_is_refused_hears_it_at_the_start(server: Server) -> None:
    for options, words in (
        ({}, 'the user may not do this'),
        ({'username': 'hub', 'password': PASSWORD[1:]}, 'the server refuses the name or the password'),
        ({'username': PASSWORD, 'password': PASSWORD}, 'the server refuses the name or the password'),
    ):
        started = monotonic()
        with pytest.raises(StorageError, match=words) as caught:
            MongoDB(connection_args=[server.url], connection_kwargs=options, timeout=5.0, session='s')
        assert monotonic() - started < 20
        assert str(caught.value).startswith(f'{server.url}/ipython-tasks.task_records: ')
        assert PASSWORD[1:] not in str(caught.value)
    options = {'username': 'hub', 'password': PASSWORD}
    with closing(MongoDB(connection_args=[server.url], connection_kwargs=options, session='s')) as db:
        db.add_record('m', {})


# --- forks


@pytest.mark.skipif('fork' not in multiprocessing.get_all_start_methods(), reason='processes cannot be forked here')
@pytest.mark.parametrize('used', [False, True])
def test_a_fork_leaves_it_alone(place: Place, used: bool) -> None:
    with closing(opened(place)) as db:
        if used:
            db.add_record('m', {})
        queue = multiprocessing.get_context('fork').SimpleQueue()
        child = multiprocessing.get_context('fork').Process(target=_in_child, args=(db, queue))
        child.start()
        assert queue.get() == ['of which this one is a fork'] * 4
        child.join()
        assert child.exitcode == 0
        db.add_record('n', {})
        assert 'n' in db.get_history()


def _in_child(db: MongoDB, queue: Any) -> None:
    logging.disable()
    warnings.simplefilter('error')
    words = []
    for call in (
        lambda: db.add_record('c', {}),
        lambda: db.find_records({}),
        db.get_history,
        lambda: db._tasks.get_record('m'),
    ):
        try:
            call()
        except StorageError as e:
            words.append('of which this one is a fork' if 'of which this one is a fork' in str(e) else str(e))
    db.close()
    queue.put(words)
