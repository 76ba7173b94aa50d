"""The questions of the benchmark: each as MongoDB's query, as SQL written by hand, and as plain Python.

The SQL is for the table of `bench.contenders.limit`, the plain Python for a record of `bench.data`.
"""

import re
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from functools import partial
from itertools import islice
from typing import Any

from bench.answers import Checksum, every_for
from bench.data import BUFFERS, COLUMNS, START, History, Record, engine

MICROSECOND = timedelta(microseconds=1)
EPOCH = datetime(1970, 1, 1, tzinfo=START.tzinfo)
HOUR = timedelta(hours=1)

ALL = COLUMNS
"""All keys, as of a result that a client gets."""

UNBUFFERED = tuple(column for column in COLUMNS if column not in BUFFERS)
"""All keys but the buffers, as the hub answers a query that names no keys."""

Matches = Callable[[Record], bool]


def microseconds(moment: datetime) -> int:
    """Of a time since 1970."""
    return (moment - EPOCH) // MICROSECOND


@dataclass(frozen=True)
class Question:
    """What is asked, in all languages.

    `kind` says how it is measured (`bench.measuring`), `matches` which records an answer has. `mongo` is the query for those
    who know MongoDB's operators only, if it differs. `calls` is how often one round asks, `least` the smallest history.
    """

    name: str
    title: str
    kind: str = 'find'
    query: Mapping[str, Any] = field(default_factory=dict)
    keys: tuple[str, ...] = ('msg_id',)
    sort: str = ''
    limit: int = 0
    sql: str = ''
    params: Mapping[str, Any] = field(default_factory=dict)
    matches: Matches = lambda record: True
    mongo: Mapping[str, Any] | None = None
    calls: int = 1
    least: int = 0

    @property
    def ordered(self) -> bool:
        """Whether the order of the answer counts."""
        return bool(self.sort)

    @property
    def changes(self) -> bool:
        """Whether it changes the history."""
        return self.kind in ('purge', 'add', 'add_many', 'cycle')


