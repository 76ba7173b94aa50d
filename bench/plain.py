"""What plain operations cost, in this checkout or in several in turn. Imports `mqsql`.

    python -m bench.plain --against ../other-checkout --json

Each operation runs in many short rounds on records like a hub's, in a process for each checkout, one after the other, so that
all meet the same machine. Printed are microseconds of processor time of one call, the least and the median of the rounds; then
their quotients to the other checkout.
"""

import argparse
import gc
import json
import os
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from itertools import count
from pathlib import Path
from statistics import median
from tempfile import TemporaryDirectory
from typing import Any

import mqsql

START = datetime(2026, 1, 1, tzinfo=UTC)
ROUND_SECONDS = 0.01
Operation = Callable[[], object]


def header(i: int, of: str) -> dict[str, Any]:
    """The header of a message."""
    date = START + timedelta(seconds=i)
    return {'msg_id': f'm{i}', 'msg_type': of, 'username': 'me', 'session': 's' * 36, 'date': date, 'version': '5.3'}


def submitted(i: int) -> dict[str, Any]:
    """What a hub adds when a task is submitted."""
    return {
        'header': header(i, 'apply_request'),
        'metadata': {'dependencies': [], 'targets': None, 'timeout': None, 'label': None},
        'content': {'x': i % 100, 'code': 'f(1)'},
        'buffers': [b'f' * 300, b'a' * 40],
        'submitted': START + timedelta(seconds=i),
        'client_uuid': f'client-{i % 5}',
        'queue': 'task',
        'label': f'label {i % 50}',
    }


def finished(i: int) -> dict[str, Any]:
    """What it updates when the task is done."""
    return {
        'result_header': header(i, 'apply_reply'),
        'result_metadata': {'started': START, 'completed': START, 'engine_uuid': f'engine-{i % 8}', 'status': 'ok'},
        'result_content': {'status': 'error' if i % 100 == 7 else 'ok', 'traceback': ['a line'] * (i % 3)},
        'result_buffers': [b'r' * 200],
        'started': START + timedelta(seconds=i),
        'completed': None if i % 40 == 3 else START + timedelta(seconds=i + 1),
        'engine_uuid': f'engine-{i % 8}',
        'stdout': f'the square of {i} is {i * i}\n' * 5,
    }


def key(i: int) -> str:
    """A key as long as a hub's."""
    return f'{i:08}-0123456789abcdef0123456789abcdef_1'


