"""The servers that other tests use: they start, stop, freeze and keep their data; nothing of them is left."""

from pathlib import Path
from typing import Any

import psutil  # type: ignore[import-untyped]
import pymongo
import pytest
from mongo_servers import JOURNALED, PROGRAMS, Place, answers, running
from pymongo.errors import PyMongoError
from waiting import wait_until

Client = pymongo.MongoClient[dict[str, Any]]


def impatient(url: str) -> Client:
    """A client that soon takes a server that does not answer for one that is away."""
    return Client(url, serverSelectionTimeoutMS=500, socketTimeoutMS=500, retryReads=False)


@pytest.mark.parametrize('kind', PROGRAMS)
def test_a_server_has_its_port_and_data_when_it_starts_again(kind: str, tmp_path: Path) -> None:
    with running(kind, tmp_path) as server:
        with Client(server.url) as client:
            client.one.tasks.insert_one({'_id': 'a'})
        server.stop()
        with impatient(server.url) as client, pytest.raises(PyMongoError):
            client.one.tasks.find_one()
        server.start()
        with Client(server.url) as client:
            client.one.tasks.insert_one({'_id': 'b'})
            assert {found['_id'] for found in client.one.tasks.find()} == {'a', 'b'}


@pytest.mark.parametrize('kind', PROGRAMS)
def test_a_killed_server_keeps_what_it_wrote_to_its_journal(kind: str, tmp_path: Path) -> None:
    with running(kind, tmp_path, *JOURNALED[kind]) as server:
        with Client(server.url) as client:
            client.one.tasks.insert_one({'_id': 'a'})
        server.restart()
        with Client(server.url) as client:
            assert [found['_id'] for found in client.one.tasks.find()] == ['a']


@pytest.mark.parametrize('kind', PROGRAMS)
def test_a_frozen_server_answers_when_it_goes_on(kind: str, tmp_path: Path) -> None:
    with running(kind, tmp_path) as server:
        server.freeze()
        with impatient(server.url) as client, pytest.raises(PyMongoError):
            client.one.tasks.find_one()
        server.thaw()
        wait_until(lambda: answers(server.url))


def fail_while_frozen(kind: str, directory: Path) -> None:
    with running(kind, directory) as server:
        server.freeze()
        raise ZeroDivisionError


@pytest.mark.parametrize('kind', PROGRAMS)
def test_nothing_is_left_of_a_server_that_was_frozen_when_a_test_failed(kind: str, tmp_path: Path) -> None:
    with pytest.raises(ZeroDivisionError):
        fail_while_frozen(kind, tmp_path)
    assert not [p for p in psutil.process_iter(['cmdline']) if str(tmp_path) in ' '.join(p.info['cmdline'] or [])]


def test_a_test_has_a_database_of_its_own(mongo: Place) -> None:
    with Client(mongo.url) as client:
        assert client[mongo.database].list_collection_names() == []
        client[mongo.database].tasks.insert_one({'_id': 'a'})
