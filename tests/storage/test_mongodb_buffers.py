"""Buffers in a collection of MongoDB: content of any size, read only when it is looked at, and never a record without it."""

import copy
import pickle
import subprocess
import sys
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from bson import Binary
from mongo_servers import Place
from mongo_stores import COLLECTION, Commands, client_of, heard, url_of
from systems import needs_sigkill

from mqsql.errors import DamagedValueError, DuplicateRecordError, MissingRecordError, StorageError
from mqsql.storage.mongodb.chunks import CHUNK
from mqsql.storage.mongodb.store import MongoStore

CHUNKS = f'{COLLECTION}_buffers'


@pytest.fixture
def commands() -> Commands:
    """What the store asks its server."""
    return Commands()


@pytest.fixture
def store(secantus: Place, commands: Commands) -> Iterator[MongoStore]:
    """An empty store on a server that keeps the subtypes of binary data."""
    with heard(secantus, commands, timeout=60) as made:
        yield made


@pytest.fixture
def chunks(secantus: Place) -> Iterator[Any]:
    """The collection of the content."""
    with client_of(secantus) as client:
        yield client[secantus.database][CHUNKS]


BUFFERS = {
    'none': [],
    'one': [b'x'],
    'empty': [b''],
    'many': [b'%d' % i for i in range(200)],
    'empty among others': [b'', b'x', b'', b'y'],
    'nearly a chunk': [b'x' * (CHUNK - 1)],
    'a chunk': [b'x' * CHUNK],
    'more than a chunk': [b'x' * CHUNK + b'y'],
    'two chunks': [b'x' * CHUNK + b'y' * CHUNK],
    'a chunk together': [b'x' * (CHUNK - 3), b'yyy', b'z'],
    'large after small': [b'small', b'x' * (CHUNK - 2), b'y' * (CHUNK + 2)],
}


@pytest.mark.parametrize('buffers', BUFFERS.values(), ids=BUFFERS.keys())
def test_buffers_come_back(store: MongoStore, chunks: Any, buffers: list[bytes]) -> None:
    store.add_record('m', {'buffers': buffers})
    store.add_records([{'msg_id': 'n', 'result_buffers': buffers}])
    assert len(store.get_record('m')['buffers']) == len(buffers)
    assert store.get_record('m')['buffers'] == buffers
    assert store.get_record('n')['result_buffers'] == buffers
    store.update_record('m', {'buffers': [b'new'], 'result_buffers': buffers})
    assert store.get_record('m')['buffers'] == [b'new']
    assert store.get_record('m')['result_buffers'] == buffers
    store.update_record('m', {'buffers': None, 'result_buffers': []})
    assert store.get_record('m')['buffers'] is None
    assert store.get_record('m')['result_buffers'] == []
    store.drop_record('m')
    store.drop_matching_records({'msg_id': 'n'})
    assert chunks.count_documents({}) == 0


def test_a_buffer_of_100_mb_takes_not_much_more_memory(secantus: Place) -> None:
    pytest.importorskip('resource')
    script = """
import sys, mqsql, psutil, resource
unit = 2**20 if sys.platform == 'darwin' else 2**10
peak = lambda: resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // unit
with mqsql.open(sys.argv[1], busy_timeout=60) as store:
    content = bytes(100 * 2**20)
    before = peak()
    store.add_record('m', {'buffers': [content]})
    written = peak()
    assert store.get_record('m')['buffers'][0] == content
    print(written - before, peak() - written)
"""
    done = subprocess.run([sys.executable, '-c', script, url_of(secantus)], capture_output=True, text=True, check=True)
    writing, reading = map(int, done.stdout.split())
    assert writing < 80, 'MiB more than the buffer itself'
    assert reading < 100 + 150, 'MiB more, of which 100 are the buffer'


# --- what is asked


def test_a_line_of_output_sends_and_reads_no_buffer(store: MongoStore, commands: Commands) -> None:
    store.add_record('m', {'buffers': [b'x' * 1000], 'result_buffers': [b'y']})
    commands.clear()
    record = store.get_record('m')
    store.update_record('m', {'stdout': 'line\n'})
    assert commands.names == [f'find {COLLECTION}', f'update {COLLECTION}']
    assert b'xxx' not in repr(commands.sent).encode()
    assert record['buffers'] == [b'x' * 1000]
    assert commands.names[2:] == [f'find {CHUNKS}']


