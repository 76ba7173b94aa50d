"""The parts of the benchmark: its histories, its checksums, what it foretells, what it says has changed."""

from dataclasses import replace
from datetime import datetime, timedelta
from itertools import pairwise
from pathlib import Path
from typing import Any

import psutil  # type: ignore[import-untyped]
import pytest
from benchmark_table import MARK, written
from systems import needs_process_groups

from bench import pictures
from bench.answers import Checksum
from bench.compare import Change, changes
from bench.contenders import CONTENDERS
from bench.data import COLUMNS, History, heard
from bench.measuring import ERROR, OK, OVER, WRONG, Outcome
from bench.questions import Facts, questions, truths
from bench.results import Report, Result
from bench.run import foretell, sizes
from bench.table import page
from bench.worker import LostError, Patience, Process
from mqsql.schema import TASKS

HISTORY = History(3_000, seed=1)


def test_histories_are_the_same_for_the_same_seed() -> None:
    tasks = list(HISTORY)
    assert len(tasks) == 3_000
    assert list(History(1_500, seed=1)) == tasks[:1_500]
    assert list(HISTORY.tasks(2_990, 3_010))[:10] == tasks[-10:]
    assert [len(chunk) for chunk in HISTORY.chunks(1_999)] == [1_999, 1_001]
    assert list(History(10, seed=2)) != tasks[:10]


def test_histories_are_like_those_of_hubs() -> None:
    tasks = list(HISTORY)
    assert {*COLUMNS} == {*TASKS.columns} - {'display_data'}
    assert all([*TASKS.normalize(task)] == [*task] for task in tasks)
    assert 0.03 < sum(task['completed'] is None for task in tasks) / 3_000 < 0.07
    assert 0.005 < sum(task['error'] is not None for task in tasks) / 3_000 < 0.02
    assert len({task['engine_uuid'] for task in tasks}) == 17
    assert max(len(b''.join(task['result_buffers'] or ())) for task in tasks) == 1_000_000
    moments = [task['submitted'] for task in tasks]
    assert len({int(moment.timestamp() * 1000) for moment in moments}) == 3_000
    assert any(one > next_one for one, next_one in pairwise(moments))


def test_what_is_heard_of_a_task_makes_its_record() -> None:
    for task in HISTORY.tasks(0, 100):
        requested, changes, lines = heard(task)
        made: dict[str, Any] = dict(requested)
        for change in changes:
            made |= change
        assert {**made, 'stdout': task['stdout']} == task
        assert len(lines) == 2


def test_every_question_has_an_answer() -> None:
    facts = Facts.of(HISTORY)
    asked, right = questions(facts), truths(facts)
    assert {name for name, q in asked.items() if q.kind not in ('compile', 'add', 'add_many', 'cycle')} == {*right}
    assert all(0 < check.count <= 3_000 for check in right.values())


def test_checksums_differ_when_answers_do() -> None:
    records = list(HISTORY.tasks(0, 50))

    def check(given: list[dict[str, Any]], *, ordered: bool = False) -> Checksum:
        made = Checksum(ordered)
        for record in given:
            made.add(record, COLUMNS)
        return made

    truth = check(records)
    assert check(records[::-1]).difference(truth) == ''
    assert check(records[::-1], ordered=True).difference(check(records, ordered=True)) != ''
    assert check(records[1:]).difference(truth) == '49 in place of 50'
    assert check([*records[1:], records[1]]).difference(truth) == 'other records'
    for key, value in (('stdout', 'x'), ('label', 7), ('header', {}), ('buffers', [b'x']), ('started', None)):
        changed = {**next(record for record in records if record['started']), key: value}
        given = [changed if record['msg_id'] == changed['msg_id'] else record for record in records]
        assert check(given).difference(truth) == 'other values', key


def test_checksums_are_the_same_for_what_databases_cannot_keep_apart() -> None:
    task = next(iter(HISTORY.tasks(1, 2)))
    started: datetime = task['started']
    coarse = started - timedelta(microseconds=started.microsecond % 1000)
    same = {
        **task,
        'started': coarse.replace(tzinfo=None),
        'buffers': [bytearray(b) for b in task['buffers']],
        '_id': 1,
    }
    one, other = Checksum(), Checksum()
    one.add(task, COLUMNS)
    other.add({key: value for key, value in same.items() if value is not None}, COLUMNS)
    assert other.difference(one) == ''


@pytest.mark.parametrize(
    ('times', 'expected'),
    [
        ([], 0),
        ([(1_000, 2.0)], 20),  # one is taken to grow as the history does
        ([(1_000, 2.0), (10_000, 2.0)], 2),
        ([(1_000, 0.02), (10_000, 2.0)], 2.0 * 10**1.5),  # faster than the history
        ([(100, 4.0), (1_000, 2.0)], 2),
    ],
)
def test_what_takes_long_is_foretold(times: list[tuple[int, float]], expected: float) -> None:
    size = 10 * times[-1][0] if times else 10
    assert foretell(times, size) == pytest.approx(expected)


@needs_process_groups
def test_what_takes_too_long_is_ended(tmp_path: Path) -> None:
    facts = Facts.of(History(300, seed=1))
    with Process('mqsql-dict', tmp_path, facts, truths(facts), patience=Patience(1e-5, 1e-5)) as process:
        assert process.opened().status == OK
        assert process.fill().status == OVER
        assert process.ask('scan').status == OVER


