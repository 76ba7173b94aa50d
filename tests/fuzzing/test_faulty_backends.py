"""A defect that was put into a backend by hand is found, as what it is, and nothing else."""

import re
from pathlib import Path

import pytest

from mqsql.fuzzing.causes import Category, Cause
from mqsql.fuzzing.describing import title
from mqsql.fuzzing.fuzzer import Options, Report, fuzz
from mqsql.fuzzing.steps import Find
from mqsql.fuzzing.targets import TargetError, read_spec

BACKENDS = Path(__file__).parents[1] / 'support' / 'faulty_backends.py'


def found(name: str, examples: int = 600, **options: object) -> Report:
    """What is found in one of them."""
    return fuzz(read_spec(f'{BACKENDS}:{name}'), Options(examples=examples, timeout=5, **options))  # type: ignore[arg-type]


def test_nothing_is_found_in_a_right_one() -> None:
    report = found('Right', language='full')
    assert (report.causes, report.wrong) == ([], 0)
    assert report.examples >= 600


FAULTS = {
    'GreaterOrEqual': (Category.OPERATOR, r'\$gt: too many records'),
    'SkipsNulls': (Category.NULLS, r'\$nin where the field is null or missing: too few records'),
    'OneTooMany': (Category.LIMIT, 'find with a limit: too many records'),
    'SortsWrongly': (Category.ORDER, 'sort: another order'),
    'Refuses': (Category.REFUSAL, r'\$exists: fails with NotImplementedError'),
    'Changes': (Category.ARGUMENTS, 'find changes the query that it is given'),
    'DeletesMore': (Category.WRITES, 'a drop of what matches: too few records'),
    'Indexed': (Category.INDEXES, 'after an index is created: .* too few records'),
    'Forgets': (Category.REOPENING, 'after the backend is opened again: .*'),
}


@pytest.mark.parametrize('name', FAULTS)
def test_a_fault_is_found(name: str) -> None:
    category, words = FAULTS[name]
    examples = 2000 if name in ('SortsWrongly', 'DeletesMore', 'Indexed') else 400
    causes = [cause for cause in found(name, examples).causes if cause.category is category]
    assert any(re.fullmatch(words, title(cause)) for cause in causes), list(map(title, causes))


def size(cause: Cause) -> int:
    """How many values there are in the steps that show it."""
    return len(repr(cause.fault.steps))


def test_each_is_reported_once_and_small() -> None:
    (cause,) = found('GreaterOrEqual', writes=False).causes
    add, find = cause.fault.steps
    assert len(add.records) == 1  # type: ignore[attr-defined]
    assert isinstance(find, Find)
    ((path, test),) = find.query.items()
    assert test == {'$gt': add.records[0][path]}  # type: ignore[attr-defined]
    assert size(cause) < 90


@pytest.mark.parametrize(('name', 'category'), [('Crashes', Category.CRASH), ('Hangs', Category.HANG)])
def test_a_crash_or_a_hang_is_a_finding_and_the_search_goes_on(name: str, category: Category) -> None:
    timeout = 0.7 if name == 'Hangs' else 10.0
    report = fuzz(read_spec(f'{BACKENDS}:{name}'), Options(examples=200, timeout=timeout))
    assert [cause.category for cause in report.causes] == [category]
    assert report.examples >= 200
    (cause,) = report.causes
    assert cause.operators == {'$mod' if name == 'Crashes' else '$size'}


def test_the_same_seed_finds_the_same() -> None:
    first, second = ([repr(cause.fault) for cause in found('SkipsNulls', 400, seed=3).causes] for _ in range(2))
    assert first == second != []


def test_what_cannot_be_tried_says_why(tmp_path: Path) -> None:
    path = tmp_path / 'full.py'
    path.write_text('class Full:\n    def insert_many(self, all): pass\n    def find(self, query): return [{}]\n')
    for name, words in (
        (f'{path}:Full', 'the collection is not empty'),
        (f'{path}:Empty', 'has no Empty'),
        (f'{tmp_path}/absent.py:Full', 'no such file'),
        ('math:pi', 'is neither a class, a function nor a collection'),
        ('math:sqrt', 'the backend cannot be|sqrt|float'),
        ('absent_module:Full', 'cannot be imported'),
        ('parquet:x.parquet', 'read-only'),
    ):
        with pytest.raises(TargetError, match=words):
            fuzz(read_spec(name), Options(examples=10))


def test_a_file_that_exists_is_left_alone(tmp_path: Path) -> None:
    path = tmp_path / 'tasks.db'
    path.write_bytes(b'precious')
    for url in (str(path), f'duckdb:{path}', f'sqlite:///{path}'):
        with pytest.raises(TargetError, match='exists'):
            fuzz(read_spec(url), Options(examples=10))
    assert path.read_bytes() == b'precious'
    assert fuzz(read_spec(str(tmp_path / 'new.db')), Options(examples=40)).causes == []
    assert [one.name for one in tmp_path.iterdir()] == ['tasks.db']
