"""What plain operations cost. Imports `mqsql`, which may be another checkout's.

    python -m bench.plain --json
    PYTHONPATH=../other-checkout python bench/plain.py --json

Each operation runs in many short rounds on records like a hub's. Printed are microseconds of processor time of one call: the
least and the median of the rounds. Compare two checkouts by the least, of runs in turn.
"""

import argparse
import gc
import json
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


def submitted(i: int) -> dict[str, Any]:
    """What a hub adds when a task is submitted."""
    at = START + timedelta(seconds=i)
    header = {'msg_id': f'm{i}', 'msg_type': 'apply_request', 'username': 'me', 'session': 's' * 36, 'date': at}
    known = {'client_uuid': f'client-{i % 5}', 'queue': 'task', 'label': f'label {i % 50}', 'submitted': at}
    return {'header': header, 'content': {'x': i % 100}, 'buffers': [b'f' * 300, b'a' * 40], **known}


def finished(i: int) -> dict[str, Any]:
    """What it updates when the task is done."""
    at, engine = START + timedelta(seconds=i + 1), f'engine-{i % 8}'
    times = {'started': at, 'completed': None if i % 40 == 3 else at}
    content = {'status': 'error' if i % 100 == 7 else 'ok', 'traceback': ['a line'] * (i % 3)}
    messages = {'result_header': submitted(i)['header'], 'result_metadata': {'started': at}, 'result_content': content}
    return {**times, **messages, 'result_buffers': [b'r' * 200], 'engine_uuid': engine, 'stdout': f'{i * i}\n' * 20}


def operations(folder: Path, number: int) -> Iterator[tuple[str, Operation]]:
    """Each operation with its name, on a file of so many records."""
    store, grown, indexed = (mqsql.open(folder / name) for name in ('a.db', 'b.db', 'c.db'))
    memory = mqsql.open(':memory:')
    indexed.create_index('content.x')
    for i in range(number):
        store.add_record(f'm{i}', {**submitted(i), **finished(i)})
    new, ids = count(number), [f'm{7 * i}' for i in range(500) if 7 * i < number]
    yield 'add_record', lambda: grown.add_record(f'm{(i := next(new))}', submitted(i))
    yield 'add_record :memory:', lambda: memory.add_record(f'm{(i := next(new))}', submitted(i))
    yield 'add_record path index', lambda: indexed.add_record(f'm{(i := next(new))}', submitted(i))
    yield 'update_record', lambda: store.update_record(f'm{(i := next(new) % number)}', finished(i))
    yield 'get_record', lambda: store.get_record('m11')
    yield 'find open', lambda: list(store.find({'completed': None}, ['msg_id', 'started']))
    since: dict[str, Any] = {'started': {'$gte': START + timedelta(seconds=number // 2)}, 'client_uuid': 'client-1'}
    yield 'find since', lambda: list(store.find(since, ['msg_id', 'submitted']))
    engines = {'engine_uuid': {'$in': ['engine-1', 'engine-2']}}
    yield 'find engines', lambda: list(store.find(engines, ['msg_id']))
    yield 'find 500 ids', lambda: list(store.find({'msg_id': {'$in': ids}}))
    yield 'find all', lambda: list(store.find({}))
    for name, query in QUERIES.items():
        yield f'count {name}', lambda query=query: store.count(query)  # type: ignore[misc]
        yield f'compile {name}', lambda query=query: mqsql.compile(query, ['msg_id'])  # type: ignore[misc]
    for path in ('label', 'content.x', 'engine_uuid', 'result_content.traceback'):
        yield f'distinct {path}', lambda path=path: store.distinct(path)  # type: ignore[misc]
    shape = count()
    yield 'compile new path', lambda: mqsql.compile({f'content.p{next(shape)}': 1})


QUERIES: dict[str, dict[str, Any]] = {
    'open': {'completed': None},
    'label $gt': {'label': {'$gt': 'label 4'}},
    'label $ne': {'label': {'$ne': 'label 7'}},
    'path': {'result_content.status': 'error'},
    'stdout $regex': {'stdout': {'$regex': r'is \d*44$', '$options': 'm'}},
    '$expr': {'$expr': {'$gt': ['$completed', '$started']}},
}


def seconds(operation: Operation, calls: int) -> float:
    """Processor time of one of so many calls."""
    gc.collect()
    started = time.process_time()
    for _ in range(calls):
        operation()
    return (time.process_time() - started) / calls


def measure(number: int, rounds: int) -> dict[str, tuple[float, float]]:
    """The least and the median of each operation, in microseconds."""
    with TemporaryDirectory() as folder:
        known = dict(operations(Path(folder), number))
        calls = {name: 1 + int(ROUND_SECONDS / max(seconds(known[name], 3), 1e-6)) for name in known}
        found: dict[str, list[float]] = {name: [] for name in known}
        for _ in range(rounds):  # one after the other, so that all meet the same machine
            for name, operation in known.items():
                found[name].append(1e6 * seconds(operation, calls[name]))
        return {name: (min(times), median(times)) for name, times in found.items()}


def main() -> None:
    """The measurement that the command line asks for."""
    parser = argparse.ArgumentParser(description=str(__doc__).partition('.')[0])
    parser.add_argument('--records', type=int, default=20_000)
    parser.add_argument('--rounds', type=int, default=30)
    parser.add_argument('--json', action='store_true', help='print the figures as JSON')
    asked = parser.parse_args()
    found = measure(asked.records, asked.rounds)
    lines = [f'{name:28}{least:12.1f}{middle:12.1f}' for name, (least, middle) in found.items()]
    print(json.dumps(found, indent=1) if asked.json else '\n'.join(lines))


if __name__ == '__main__':
    main()