def test_each_call_asks_no_more_than_it_must(store: MongoStore, commands: Commands) -> None:
    def asked(call: Any) -> list[str]:
        commands.clear()
        call()
        return commands.names

    record = {'stdout': 'x', 'content': {'a': 1}}
    assert asked(lambda: store.add_record('m', record)) == [f'insert {COLLECTION}']
    assert asked(lambda: store.add_record('b', {**record, 'buffers': [b'1', b'2']})) == [
        f'insert {CHUNKS}',
        f'insert {COLLECTION}',
    ]
    assert asked(lambda: store.add_records({'msg_id': str(i)} for i in range(1000))) == [f'insert {COLLECTION}']
    assert asked(lambda: store.get_record('b')) == [f'find {COLLECTION}']
    assert asked(lambda: store.update_record('b', {'completed': None})) == [f'update {COLLECTION}']
    assert asked(lambda: store.update_record('m', {'buffers': []})) == [f'findAndModify {COLLECTION}']
    assert asked(lambda: store.update_record('b', {'buffers': [b'3']})) == [
        f'insert {CHUNKS}',
        f'findAndModify {COLLECTION}',
        f'delete {CHUNKS}',
    ]
    assert asked(lambda: store.drop_record('m')) == [f'findAndModify {COLLECTION}']
    assert asked(lambda: store.drop_record('b')) == [f'findAndModify {COLLECTION}', f'delete {CHUNKS}']
    assert asked(lambda: store.find_one({'stdout': 'x'})) == [f'find {COLLECTION}']
    assert asked(lambda: store.keys({'msg_id': {'$lt': '2'}}, limit=100)) == [f'find {COLLECTION}']
    assert asked(store.count) == [f'aggregate {COLLECTION}']
    assert asked(lambda: store.distinct('stdout')) == [f'distinct {COLLECTION}']
    assert asked(lambda: store.drop_matching_records({'msg_id': '5'})) == [f'find {COLLECTION}', f'delete {COLLECTION}']


def test_the_buffers_of_many_records_come_in_few_messages(store: MongoStore, commands: Commands) -> None:
    expected = {f'm{i:03}': ([b'%d' % i, b''], [b'r%d' % i]) for i in range(300)}
    store.add_records(
        {'msg_id': key, 'buffers': given, 'result_buffers': result} for key, (given, result) in expected.items()
    )
    commands.clear()
    records = store.find_records({})
    for record in [*records[250:], *records[:250]]:
        assert (list(record['buffers']), list(record['result_buffers'])) == expected[record['msg_id']]
    assert set(commands.names) == {f'find {COLLECTION}', f'getMore {COLLECTION}', f'find {CHUNKS}'}
    assert commands.names.count(f'find {CHUNKS}') < 20


def test_large_buffers_of_many_records_are_read_one_by_one(store: MongoStore) -> None:
    large = {f'm{i}': b'%d' % i * 6_000_000 for i in range(4)}
    store.add_records({'msg_id': key, 'buffers': [content, b'small']} for key, content in large.items())
    for record in store.find_records({}):
        assert list(record['buffers']) == [large[record['msg_id']], b'small']


# --- as lists


def test_lists_of_buffers_are_equal_if_their_content_is(store: MongoStore, commands: Commands) -> None:
    for key in 'mn':
        store.add_record(key, {'buffers': [b'a', b'b']})
    store.add_record('o', {'buffers': [b'a', b'c']})
    first, second = store.get_record('m')['buffers'], store.get_record('m')['buffers']
    commands.clear()
    assert first == second
    assert commands.names == []
    assert first == store.get_record('n')['buffers'] != store.get_record('o')['buffers']
    assert first == [b'a', b'b'] != [b'a']
    assert (first[1], first[:1], list(first), b'b' in first) == (b'b', [b'a'], [b'a', b'b'], True)


def test_copies_and_pickles_are_lists(store: MongoStore) -> None:
    store.add_record('m', {'buffers': [b'a']})
    record = store.get_record('m')
    assert copy.deepcopy(record)['buffers'] == pickle.loads(pickle.dumps(record))['buffers'] == [b'a']
    assert type(copy.deepcopy(record)['buffers']) is list


def test_buffers_that_are_gone_say_so(store: MongoStore, chunks: Any) -> None:
    store.add_record('m', {'buffers': [b'a', b'b']})
    held, read = store.get_record('m')['buffers'], store.get_record('m')['buffers']
    assert list(read) == [b'a', b'b']
    store.update_record('m', {'buffers': [b'c']})
    with pytest.raises(StorageError, match='these buffers are gone'):
        list(held)
    assert list(read) == [b'a', b'b']
    chunks.delete_many({})
    with pytest.raises(StorageError, match='these buffers are gone'):
        list(store.get_record('m')['buffers'])


