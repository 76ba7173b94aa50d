"""What operations cost, counted and not timed, so that a loaded machine changes nothing: the calls that Python makes, the steps
of SQLite's virtual machine, and the memory that reading all records takes.

The numbers below were counted with Python 3.11, which makes more calls than later versions, by 3 to 12%. From run to run they
differ by up to a hundred calls, of what happens once in a while, and by 1%. Quotients of times, of mqsql and of SQL written by
hand in turn, differed by up to 30% on a loaded machine, also when each was the median of 20. A count that is too large by more
than `budget` allows fails. When an operation needs less, write its new number.
"""

import gc
import sys
import tracemalloc
from collections.abc import Callable, Iterator
from itertools import count

import apsw
import pytest

from bench.contenders.ours import FILE, MqsqlFile, options
from bench.data import History, heard
from bench.questions import Facts, Question, questions
from mqsql.compiler import FUNCTIONS
from mqsql.storage import queries

HISTORY = History(2_000, seed=1)
QUESTIONS = questions(Facts.of(HISTORY))
ADDED = 20
"""Records that are added to count what one of them takes."""

CALLS = {
    'get': 90,
    'ids_500': 23_118,
    'pending': 324,
    'last_hour': 653,
    'older': 559,
    'engines': 2_122,
    'or': 352,
    'latest': 223,
    'status': 314,
    'dates': 244,
    'array': 194,
    'glob': 242,
    'prefix': 317,
    'expr': 437,
    'scan': 64_282,
    'count_done': 80,
    'count_engine': 79,
    'count_all': 76,
    'distinct': 90,
    'history': 89,
    'compile': 40,
    'compile_new': 3_540,
    'add_many': 160,
    'add': 144,
    'cycle': 535,
}
"""Calls of functions, those of C included; for each record of `get`, `add`, `add_many` and `cycle`, else for the answer."""

STEPS = {
    'ids_500': 19_532,
    'pending': 1_730,
    'last_hour': 2_329,
    'older': 4_941,
    'engines': 3_000,
    'or': 2_287,
    'latest': 268,
    'status': 24_388,
    'dates': 30_964,
    'array': 37_185,
    'glob': 2_168,
    'prefix': 1_410,
    'expr': 18_860,
    'scan': 47_387,
}
"""Steps of SQLite's virtual machine for an answer."""

MORE, ONCE = 1.1, 100
"""How much more than what was counted is allowed: so many times as much, and so many."""

STREAMED = 1_000_000
"""Bytes that reading all records may take: a few of them, and not all."""


@pytest.fixture(scope='module')
def ours(tmp_path_factory: pytest.TempPathFactory) -> Iterator[MqsqlFile]:
    """mqsql with the history, as the benchmark asks it."""
    made = MqsqlFile(tmp_path_factory.mktemp('budgets'))
    made.add_many(list(HISTORY))
    yield made
    made.close()


def budget(counted: int) -> float:
    """What is allowed where so many were counted."""
    return counted * MORE + ONCE


def asking(ours: MqsqlFile, question: Question) -> Callable[[], object]:
    """What asks a question, and reads its answer to the end."""
    if question.kind == 'find':
        return lambda: sum(1 for _ in ours.find(question))
    if question.kind == 'get':
        return lambda: ours.get(question.query['msg_id']['$in'][0])
    if question.kind == 'compile':
        numbers, key = count(), 'content.new{}' if question.name == 'compile_new' else 'queue'
        return lambda: ours.compile({'completed': None, key.format(number := next(numbers)): f'q{number}'})
    return lambda: getattr(ours, question.kind)(question)


def adding(ours: MqsqlFile, kind: str) -> Callable[[], object]:
    """What adds the tasks that follow the history."""
    start = HISTORY.size + ADDED * ['add_many', 'add', 'cycle'].index(kind)
    records = list(HISTORY.tasks(start, start + ADDED))
    tasks = [heard(record) for record in records]
    ours.prepare_changes()

    def add() -> None:
        if kind == 'add_many':
            ours.add_many(records)
        else:
            for requested, changes, lines in tasks:
                ours.add(requested) if kind == 'add' else ours.cycle(requested, changes, lines)
        ours.settle()

    return add


def calls(operation: Callable[[], object]) -> int:
    """How many calls of functions it makes."""
    made = 0

    def note(frame: object, event: str, argument: object) -> None:
        nonlocal made
        made += event in ('call', 'c_call')

    gc.collect()
    gc.disable()  # what the collector destroys calls functions, too
    sys.setprofile(note)
    try:
        operation()
    finally:
        sys.setprofile(None)
        gc.enable()
    return made


@pytest.mark.parametrize('name', CALLS)
def test_calls(ours: MqsqlFile, name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(queries, 'FAST', 3600.0)  # how many rows are read at once depends on their number alone
    if name in ('add_many', 'add', 'cycle'):
        made = calls(adding(ours, name)) / ADDED
    else:
        operation = asking(ours, QUESTIONS[name])
        for _ in range(2):
            operation()  # it knows the shape of the query then, as nearly always
        made = calls(operation)
    assert made <= budget(CALLS[name])


@pytest.mark.parametrize('name', STEPS)
def test_steps(ours: MqsqlFile, name: str) -> None:
    question, steps = QUESTIONS[name], 0
    explained = ours.store.explain(question.query, question.keys, **options(question))
    connection = apsw.Connection(str(ours.directory / FILE), flags=apsw.SQLITE_OPEN_READONLY)
    for function, number, implementation in FUNCTIONS:
        connection.create_scalar_function(function, implementation, number, deterministic=True)

    def note() -> bool:
        nonlocal steps
        steps += 1
        return False

    connection.execute('SELECT 1 FROM task_records LIMIT 1').fetchall()  # it has read the file's schema
    connection.set_progress_handler(note, 1)
    found = connection.execute(explained.sql, dict(explained.params)).fetchall()
    connection.close()
    assert found
    assert steps <= budget(STEPS[name])


def test_memory_to_read_all_records(ours: MqsqlFile) -> None:
    operation = asking(ours, QUESTIONS['scan'])
    operation()
    tracemalloc.start()
    try:
        operation()
        assert tracemalloc.get_traced_memory()[1] < STREAMED
    finally:
        tracemalloc.stop()


def test_all_questions_have_a_budget() -> None:
    assert {*CALLS, 'stream', 'purge'} == {*QUESTIONS}
    assert {name for name, question in QUESTIONS.items() if question.kind == 'find'} == {*STEPS}
