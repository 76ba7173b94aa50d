"""Histories of an IPython Parallel hub, as a benchmark needs them: of any size, the same for the same seed, near to real ones.

A history is made of parts of 1,000 tasks, each of which depends on nothing but the seed and its number. A part is the work of
three clients in an hour: bursts of tasks on 16 engines, of which 5% have not ended and 1% have failed with a traceback; labels
are paths; a few results have 1 MB. Clients stay for ten parts, and their clocks differ. A task takes 50 µs to make, which is no
longer than to read it from a file.

All times are in UTC. No two tasks were submitted in the same millisecond, and none takes just a minute, so that databases which
keep milliseconds give the same answers as those which keep microseconds.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from itertools import islice
from random import Random
from typing import Any
from uuid import UUID

Record = dict[str, Any]

PART = 1_000
"""Tasks of a part."""

START = datetime(2026, 1, 1, tzinfo=UTC)
PART_TIME = timedelta(hours=2)
"""From the start of a part to that of the next; work fills the first half of it."""

ENGINES = 16
CLIENTS = 3
CLOCKS = [0, 3_000, 30_000]
"""How much the clocks of the clients are ahead, in units of three milliseconds."""

LARGE = 1_000_000
"""Bytes of a large result, which every twentieth part has."""

MINUTE = 60.0

PROJECTS = 'vision audio text graphs tables'.split()
MODELS = 'resnet18 resnet50 unet lstm transformer'.split()
ERRORS = [('ValueError', 'bad value'), ('KeyError', "'fold'"), ('ZeroDivisionError', 'division by zero')]
FUNCTIONS = 'load fit_model evaluate score reduce_rows'.split()

COLUMNS = tuple(
    'msg_id header metadata content buffers submitted client_uuid engine_uuid started completed resubmitted received '
    'result_header result_metadata result_content result_buffers queue execute_input execute_result error stdout stderr '
    'label'.split()
)
"""The keys of a record, as the hub makes it."""

BUFFERS = ('buffers', 'result_buffers')

SUBMITTED = tuple('msg_id header metadata content buffers submitted client_uuid queue label stdout stderr'.split())
"""What is known when a task is submitted; the engine comes next, and the rest with the result."""


def heard(record: Record) -> tuple[Record, list[Record], list[str]]:
    """What a hub hears of a task: the request, with all keys, then its engine and result, and two lines of output."""
    requested = {key: value if key in SUBMITTED else None for key, value in record.items()}
    known = (*SUBMITTED, 'engine_uuid')
    result = {key: value for key, value in record.items() if key not in known and value is not None}
    changes = [{'engine_uuid': record['engine_uuid']}, *([result] if result else [])]
    return requested | {'stdout': ''}, changes, [f'task {record["msg_id"]} begins\n', 'and it ends\n']


def uuid(seed: int, kind: str, number: int) -> str:
    """The id of a client or an engine."""
    return str(UUID(int=Random(f'{seed} {kind} {number}').getrandbits(128), version=4))


def engine(seed: int, number: int) -> str:
    """The id of one of the engines."""
    return uuid(seed, 'engine', number)


@dataclass(frozen=True)
class History:
    """The tasks of a hub: how many, and the seed."""

    size: int
    seed: int

    def __iter__(self) -> Iterator[Record]:
        return self.tasks(0, self.size)

    def tasks(self, start: int, end: int) -> Iterator[Record]:
        """The tasks from one number to before another, which may be beyond the size."""
        first = start // PART
        every = (record for number in range(first, -(-end // PART)) for record in part_of(self.seed, number))
        return islice(every, start - first * PART, end - first * PART)

    def chunks(self, length: int) -> Iterator[list[Record]]:
        """All tasks, in lists of so many."""
        every = iter(self)
        while chunk := list(islice(every, length)):
            yield chunk


def part_of(seed: int, number: int) -> Iterator[Record]:
    """The tasks of a part, in the order in which the hub hears of them."""
    draws = Random(f'{seed} part {number}')
    engines = [engine(seed, i) for i in range(ENGINES)]
    clients = [uuid(seed, 'client', number // 10 * CLIENTS + i) for i in range(CLIENTS)]
    moment, burst, client, project, model = 0, 0, 0, '', ''
    earlier: list[str] = []
    for i in range(PART):
        if not burst:
            burst = min(PART - i, draws.randint(5, 120))
            client, project, model = draws.randrange(CLIENTS), draws.choice(PROJECTS), draws.choice(MODELS)
            moment += draws.randrange(1, 140_000)
            earlier = []
        burst -= 1
        moment += draws.randrange(1, 30)
        clock = moment + CLOCKS[client]
        # The client's number as the remainder makes the millisecond unlike those of other clients.
        submitted = START + number * PART_TIME + timedelta(milliseconds=clock * CLIENTS + client)
        label = None if draws.random() < 0.3 else f'{project}/{model}/fold{draws.randrange(10)}'
        task = number * PART + i
        yield _task(draws, task, clients[client], draws.choice(engines), submitted, label, earlier)
        earlier.append(_id(clients[client], task))


def _id(client: str, task: int) -> str:
    return f'{client}_{4000 + task % 7}_{task}'


def _task(
    draws: Random, task: int, client: str, engine: str, submitted: datetime, label: str | None, earlier: list[str]
) -> Record:
    submitted += timedelta(microseconds=draws.randrange(1000))
    msg_id, chance = _id(client, task), draws.random()
    executes = chance < 0.2
    header = _header(msg_id, 'execute_request' if executes else 'apply_request', client, submitted)
    record: Record = dict.fromkeys(COLUMNS)
    record.update(
        msg_id=msg_id,
        header=header,
        metadata=_metadata(draws, label, earlier),
        content=_code(draws) if executes else {},
        buffers=[] if executes else [draws.randbytes(draws.randrange(200, 500)), draws.randbytes(60)],
        submitted=submitted,
        client_uuid=client,
        queue='mux' if executes else 'task',
        stdout='',
        stderr='',
        label=label,
    )
    pending = draws.random() < 0.05
    if not pending or chance < 0.6:
        record['engine_uuid'] = engine
    if not pending:
        record.update(_result(draws, task, record, engine, submitted))
    return record


def _header(msg_id: str, kind: str, session: str, date: datetime) -> Record:
    return {
        'msg_id': msg_id,
        'msg_type': kind,
        'username': 'scientist',
        'session': session,
        'date': date,
        'version': '5.3',
    }


def _metadata(draws: Random, label: str | None, earlier: list[str]) -> Record:
    after: Any = []
    if len(earlier) > 2 and draws.random() < 0.1:
        after = {'dependencies': draws.sample(earlier, 2), 'all': True, 'success': True, 'failure': False}
    return {'after': after, 'follow': [], 'timeout': None, 'retries': 0, 'targets': [], 'label': label}


def _code(draws: Random) -> Record:
    code = f'{draws.choice(FUNCTIONS)}(fold={draws.randrange(10)})'
    return {'code': code, 'silent': False, 'store_history': True, 'user_expressions': {}, 'allow_stdin': False}


def _result(draws: Random, task: int, record: Record, engine: str, submitted: datetime) -> Record:
    started = submitted + timedelta(microseconds=draws.randrange(2_000, 3_000_000))
    seconds = draws.expovariate(1 / 25)
    if abs(seconds - MINUTE) < 0.01:
        seconds += 0.1
    completed = started + timedelta(seconds=seconds)
    failed = draws.random() < 0.01
    content = _failure(draws, engine) if failed else {'status': 'ok'}
    reply = record['header']['msg_type'].replace('request', 'reply')
    lines = draws.randrange(3)
    large = task % (20 * PART) == 150
    return {
        'started': started,
        'completed': completed,
        'received': completed + timedelta(microseconds=draws.randrange(1_000, 40_000)),
        'result_header': _header(f'{engine}_{task}', reply, engine, completed),
        'result_metadata': {
            'dependencies_met': True,
            'engine': engine,
            'started': started,
            'status': content['status'],
            'is_broadcast': False,
        },
        'result_content': content,
        'result_buffers': [] if failed else [draws.randbytes(LARGE if large else draws.randrange(40, 400))],
        'error': content if failed else None,
        'execute_input': record['content'].get('code'),
        'stdout': ''.join(f'epoch {i}: loss={draws.random():.4f}\n' for i in range(lines)),
    }


def _failure(draws: Random, engine: str) -> Record:
    name, value = draws.choice(ERRORS)
    calls = draws.sample(FUNCTIONS, 3)
    traceback = [
        '\x1b[0;31m---------------------------------------------------------------------------\x1b[0m',
        f'\x1b[0;31m{name}\x1b[0m                                Traceback (most recent call last)',
        *(
            f'File \x1b[0;32m~/work/{call}.py:{draws.randrange(400)}\x1b[0m, in {call}(fold)\n    result = step(fold)'
            for call in calls
        ),
        f'\x1b[0;31m{name}\x1b[0m: {value}',
    ]
    info = {'engine_uuid': engine, 'engine_id': draws.randrange(ENGINES), 'method': 'apply'}
    return {'status': 'error', 'ename': name, 'evalue': value, 'traceback': traceback, 'engine_info': info}
