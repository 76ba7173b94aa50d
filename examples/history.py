"""Writes a history to try mqsql's commands on: `python examples/history.py tasks.db`.

It is the morning of a small cluster, and always the same: ada trains models on four engines, of which number 2 is slow; grace
scores them; some models diverge; engine 3 runs out of disk space for a while, and ada submits what failed there again. The last
tasks are still running, or waiting for an engine.
"""

import sys
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from random import Random
from typing import Any
from uuid import UUID

import mqsql

Record = dict[str, Any]

MORNING = datetime(2026, 11, 2, 8, tzinfo=UTC)
NOON = MORNING + timedelta(hours=4)
"""When the history ends: what has not completed by then is pending."""

DISK_FULL = MORNING + timedelta(minutes=60), MORNING + timedelta(minutes=66)
SLOW, FULL = 2, 3
"""The numbers of two engines."""

FAILURES = {
    'ValueError': 'loss is nan after epoch 2',
    'OSError': "[Errno 28] No space left on device: '/scratch/model.bin'",
}
CODE = {'ValueError': 'fit(model, fold, rate)', 'OSError': 'model.save(path)'}


class Cluster:
    """Four engines that work off tasks one after the other; what the hub knows of each task is in `records`."""

    def __init__(self) -> None:
        self.draws = Random(2026)
        self.engines = [self.uuid() for _ in range(4)]
        self.free = [MORNING] * 4
        self.records: list[Record] = []

    def uuid(self) -> str:
        """An id that is the same each time."""
        return str(UUID(int=self.draws.getrandbits(128), version=4))

    def run(self, client: str, label: str, submitted: datetime, seconds: float, fails: str = '') -> Record:
        """Submit a task, and have it run by the engine that is free first."""
        number = min(range(4), key=self.free.__getitem__)
        engine = self.engines[number]
        started = max(submitted, self.free[number]) + timedelta(milliseconds=self.draws.randrange(2, 9))
        duration = seconds * self.draws.uniform(0.7, 1.4) * (3 if number == SLOW else 1)
        if number == FULL and DISK_FULL[0] <= started < DISK_FULL[1]:
            fails, duration = 'OSError', duration / 10
        self.free[number] = completed = started + timedelta(seconds=duration)
        record = self.submitted(client, label, submitted)
        self.records.append(record)
        if started < NOON:
            record['engine_uuid'] = engine
        if completed < NOON:
            record |= self.result(record, number, started, completed, fails)
        return record

    def submitted(self, client: str, label: str, moment: datetime) -> Record:
        """What the hub knows of a task that has been submitted."""
        msg_id = f'{client}_4711_{len(self.records)}'
        header = {'msg_id': msg_id, 'msg_type': 'apply_request', 'session': client, 'date': moment}
        metadata: Record = {'after': [], 'follow': [], 'timeout': None, 'retries': 0, 'targets': [], 'label': label}
        record: Record = dict.fromkeys(mqsql.TASKS.columns)
        return record | {
            'msg_id': msg_id,
            'header': header | {'version': '5.4'},
            'metadata': metadata,
            'content': {},
            'buffers': [self.draws.randbytes(300)],
            'submitted': moment,
            'client_uuid': client,
            'queue': 'task',
            'label': label,
            'stdout': '',
            'stderr': '',
        }

    def result(self, record: Record, number: int, started: datetime, completed: datetime, fails: str) -> Record:
        """What the hub learns of a task when it has ended."""
        engine = self.engines[number]
        status = 'error' if fails else 'ok'
        content = failure(fails, engine, number) if fails else {'status': 'ok'}
        header = {**record['header'], 'msg_id': f'{engine}_{len(self.records)}', 'msg_type': 'apply_reply'}
        loss = [self.draws.uniform(0.1, 0.9) / epoch for epoch in (1, 2)]
        printed = ''.join(f'epoch {epoch}: loss={value:.4f}\n' for epoch, value in enumerate(loss, 1))
        return {
            'started': started,
            'completed': completed,
            'received': completed + timedelta(milliseconds=self.draws.randrange(3, 30)),
            'result_header': header | {'session': engine, 'date': completed},
            'result_metadata': {'engine': engine, 'started': started, 'status': status, 'dependencies_met': True},
            'result_content': content,
            'result_buffers': [] if fails else [self.draws.randbytes(400)],
            'error': content if fails else None,
            'stdout': printed if record['label'].startswith('train') else '',
        }


def failure(name: str, engine: str, number: int) -> Record:
    """The content of the reply of a task that raised an exception."""
    traceback = [
        f'\x1b[31m{name}\x1b[39m                                Traceback (most recent call last)',
        f'File \x1b[32m~/work/train.py:41\x1b[39m, in task(model, fold, rate)\n\x1b[32m---> 41\x1b[39m {CODE[name]}',
        f'\x1b[31m{name}\x1b[39m: {FAILURES[name]}',
    ]
    info = {'engine_uuid': engine, 'engine_id': number, 'method': 'apply'}
    return {'status': 'error', 'ename': name, 'evalue': FAILURES[name], 'traceback': traceback, 'engine_info': info}


def morning() -> Iterator[Record]:
    """The records of all tasks."""
    cluster = Cluster()
    ada, grace = cluster.uuid(), cluster.uuid()
    for model in ('unet', 'resnet'):
        start = MORNING + timedelta(minutes=5 if model == 'unet' else 50)
        for i in range(100):
            rate, fold = (0.01, 0.1, 0.3, 1.0)[i // 25], i % 25
            fails = 'ValueError' if rate == 1.0 and fold % 5 == 0 else ''
            cluster.run(ada, f'train/{model}/rate{rate}', start + timedelta(milliseconds=7 * i), 70, fails)
        for i in range(20):
            cluster.run(grace, f'score/{model}', start + timedelta(minutes=32, seconds=2 * i), 15)
    lost = [record for record in cluster.records if (record['error'] or {}).get('ename') == 'OSError']
    for i, record in enumerate(lost):
        again = cluster.run(ada, record['label'], MORNING + timedelta(minutes=125, seconds=i), 70)
        record['resubmitted'] = again['msg_id']
    for i in range(12):
        cluster.run(grace, 'report', NOON - timedelta(minutes=2) + timedelta(seconds=i), 90)
    yield from cluster.records


def main(path: str) -> None:
    """Write the history into a new file; nothing if there is one."""
    if Path(path).exists():
        sys.exit(f'{path}: this file is there already; name another')
    with mqsql.open(path) as store:
        sys.stdout.write(f'{path}: {store.add_records(morning())} tasks\n')


if __name__ == '__main__':
    if len(sys.argv) != 2 or sys.argv[1].startswith('-'):
        sys.exit(__doc__)
    main(sys.argv[1])