@needs_process_groups
def test_a_process_that_ends_is_noticed_and_leaves_no_server(tmp_path: Path) -> None:
    facts = Facts.of(History(300, seed=1))
    name = 'mqsql-dict' if CONTENDERS['secantusdb'].missing() else 'secantusdb'
    with Process(name, tmp_path, facts, truths(facts), patience=Patience.of(60, 300)) as process:
        assert process.opened().status == OK
        first = psutil.Process(process.pid)
        group = [first, *first.children(recursive=True)]
        first.kill()
        with pytest.raises(LostError):
            process.ask('scan')
    assert psutil.wait_procs(group, timeout=60)[1] == []


@pytest.mark.parametrize(
    ('size', 'patience', 'seconds'), [(100_000, 60, 180), (1_000_000, 60, 500), (10_000_000, 60, 5_000), (1_000, 1, 3)]
)
def test_a_longer_history_may_take_longer_to_add(size: int, patience: float, seconds: float) -> None:
    assert Patience.of(patience, size) == (patience, seconds)


def test_what_takes_everybody_too_long_has_no_picture(tmp_path: Path) -> None:
    report = Report({}, {}, {'mqsql': 'mqsql'}, {'pending': 'pending', 'ids_500': '500 ids'}, 1, 60.0)
    report.results = [Result(1_000, 'mqsql', name, OVER) for name in report.questions]
    assert pictures.draw(report, tmp_path) == []
    report.results[0] = Result(1_000, 'mqsql', 'pending', OK, seconds=0.001, rounds=3)
    files = pictures.draw(report, tmp_path)
    assert {path.name for path in files} == {'questions.svg', 'questions.png', 'few.svg', 'few.png'}
    said = (tmp_path / 'questions.svg').read_text(encoding='utf-8')
    assert 'pending' in said
    assert '500 ids' not in said


def test_the_page_of_a_run_without_packages() -> None:
    report = Report({'cores': '2'}, {}, {'mqsql': 'mqsql'}, {'pending': 'pending'}, 1, 60.0)
    assert '\ncores 2.\n\n' in page(report)
    assert 'apsw 3, orjson 4.\n' in page(replace(report, packages={'apsw': '3', 'orjson': '4'}))


def test_sizes() -> None:
    assert sizes(300) == [300]
    assert sizes(1_000) == [1_000]
    assert sizes(30_000) == [1_000, 10_000, 30_000]


def test_a_result_of_rounds() -> None:
    theirs = [Outcome(OK, seconds, 2.0) for seconds in (2.0, 3.0, 4.0)]
    ours = [Outcome(OK, 1.0, 0.5)] * 3
    found = Result.of(10, 'x', 'q', theirs, ours)
    assert replace(found, noise=0.0) == Result(10, 'x', 'q', OK, 2.0, 3.0, 3, ratio=3.0, work=4.0)
    assert found.noise == pytest.approx(1 / 6)
    wrong = Result.of(10, 'x', 'q', [*theirs, Outcome(WRONG, 1.0, note='why')], ours)
    assert (wrong.status, wrong.note) == (WRONG, 'why')


BEFORE = Result(10, 'x', 'q', OK, 1.0, 1.0, rounds=14, ratio=2.0, work=2.0, work_noise=0.05)


@pytest.mark.parametrize(
    ('after', 'verdict'),
    [
        (BEFORE, ''),
        (replace(BEFORE, work=2.7), ''),
        (replace(BEFORE, work=2.9), 'worse'),
        (replace(BEFORE, work=1.5), ''),
        (replace(BEFORE, work=1.4), 'better'),
        (replace(BEFORE, work=2.9, work_noise=0.1), ''),
        (replace(BEFORE, work=3.8, rounds=1, work_noise=0.0), ''),
        (replace(BEFORE, work=4.0, rounds=1, work_noise=0.0), 'worse'),
        (replace(BEFORE, work=0.0, ratio=2.6), ''),
        (replace(BEFORE, work=0.0, ratio=2.8), 'worse'),
        (replace(BEFORE, status=WRONG), 'worse'),
        (Result(10, 'x', 'q', ERROR), 'worse'),
    ],
)
def test_changes_beyond_the_noise_are_marked(after: Result, verdict: str) -> None:
    assert Change(BEFORE, after).verdict == verdict
    if verdict:
        assert Change(after, BEFORE).verdict == {'better': 'worse', 'worse': 'better'}[verdict]


def test_runs_are_compared_where_both_have_results() -> None:
    old = Report({}, {}, {'x': 'X'}, {'q': 'Q'}, 1, 60.0, results=[BEFORE, Result(10, 'y', 'q', OVER)])
    new = replace(old, results=[replace(BEFORE, size=100), replace(BEFORE, ratio=9.0)])
    assert [(change.new.size, change.new.ratio) for change in changes(old, new)] == [(10, 9.0)]


def test_the_table_in_the_readme() -> None:
    text = written(f'before\n<!-- {MARK} -->\nrows as they were\n<!-- end -->\nafter\n')
    assert text.startswith(f'before\n<!-- {MARK} -->\n|  | limit | mqsql |')
    assert text.endswith('|\n<!-- end -->\nafter\n')
    assert 'rows as they were' not in text