def operations(folder: Path, number: int) -> Iterator[tuple[str, Operation]]:
    """Each operation with its name, on a file of so many records."""
    store, memory, grown, indexed = (mqsql.open(name) for name in (folder / 'a.db', ':memory:', folder / 'b.db', folder / 'c.db'))
    indexed.create_index('content.x')
    for i in range(number):
        store.add_record(key(i), {**submitted(i), **finished(i)})
    new, shape, ids = count(number), count(), [key(7 * i) for i in range(500) if 7 * i < number]
    store.add_record('nested', {'content': {'rows': [[[j] for j in range(10)] for _ in range(200)]}})
    for name, into in (('file', grown), (':memory:', memory), ('path index', indexed)):
        yield f'add_record {name}', lambda into=into: into.add_record(key(i := next(new)), submitted(i))  # type: ignore[misc]
    yield 'update_record', lambda: store.update_record(key(i := next(new) % number), finished(i))
    yield 'update_record stdout', lambda: store.update_record(key(5), {'stdout': 'a line\n' * 5})
    yield 'get_record', lambda: store.get_record(key(11))
    yield 'get_record nested', lambda: store.get_record('nested')
    yield 'find_one', lambda: store.find_one({'msg_id': key(11)})
    yield 'find_records 1', lambda: store.find_records({'msg_id': key(11)})
    yield 'find open', lambda: list(store.find({'completed': None}, ['msg_id', 'started']))
    yield 'find_records open', lambda: store.find_records({'completed': None}, ['msg_id', 'started'])
    since: dict[str, Any] = {'started': {'$gte': START + timedelta(seconds=number // 2)}, 'client_uuid': 'client-1'}
    yield 'find since', lambda: list(store.find(since, ['msg_id', 'submitted']))
    engines = {'engine_uuid': {'$in': ['engine-1', 'engine-2']}}
    yield 'find engines', lambda: list(store.find(engines, ['msg_id']))
    yield 'find_records engines', lambda: store.find_records(engines, ['msg_id'])
    yield 'find 500 ids', lambda: list(store.find({'msg_id': {'$in': ids}}))
    yield 'find_records 500 ids', lambda: store.find_records({'msg_id': {'$in': ids}})
    timed = mqsql.open(folder / 'a.db', query_timeout=60)
    yield 'count path, timed', lambda: timed.count({'result_content.status': 'error'})
    yield 'find all', lambda: list(store.find({}))
    yield 'find_records all', lambda: store.find_records({})
    for name, query in QUERIES.items():
        yield f'count {name}', lambda query=query: store.count(query)  # type: ignore[misc]
        yield f'compile {name}', lambda query=query: mqsql.compile(query, ['msg_id'])  # type: ignore[misc]
    for path in ('label', 'content.x', 'engine_uuid', 'result_content.traceback'):
        yield f'distinct {path}', lambda path=path: store.distinct(path)  # type: ignore[misc]
    yield 'compile all keys', lambda: mqsql.compile({'completed': None})
    yield 'compile new path', lambda: mqsql.compile({f'content.p{next(shape)}': 1})
    yield 'compile new columns', lambda: mqsql.compile({'started': START, 'stdout': 'a', f'header.h{next(shape)}': {'$ne': 2}})
    yield 'compile new $expr', lambda: mqsql.compile({'$expr': {'$gt': [f'$content.e{next(shape)}', 3]}})
    yield 'compile new $regex', lambda: mqsql.compile({f'content.r{next(shape)}': {'$regex': '^a.c'}})


QUERIES: dict[str, dict[str, Any]] = {
    'all': {},
    'open': {'completed': None},
    'label': {'label': 'label 7'},
    'label $in': {'label': {'$in': ['label 7', 'label 8']}},
    'label $gt': {'label': {'$gt': 'label 4'}},
    'label $ne': {'label': {'$ne': 'label 7'}},
    'label $glob': {'label': {'$glob': 'label 1*'}},
    'label $regex': {'label': {'$regex': '^label 1'}},
    'path': {'result_content.status': 'error'},
    'path $gt': {'content.x': {'$gt': 90}},
    'stdout $regex': {'stdout': {'$regex': r'is \d*44$', '$options': 'm'}},
    'stdout $glob': {'stdout': {'$glob': '*is 144*'}},
    '$expr': {'$expr': {'$gt': ['$completed', '$started']}},
    '$or': {'$or': [{'queue': 'mux'}, {'engine_uuid': 'engine-1'}]},
}


def work(number: int) -> None:
    """Runs a round of each operation that is named on stdin, and prints the seconds of a call."""
    with TemporaryDirectory() as folder:
        known = dict(operations(Path(folder), number))
        calls = {name: calls_of_a_round(operation) for name, operation in known.items()}
        print(json.dumps(list(known)), flush=True)
        for line in sys.stdin:
            name = line.rstrip('\n')
            print(seconds(known[name], calls[name]), flush=True)


def seconds(operation: Operation, calls: int) -> float:
    """Processor time of one of so many calls."""
    gc.collect()
    started = time.process_time()
    for _ in range(calls):
        operation()
    return (time.process_time() - started) / calls


def calls_of_a_round(operation: Operation) -> int:
    """How many calls take long enough to be measured."""
    operation()
    return 1 + int(ROUND_SECONDS / max(seconds(operation, 3), 1e-6))


class Worker:
    """The operations in a process of their own, with the mqsql of a checkout."""

    def __init__(self, checkout: Path, number: int) -> None:
        program, environment = [sys.executable, __file__, '--work', str(number)], {'PYTHONPATH': str(checkout)}
        self._process = subprocess.Popen(
            program, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, env={**os.environ, **environment}
        )

    def answer(self) -> Any:
        """The next line that it prints."""
        assert self._process.stdout
        return json.loads(self._process.stdout.readline())

    def ask(self, name: str) -> float:
        """Seconds of a call of that operation."""
        assert self._process.stdin
        print(name, file=self._process.stdin, flush=True)
        return float(self.answer())


def compare(checkouts: list[Path], number: int, rounds: int, part: str) -> dict[str, list[list[float]]]:
    """The seconds of each round of each operation in each checkout."""
    workers = [Worker(checkout, number) for checkout in checkouts]
    names = [worker.answer() for worker in workers][0]
    chosen = {name: [[] for _ in workers] for name in names if part in name}
    for _ in range(rounds):
        for name, found in chosen.items():
            for worker, times in zip(workers, found, strict=True):
                times.append(worker.ask(name))
    return chosen


def main() -> None:
    """The comparison that the command line asks for."""
    parser = argparse.ArgumentParser(description=str(__doc__).partition('.')[0])
    parser.add_argument('--records', type=int, default=20_000)
    parser.add_argument('--rounds', type=int, default=30)
    parser.add_argument('--against', type=Path, action='append', default=[], help='another checkout')
    parser.add_argument('--only', default='', help='the operations with this in their names')
    parser.add_argument('--json', action='store_true', help='print every round')
    parser.add_argument('--work', type=int, help=argparse.SUPPRESS)
    asked = parser.parse_args()
    if asked.work:
        return work(asked.work)
    found = compare([Path(__file__).parents[1], *asked.against], asked.records, asked.rounds, asked.only)
    if asked.json:
        return print(json.dumps(found))
    for name, (ours, *others) in found.items():
        quotients = ''.join(f'  {min(ours) / min(o):.2f} {median(ours) / median(o):.2f}' for o in others)
        print(f'{name:28}{min(ours) * 1e6:12.1f}{median(ours) * 1e6:12.1f}{quotients}', flush=True)


if __name__ == '__main__':
    main()
