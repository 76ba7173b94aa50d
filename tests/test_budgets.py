"""What operations cost, counted and not timed, so that a loaded machine changes nothing: the calls that Python makes, the steps
of SQLite's virtual machine, and the memory that reading all records takes.

The calls of an operation differ by less than 5% from run to run, and by less than 15% between versions of Python. Quotients of
times, of SQL written by hand and of mqsql in turn, differed by up to 30% on a loaded machine, also when they were the median of
20. A budget is a tenth above what was counted with Python 3.11, which makes the most calls. When an operation becomes better,
lower its budget.
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

HISTORY = History(2_000, seed=1)
QUESTIONS = questions(Facts.of(HISTORY))
ADDED = 20
"""Records that are added to count what one of them takes."""

CALLS = {
    'get': 120,
    'ids_500': 54_000,
    'pending': 1_900,
    'last_hour': 3_000,
    'older': 4_300,
    'engines': 7_300,
    'or': 2_300,
    'latest': 560,
    'status': 770,
    'dates': 760,
    'array': 450,
    'glob': 840,
    'prefix': 28_000,
    'expr': 2_700,
    'scan': 180_000,
    'count_done': 200,
    'count_engine': 180,
    'count_all': 120,
    'distinct': 4_900,
    'history': 25_000,
    'compile': 210,
    'compile_new': 8_500,
    'add_many': 190,
    'add': 180,
    'cycle': 960,
}
"""Calls of functions, those of C included; for each record of `get`, `add`, `add_many` and `cycle`, else for the answer."""

STEPS = {
    'ids_500': 34_000,
    'pending': 1_800,
    'last_hour': 2_600,
    'older': 8_600,
    'engines': 3_600,
    'or': 12_000,
    'latest': 300,
    'status': 42_000,
    'dates': 74_000,
    'array': 96_000,
    'glob': 2_500,
    'prefix': 21_000,
    'expr': 21_000,
    'scan': 53_000,
}
"""Steps of SQLite's virtual machine for an answer."""

STREAMED = 1_000_000
"""Bytes that reading all records may take: a few of them, and not all."""


@pytest.fixture(scope='module')
def ours(tmp_path_factory: pytest.TempPathFactory) -> Iterator[MqsqlFile]:
    """mqsql with the history, as the benchmark asks it."""
    made = MqsqlFile(tmp_path_factory.mktemp('budgets'))
    made.add_many(list(HISTORY))
    yield made
    made.close()


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
    if kind == 'cycle':
        ours.prepare_cycles()

    def add() -> None:
        if kind == 'add_many':
            ours.add_many(records)
        else:
            for requested, changes, lines in tasks:
                ours.add(requested) if kind == 'add' else ours.cycle(requested, changes, lines)

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
def test_calls(ours: MqsqlFile, name: str) -> None:
    if name in ('add_many', 'add', 'cycle'):
        made = calls(adding(ours, name)) / ADDED
    else:
        operation = asking(ours, QUESTIONS[name])
        operation()  # it knows the shape of the query then, as nearly always
        made = calls(operation)
    assert made <= CALLS[name]


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
    assert steps <= STEPS[name]


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