STRANGE: dict[str, Any] = {
    'no list': 5,
    'texts': ['a'],
    'references and content': [Binary(b'1' * 12, 128), b'x'],
}


@pytest.mark.parametrize('strange', STRANGE.values(), ids=STRANGE.keys())
def test_strange_buffers_cost_only_themselves(store: MongoStore, secantus: Place, strange: Any) -> None:
    with client_of(secantus) as client:
        client[secantus.database][COLLECTION].insert_one({'msg_id': 'm', 'buffers': strange, 'stdout': 'x'})
    with pytest.warns(match=r"the buffers of the record 'm' cannot be read"):
        found = store.get_record('m')
    assert found['stdout'] == 'x'
    with pytest.raises(DamagedValueError, match='another program stored it'):
        list(found['buffers'])
    store.update_record('m', {'buffers': [b'new']})
    assert store.get_record('m')['buffers'] == [b'new']
    store.drop_record('m')


# --- nothing is left over


def test_what_is_refused_leaves_no_chunks(store: MongoStore, chunks: Any) -> None:
    store.add_record('m', {'buffers': [b'kept']})
    with pytest.raises(DuplicateRecordError):
        store.add_record('m', {'buffers': [b'lost']})
    with pytest.raises(DuplicateRecordError):
        store.add_records([{'msg_id': 'n', 'buffers': [b'lost']}, {'msg_id': 'm', 'buffers': [b'lost']}])
    with pytest.raises(MissingRecordError):
        store.update_record('o', {'buffers': [b'lost']})
    assert store.keys() == ['m']
    assert [chunk['data'] for chunk in chunks.find()] == [b'kept']


KILLED = """
import os, signal, sys
import pymongo
from pymongo.monitoring import CommandListener
from mqsql.storage.mongodb.store import MongoStore

class Killing(CommandListener):
    def __init__(self, number, before):
        self.left, self.before = number, before
    def started(self, event):
        if self.before: self.count(event)
    def succeeded(self, event):
        if not self.before: self.count(event)
    def failed(self, event): pass
    def count(self, event):
        if event.command_name in ('insert', 'update', 'delete', 'findAndModify'):
            self.left -= 1
            if self.left == 0: os.kill(os.getpid(), signal.SIGKILL)

for line in sys.stdin:
    url, database, collection, number, before, call = eval(line)
    child = os.fork()
    if not child:
        client = pymongo.MongoClient(url, event_listeners=[Killing(number, before)])
        with MongoStore(client, database, collection, name='x', timeout=60) as store:
            eval(call)
        os._exit(0)
    print(os.waitpid(child, 0)[1], flush=True)
"""
"""Does calls in children of its own, which it kills before or after the command of this number."""

CALLS = {
    'add': "store.add_record('new', {'buffers': [b'new', bytes(9 * 2**20)]})",
    'add many': "store.add_records([{'msg_id': 'new', 'buffers': [b'new']}, {'msg_id': 'n2', 'buffers': [b'2']}])",
    'update': "store.update_record('old', {'buffers': [b'changed'], 'result_buffers': [b'r']})",
    'drop': "store.drop_record('old')",
    'drop matching': 'store.drop_matching_records({})',
}


@pytest.fixture(scope='module')
def killed() -> Iterator[Callable[..., bool]]:
    """Do a call in a process that is killed at some command; whether it was."""
    with subprocess.Popen(
        [sys.executable, '-c', KILLED], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    ) as process:
        assert process.stdin is not None
        assert process.stdout is not None

        def run(*arguments: object) -> bool:
            print(repr(arguments), file=process.stdin, flush=True)
            return process.stdout.readline() != '0\n'  # type: ignore[union-attr]

        yield run
        process.stdin.close()


@needs_sigkill
@pytest.mark.parametrize('call', CALLS.values(), ids=CALLS.keys())
def test_a_process_that_is_killed_leaves_no_record_without_its_buffers(
    store: MongoStore, secantus: Place, killed: Callable[..., bool], call: str
) -> None:
    number, was_killed = 0, True
    while was_killed:
        number += 1
        for before in (True, False):
            store.drop_matching_records({})
            store.add_record('old', {'buffers': [b'old'], 'result_buffers': [b'result']})
            was_killed = killed(secantus.url, secantus.database, COLLECTION, number, before, call)
            for record in store.find_records({}):
                for column in ('buffers', 'result_buffers'):
                    assert all(isinstance(buffer, bytes) for buffer in record[column] or ())
    assert number > 2