@dataclass(frozen=True)
class Facts:
    """What questions need to know of a history: some of its times in order, ids, and two on which tasks depend."""

    history: History
    times: tuple[datetime, ...]
    ids: tuple[str, ...]
    dependencies: tuple[str, ...]

    @classmethod
    def of(cls, history: History) -> 'Facts':
        """Look through the history once."""
        id_step, time_step = max(1, history.size // MOST_IDS), max(1, history.size // MOST_TIMES)
        ids, times, dependencies = [], [], set[str]()
        for i, record in enumerate(history):
            if i % id_step == 0:
                ids.append(record['msg_id'])
            if i % time_step == 0:
                times.append(record['submitted'])
            after = record['metadata']['after']
            if after and len(dependencies) < 2:
                dependencies.add(after['dependencies'][0])
        return cls(history, tuple(sorted(times)), tuple(ids), tuple(sorted(dependencies)))

    def some_ids(self, number: int) -> list[str]:
        """So many ids, from all of the history."""
        return list(islice(self.ids[:: max(1, len(self.ids) // number)], number))

    def time(self, part: float) -> datetime:
        """The time at which a part of the tasks had been submitted, by the millisecond."""
        moment = self.times[min(int(part * len(self.times)), len(self.times) - 1)]
        return moment.replace(microsecond=moment.microsecond // 1000 * 1000)

    @property
    def client(self) -> str:
        """One that submitted tasks in the last hour."""
        return self.ids[-1].partition('_')[0]


MOST_IDS, MOST_TIMES = 1_000_000, 10_000
NEW = 256
"""Records that are added one by one, in each round."""
NEW_AT_ONCE = 1_000
CYCLES = 128
"""Tasks of a round of the hub's cycle."""
GETS = 100
LASTING = 60_000
"""Milliseconds of a long task."""


# --- conditions in plain Python


def _at(record: Record, path: str) -> Any:
    value: Any = record
    for key in path.split('.'):
        value = value.get(key) if isinstance(value, dict) else None
    return value


def _equals(path: str, wanted: object, record: Record) -> bool:
    return bool(_at(record, path) == wanted)


def _among(path: str, wanted: frozenset[str], record: Record) -> bool:
    return _at(record, path) in wanted


def _between(path: str, since: datetime | None, before: datetime | None, record: Record) -> bool:
    moment = _at(record, path)
    return moment is not None and (since is None or moment >= since) and (before is None or moment < before)


def _found(path: str, pattern: str, record: Record) -> bool:
    text = _at(record, path)
    return text is not None and re.search(pattern, text) is not None


def _depends(wanted: frozenset[str], record: Record) -> bool:
    after = record['metadata']['after']
    return bool(after) and not wanted.isdisjoint(after['dependencies'])


def _lasting(record: Record) -> bool:
    completed, started = record['completed'], record['started']
    return completed is not None and (completed - started) > timedelta(milliseconds=LASTING)


def _not(condition: Matches, record: Record) -> bool:
    return not condition(record)


def _all(conditions: Iterable[Matches], record: Record) -> bool:
    return all(condition(record) for condition in conditions)


def _any(conditions: Iterable[Matches], record: Record) -> bool:
    return any(condition(record) for condition in conditions)


# --- the questions


def questions(facts: Facts, *, every: bool = False) -> dict[str, Question]:
    """Those that make sense for a history of this size, or `every`, in the order they are asked: changes come last."""
    parts = _whole(), _by_key(facts), _of_hub(facts), _in_documents(facts), _compiled(), _changes(facts)
    return {asked.name: asked for part in parts for asked in part if every or asked.least <= facts.history.size}


def _by_key(facts: Facts) -> Iterator[Question]:
    wanted = facts.some_ids(GETS)
    yield Question(
        'get',
        'a record by its id, all keys',
        'get',
        {'msg_id': {'$in': wanted}},
        ALL,
        matches=partial(_among, 'msg_id', frozenset(wanted)),
        calls=len(wanted),
    )
    for number, least in ((500, 0), (50_000, 50_000), (1_000_000, 1_000_000)):
        wanted = facts.some_ids(number)
        yield Question(
            f'ids_{number}',
            f'{number:,} ids, all keys',
            query={'msg_id': {'$in': wanted}},
            keys=ALL,
            sql='SELECT {keys} FROM tasks WHERE msg_id IN (SELECT value FROM json_each(:ids))',
            params={'ids': wanted},
            matches=partial(_among, 'msg_id', frozenset(wanted)),
            least=least,
        )


def _of_hub(facts: Facts) -> Iterator[Question]:
    seed = facts.history.seed
    hour, client = facts.time(1) - HOUR, facts.client
    early, late = facts.time(0.25), facts.time(0.98)
    engines = [engine(seed, 3), engine(seed, 11)]
    yield Question(
        'pending',
        'pending: `{completed: None}`',
        query={'completed': None},
        keys=('msg_id', 'started'),
        sql='SELECT {keys} FROM tasks WHERE completed IS NULL',
        matches=partial(_equals, 'completed', None),
    )
    yield Question(
        'last_hour',
        'the last hour of a client',
        query={'started': {'$gte': hour}, 'client_uuid': client},
        keys=('msg_id', 'label', 'submitted', 'completed'),
        sql='SELECT {keys} FROM tasks WHERE started >= :hour AND client_uuid = :client',
        params={'hour': microseconds(hour), 'client': client},
        matches=partial(_all, [partial(_between, 'started', hour, None), partial(_equals, 'client_uuid', client)]),
    )
    yield Question(
        'older',
        'older than a time, of other clients',
        query={'submitted': {'$lt': early}, 'client_uuid': {'$ne': client}},
        sql='SELECT {keys} FROM tasks WHERE submitted < :early AND client_uuid IS NOT :client',
        params={'early': microseconds(early), 'client': client},
        matches=partial(
            _all, [partial(_between, 'submitted', None, early), partial(_not, partial(_equals, 'client_uuid', client))]
        ),
    )
    yield Question(
        'engines',
        'two of 16 engines, result headers',
        query={'engine_uuid': {'$in': engines}},
        keys=('msg_id', 'result_header'),
        sql='SELECT {keys} FROM tasks WHERE engine_uuid IN (:one, :other)',
        params={'one': engines[0], 'other': engines[1]},
        matches=partial(_among, 'engine_uuid', frozenset(engines)),
    )
    yield Question(
        'or',
        '`$or` of two indexed ranges',
        query={'$or': [{'submitted': {'$lt': facts.time(0.02)}}, {'started': {'$gte': late}}]},
        sql='SELECT {keys} FROM tasks WHERE submitted < :early OR started >= :late',
        params={'early': microseconds(facts.time(0.02)), 'late': microseconds(late)},
        matches=partial(
            _any, [partial(_between, 'submitted', None, facts.time(0.02)), partial(_between, 'started', late, None)]
        ),
    )
    yield Question(
        'latest',
        'the latest ten',
        keys=('msg_id', 'completed', 'label'),
        sort='-completed',
        limit=10,
        sql='SELECT {keys} FROM tasks ORDER BY completed DESC LIMIT 10',
    )
    yield Question('history', 'history: all ids by time', 'history', sort='submitted', sql=_HISTORY)
    yield Question(
        'count_done',
        'count of completed',
        'count',
        {'completed': {'$ne': None}},
        sql='SELECT count(*) FROM tasks WHERE completed IS NOT NULL',
        matches=partial(_not, partial(_equals, 'completed', None)),
    )
    yield Question(
        'count_engine',
        'count of an engine',
        'count',
        {'engine_uuid': engines[0]},
        sql='SELECT count(*) FROM tasks WHERE engine_uuid = :one',
        params={'one': engines[0]},
        matches=partial(_equals, 'engine_uuid', engines[0]),
    )
    yield Question('count_all', 'count of all', 'count', sql='SELECT count(*) FROM tasks')
    yield Question(
        'distinct',
        'distinct labels',
        'distinct',
        keys=('label',),
        sql='SELECT DISTINCT label FROM tasks WHERE label IS NOT NULL',
    )


_HISTORY = 'SELECT msg_id FROM tasks ORDER BY submitted'


def _in_documents(facts: Facts) -> Iterator[Question]:
    since, before = facts.time(0.5), facts.time(0.51)
    yield Question(
        'status',
        'status in a document',
        query={'result_content.status': 'error'},
        keys=('msg_id', 'result_content'),
        sql="SELECT {keys} FROM tasks WHERE result_content ->> '$.status' = 'error'",
        matches=partial(_equals, 'result_content.status', 'error'),
    )
    date = "header ->> '$.date.$date'"
    yield Question(
        'dates',
        'a range of dates in a document',
        query={'header.date': {'$gte': since, '$lt': before}},
        sql=f'SELECT {{keys}} FROM tasks WHERE {date} >= :since AND {date} < :before',
        params={'since': iso(since), 'before': iso(before)},
        matches=partial(_between, 'header.date', since, before),
    )
    dependencies = list(facts.dependencies)
    yield Question(
        'array',
        'an array in a document',
        query={'metadata.after.dependencies': {'$in': dependencies}},
        sql=(
            "SELECT {keys} FROM tasks WHERE EXISTS (SELECT 1 FROM json_each(metadata, '$.after.dependencies') "
            'WHERE value IN (:one, :other))'
        ),
        params=dict(zip(('one', 'other'), dependencies * 2, strict=False)),
        matches=partial(_depends, frozenset(dependencies)),
    )
    yield Question(
        'glob',
        '`$glob` on labels',
        query={'label': {'$glob': 'vision/*/fold3'}},
        keys=('msg_id', 'label'),
        sql="SELECT {keys} FROM tasks WHERE label GLOB 'vision/*/fold3'",
        matches=partial(_found, 'label', r'^vision/.*/fold3\Z'),
        mongo={'label': {'$regex': '^vision/.*/fold3$'}},
    )
    yield Question(
        'prefix',
        'a pattern `^text` on labels',
        query={'label': {'$regex': '^audio/res'}},
        keys=('msg_id', 'label'),
        sql="SELECT {keys} FROM tasks WHERE label >= 'audio/res' AND label < 'audio/ret'",
        matches=partial(_found, 'label', '^audio/res'),
    )
    yield Question(
        'expr',
        '`$expr` on durations',
        query={'$expr': {'$gt': [{'$subtract': ['$completed', '$started']}, LASTING]}},
        sql='SELECT {keys} FROM tasks WHERE completed - started > :most',
        params={'most': LASTING * 1000},
        matches=_lasting,
    )


def iso(moment: datetime) -> str:
    """The text of a time in a document."""
    return moment.strftime('%Y-%m-%dT%H:%M:%S.%fZ')


def _whole() -> Iterator[Question]:
    everything = 'SELECT {keys} FROM tasks'
    # First, before other answers have made the process larger.
    yield Question('stream', 'memory to read all records', 'stream', keys=UNBUFFERED, sql=everything)
    yield Question('scan', 'all records, all keys but buffers', keys=UNBUFFERED, sql=everything)


def _compiled() -> Iterator[Question]:
    yield Question('compile', 'compile a query of a known shape', 'compile', calls=1000)
    yield Question('compile_new', 'compile a query of a new shape', 'compile', calls=50)


def _changes(facts: Facts) -> Iterator[Question]:
    half = facts.time(0.5)
    yield Question('add_many', f'add {NEW_AT_ONCE:,} records at once, for each', 'add_many', calls=NEW_AT_ONCE)
    yield Question('add', 'add a record', 'add', calls=NEW)
    yield Question('cycle', "the hub's cycle of a task", 'cycle', calls=CYCLES)
    yield Question(
        'purge',
        'purge of the older half',
        'purge',
        {'completed': {'$lt': half}},
        sql='DELETE FROM tasks WHERE completed < :half',
        params={'half': microseconds(half)},
        matches=partial(_between, 'completed', None, half),
    )


# --- their answers


def truths(facts: Facts) -> dict[str, Checksum]:
    """The checksum of each question's answer, in plain Python; of a purge, how many records go."""
    known = questions(facts).values()
    counted = [q for q in known if q.kind in ('find', 'get', 'count', 'purge') and not q.ordered]
    ordered = [q for q in known if q.ordered]
    checks = {q.name: Checksum(q.ordered, every_for(_most(q, facts.history.size))) for q in (*counted, *ordered)}
    found: dict[str, list[tuple[datetime, Record]]] = {q.name: [] for q in ordered}
    labels: set[str] = set()
    for record in facts.history:
        if record['label']:
            labels.add(record['label'])
        for question in counted:
            if question.matches(record):
                _count(checks[question.name], question, record)
        for question in ordered:
            _keep(found[question.name], question, record)
    for question in ordered:
        for _, record in _sorted(question, found[question.name]):
            checks[question.name].add(record, question.keys)
    checks['distinct'] = Checksum()
    for label in labels:
        checks['distinct'].add_value(label)
    return {**checks, 'stream': checks['scan']}


def _most(question: Question, size: int) -> int:
    return question.least or (1 if question.query else size)


def _count(check: Checksum, question: Question, record: Record) -> None:
    if question.kind in ('count', 'purge'):
        check.count += 1
    else:
        check.add(record, question.keys)


def _keep(found: list[tuple[datetime, Record]], question: Question, record: Record) -> None:
    moment = record[question.sort.lstrip('-')]
    if moment is not None:
        found.append((moment, {key: record[key] for key in question.keys}))
        if question.limit and len(found) > 1000 * question.limit:
            found[:] = _sorted(question, found)


def _sorted(question: Question, found: list[tuple[datetime, Record]]) -> list[tuple[datetime, Record]]:
    falling = question.sort.startswith('-')
    return sorted(found, key=lambda pair: pair[0], reverse=falling)[: question.limit or None]
