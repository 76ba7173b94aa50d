"""`mqsql count`, `distinct`, `sql` and `explain`."""

import json
import re
import shlex
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import apsw
import pytest
from cli_history import lines, run, task, write_history
from mongo_servers import Place

import mqsql
from mqsql.cli import compiling
from mqsql.compiler import FUNCTIONS
from mqsql.compiler.dialects import DIALECTS


@pytest.fixture(scope='module')
def file(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write_history(tmp_path_factory.mktemp('history') / 'tasks.db')


def answer(*words: object) -> Any:
    return json.loads('\n'.join(lines(*words, '--json')))


# --- count


def test_count_prints_a_number(file: Path) -> None:
    assert lines('count', file) == ['7']
    assert lines('count', file, '{label: {$glob: "a/*"}}', '--status', 'failed') == ['1']
    assert answer('count', file, '--label', 'none') == {'count': 0}


# --- distinct


def test_distinct_values_come_in_order(file: Path) -> None:
    assert lines('distinct', file, 'label') == ['7', 'a/0', 'a/1', 'a/2', 'a/3', 'b', '{"n":1}']
    assert answer('distinct', file, 'label') == [7, 'a/0', 'a/1', 'a/2', 'a/3', 'b', {'n': 1}]
    assert lines('distinct', file, 'result_content.ename', '{label: "a/1"}') == ['KeyError']
    assert lines('distinct', file, 'result_content.ename', '--status', 'done') == []
    assert answer('distinct', file, 'submitted', '--label', 'a/1') == [{'$date': '2026-11-22T20:16:00Z'}]


def test_distinct_needs_a_key(file: Path) -> None:
    for words, said in (
        ([file], f'{file} is a file; which KEY of its tasks?'),
        ([], "Missing argument 'KEY'"),
        ([file, 'lable'], "unknown key 'lable', did you mean 'label'?"),
    ):
        done = run('distinct', *words)
        assert (done.exit_code, done.stdout) == (2, '')
        assert said in done.stderr


# --- sql


def statement(words: list[str]) -> str:
    return '\n'.join(line for line in lines('sql', *words) if not line.startswith('--'))


@pytest.mark.parametrize(
    'words',
    [
        ['{}'],
        ['{"result_content.status": "error", label: {$in: ["a/1", 7, null]}}', '--sort', '-submitted', '--limit', '3'],
        ['{$or: [{label: {$glob: "a*"}}, {"content.a.b": {$elemMatch: {c: 1}}}]}', '--keys', 'label'],
        ['{$expr: {$gt: [{$subtract: ["$completed", "$started"]}, 1000]}}', '--skip', '1'],
        ['{$jsonSchema: {required: ["label"], properties: {label: {bsonType: "string"}}}}'],
    ],
)
def test_the_lines_are_the_statement(file: Path, words: list[str]) -> None:
    """Those that are printed give the same rows as the text that was compiled."""
    compiled = answer('sql', *words)
    laid_out = statement(words)
    assert re.sub(r'\s', '', laid_out) == re.sub(r'\s', '', compiled['sql'])
    connection = apsw.Connection(str(file), flags=apsw.SQLITE_OPEN_READONLY)
    for name, arguments, function in FUNCTIONS:
        connection.create_scalar_function(name, function, arguments)
    rows = [connection.execute(text, compiled['params']).fetchall() for text in (laid_out, compiled['sql'])]
    connection.close()
    assert rows[0] == rows[1]
    assert len(laid_out.splitlines()) > 2


def test_values_are_parameters_and_comments(file: Path) -> None:
    printed = lines('sql', '{label: "a\\n; DROP", stdout: {$regex: "x"}}', '--keys', 'label')
    assert not any('DROP' in line for line in printed if not line.startswith('--'))
    assert "-- :p0 = 'a\\n; DROP'" in printed
    assert any(line.startswith('-- function mqsql_') for line in printed)
    assert all(len(line) <= 80 or line.startswith('--') for line in printed)


def test_each_dialect_has_its_sql() -> None:
    assert set(compiling.DIALECTS) == set(DIALECTS)
    for dialect in compiling.DIALECTS:
        expected = mqsql.compile({'label': 'a', 'completed': None}, ['label'], dialect=dialect)
        printed = answer('sql', '{label: "a", completed: null}', '--keys', 'label', '--dialect', dialect)
        assert printed['sql'] == expected.sql


def test_the_indexes_of_a_file_are_in_its_sql(tmp_path: Path) -> None:
    file = write_history(tmp_path / 'tasks.db')
    with mqsql.open(file) as store:
        store.create_index('result_content.ename')
    query = '{"result_content.ename": "KeyError"}'
    assert answer('sql', query)['indexes'] == []
    assert answer('sql', file, query)['indexes'] == ['result_content.ename_1']


def test_a_wrong_query_of_sql() -> None:
    done = run('sql', '{label: {$where: 1}}')
    assert (done.exit_code, done.stdout) == (2, '')
    assert 'label.$where' in done.stderr


# --- explain


@pytest.fixture(scope='module')
def hundred(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A history where few tasks failed, and few have a text on standard error."""
    tasks = [
        task(
            number,
            result_content={'status': 'error' if number % 50 == 0 else 'ok', 'ename': f'E{number}'},
            stderr='x' if number % 20 == 0 else '',
        )
        for number in range(100)
    ]
    return write_history(tmp_path_factory.mktemp('hundred') / 'my tasks.db', tasks)


@pytest.mark.parametrize(
    ('words', 'keys'),
    [
        (['--status', 'failed'], [{'result_content.status': 1}]),
        (['{stderr: "x", "result_content.status": "error"}'], [{'result_content.status': 1}]),
        (['{stderr: {$gt: ""}, completed: {$ne: null}}'], [{'stderr': 1}]),
        (['{$or: [{"result_content.ename": "E5"}, {stderr: "x"}]}'], [{'result_content.ename': 1}, {'stderr': 1}]),
        (['{$and: [{stderr: "x"}]}'], [{'stderr': 1}]),
        (['--sort', '-completed', '--limit', '3'], []),
        (['{engine_uuid: "e"}', '--sort', '-completed', '--limit', '3'], []),
        (['--sort', '-stderr', '--limit', '3'], [{'stderr': -1}]),
        (['--sort', 'submitted', '--limit', '3'], []),
        (['--sort', 'header.date', '--limit', '3'], [{'header.date': 1}]),
        (['{stderr: {$regex: "x"}}'], []),
        (['--status', 'done'], []),
    ],
)
def test_the_index_that_is_named_helps(
    hundred: Path, tmp_path: Path, words: list[str], keys: list[Mapping[str, int]]
) -> None:
    copy = tmp_path / 'a copy.db'
    copy.write_bytes(hundred.read_bytes())
    said = answer('explain', copy, *words)
    assert [index['keys'] for index in said['create_indexes']] == keys
    if not keys:
        return
    for index in said['create_indexes']:
        program_name, *command = shlex.split(index['command'])
        assert program_name == 'mqsql'
        assert 'created' in lines(*command)[0]
    after = answer('explain', copy, *words)
    assert (after['full_scan'], after['sorts'], after['create_indexes']) == (False, False, [])
    assert answer('find', hundred, *words) == answer('find', copy, *words)


def test_the_conditions_are_counted(hundred: Path) -> None:
    said = answer('explain', hundred, '{completed: {$ne: null}, "result_content.status": "error"}')
    assert [(one['key'], one['matching']) for one in said['conditions']] == [
        ('result_content.status', 2),
        ('completed', 100),
    ]


def test_a_query_that_an_index_answers_has_no_warning(hundred: Path) -> None:
    printed = lines('explain', hundred, '--label', 'a/5')
    assert not any('Warning' in line for line in printed)
    assert printed[-2:] == ['indexes', '  label_1']
    assert not any('Warning' in line for line in lines('explain', hundred))


def test_a_full_scan_is_a_warning_with_the_line_to_type(hundred: Path) -> None:
    printed = lines('explain', hundred, '--status', 'failed', '--keys', 'label')
    assert 'Warning: all 100 records are read.' in printed
    assert '  SCAN task_records' in printed
    assert shlex.split(printed[-1]) == ['mqsql', 'index', 'create', str(hundred), 'result_content.status']
    assert printed[-2] == 'This would help:'
    (command,) = lines('explain', hundred, '--sort', '-stderr', '--limit', 3)[-1:]
    assert shlex.split(command) == ['mqsql', 'index', 'create', str(hundred), '--', '-stderr']
    nothing = lines('explain', hundred, '--status', 'done')
    assert nothing[-1] == 'No index on one of these keys would help.'


def test_other_stores_say_their_plans(tmp_path: Path) -> None:
    with mqsql.open(f'duckdb:{tmp_path}/tasks.duckdb') as store:
        store.add_record('m', {'label': 'a'})
    said = answer('explain', f'duckdb:{tmp_path}/tasks.duckdb', '{stderr: "x"}')
    assert (said['full_scan'], said['create_indexes']) == (False, [])
    assert said['plan']
    assert lines('explain', 'dict:', '{stderr: "x"}')[-2:] == ['indexes', '  none']


def test_a_server_of_mongodb_is_asked(secantus: Place) -> None:
    url = f'{secantus.url}/{secantus.database}.tasks'
    with mqsql.open(url) as store:
        store.add_records(task(number, stderr='x' if number == 3 else '') for number in range(10))
    assert lines('count', url, '--label', 'a/*') == ['10']
    assert lines('distinct', url, 'label', '{stderr: "x"}') == ['a/3']
    said = answer('explain', url, '{stderr: "x"}')
    assert said['full_scan'] == ('COLLSCAN' in {line.strip() for line in said['plan']})
    assert [index['keys'] for index in said['create_indexes']] == [{'stderr': 1}] * said['full_scan']
