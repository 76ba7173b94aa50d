"""`mqsql find`, as a user meets it."""

import csv
import io
import json
import os
import signal
import subprocess
import sys
import time
from contextlib import suppress
from pathlib import Path

import pytest
from cli_history import CLIENT, ENGINES, START, lines, program, run, task, write_history
from systems import in_zone, needs_terminals
from waiting import wait_until

import mqsql
from mqsql.schema import TASKS


@pytest.fixture(scope='module')
def file(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write_history(tmp_path_factory.mktemp('history') / 'tasks.db')


def numbers(*words: object) -> list[str]:
    """The ends of the ids of the tasks that are found."""
    found = (json.loads(line) for line in lines('find', *words, '--format', 'jsonl'))
    return [record['msg_id'].rpartition('_')[2] for record in found]


# --- which tasks


@pytest.mark.parametrize(
    ('words', 'found'),
    [
        ([], '0 1 2 3 4 output-only 6'),
        (['{label: "a/1"}'], '1'),
        (["{'result_content.ename': {$in: ['KeyError', 'ValueError']}, label: {$glob: 'a*'},}"], '1'),
        (['{"submitted": {"$gte": {"$date": "2026-11-22T20:18:00Z"}}}'], '3 4 6'),
        (['--status', 'failed'], '1 6'),
        (['--status', 'error'], '1 6'),
        (['--status', 'ok'], '0'),
        (['--status', 'done'], '0'),
        (['--status', 'running'], '2'),
        (['--status', 'pending'], '3'),
        (['--status', 'aborted'], '4'),
        (['--status', 'unknown'], 'output-only'),
        (['--status', 'failed', '--status', 'aborted'], '1 4 6'),
        (['--pending'], '2 3 output-only'),
        (['--engine', 'bbbb'], '1'),
        (['--engine', ENGINES[0]], '0 2 4 6'),
        (['--client', 'cccccccc-'], '0 1 2 3 4 6'),
        (['--client', 'c.*'], ''),
        (['--label', 'a/*'], '0 1 2 3'),
        (['--label', '7'], '4'),
        (['--label', 'a/1', '--label', 'b'], '1 6'),
        (['--since', '2026-11-22T20:16Z', '--until', '2026-11-22T20:18Z'], '1 2'),
        (['{label: {$glob: "a/*"}}', '--status', 'failed', '--engine', 'bbbb'], '1'),
        (['--sort', '-submitted', '--limit', '2'], '6 4'),
        (['--sort', 'label,-submitted', '--skip', '1', '--limit', '2'], '4 0'),
        (['--limit', '0'], '0 1 2 3 4 output-only 6'),
    ],
)
def test_the_tasks_that_match_are_found(file: Path, words: list[str], found: str) -> None:
    assert ' '.join(numbers(file, *words)) == found


def test_the_states_are_those_that_the_table_shows(file: Path) -> None:
    from mqsql.analysis.states import STATES, state_of
    from mqsql.cli import selecting

    assert set(selecting.STATES) == set(STATES)
    with mqsql.open(file, readonly=True) as store:
        for state, query in selecting.STATES.items():
            assert {state_of(record) for record in store.find(query)} == {state}


def test_engines_have_the_numbers_of_their_profile(tmp_path: Path) -> None:
    file = write_history(tmp_path / 'tasks.db')
    (tmp_path / 'log').mkdir()
    (tmp_path / 'log/engines-1.json').write_text(json.dumps({'engines': {'12': ENGINES[1]}, 'next_id': 13}))
    (tmp_path / 'log/engines-2.json').write_text('{"engines":')  # the hub is writing it
    assert numbers(file, '--engine', 12) == ['1']
    refused = run('find', file, '--engine', 3)
    assert refused.exit_code == 2
    assert 'write the beginning of its UUID' in refused.stderr


# --- formats


def test_the_table_shows_what_matters_of_a_task(file: Path) -> None:
    with in_zone('UTC'):
        table = lines('find', file)
    assert table[0].split() == ['status', 'submitted', 'wait', 'run', 'engine', 'label', 'msg_id']
    assert [row.split()[0] for row in table[1:]] == 'done KeyError running pending aborted unknown ValueError'.split()
    assert '  11-22 20:15:00  1.0s  2.5s  aaaaaaaa  a/0  ' in table[1]
    assert table[1].endswith('_10_0')
    assert max(map(len, table)) <= 80


def test_a_table_has_twenty_rows_and_says_of_how_many(tmp_path: Path) -> None:
    file = write_history(tmp_path / 'tasks.db', [task(number) for number in range(1234)])
    done = run('find', file)
    assert (len(done.stdout.splitlines()), done.stderr) == (21, '20 of 1,234\n')
    assert run('find', file, '--skip', 1230).stderr == ''
    assert len(lines('find', file, '--limit', 0)) == 1235
    assert len(lines('find', file, '--limit', 600)) == 601


def test_the_table_of_keys_has_their_values(file: Path) -> None:
    with in_zone('Asia/Tokyo'):
        table = lines('find', file, '--keys', 'label,submitted', '--keys', 'result_content.ename', '--status', 'failed')
    assert [row.split(maxsplit=1)[0] for row in table] == ['label', 'a/1', '["b",{"n":1}]']
    assert '2026-11-23 05:16:00' in table[1]
    assert table[2].endswith('ValueError')


def test_a_table_cannot_send_codes_to_the_terminal(tmp_path: Path) -> None:
    file = write_history(tmp_path / 'tasks.db', [task(0, label='\x1b[31mred\nline\u202e')])
    assert '\\x1b[31mred\\nline\\u202e' in lines('find', file, '--keys', 'label')[1]


def test_wide_characters_keep_the_columns(tmp_path: Path) -> None:
    tasks = [task(0, label='漢字' * 40, stdout='end'), task(1, label='a', stdout='end')]
    file = write_history(tmp_path / 'tasks.db', tasks)
    from rich.cells import cell_len

    _, first, second = lines('find', file, '--keys', 'label,stdout')
    assert cell_len(first) == cell_len(second) <= 80
    assert first.endswith('…  end')


def test_json_is_extended_json_that_a_query_may_have(file: Path) -> None:
    (found,) = json.loads('\n'.join(lines('find', file, '{label: "a/1"}', '--json')))
    with mqsql.open(file, readonly=True) as store:
        assert list(found) == list(store.table.default_keys)
    assert found['submitted'] == {'$date': '2026-11-22T20:16:00Z'}
    assert found['completed'] == {'$date': '2026-11-22T20:16:03.500Z'}
    assert numbers(file, json.dumps({'completed': found['completed']})) == ['1']
    assert json.loads('\n'.join(lines('find', file, '{label: "none"}', '--json'))) == []
    assert len(json.loads('\n'.join(lines('find', file, '--json')))) == 7


def test_json_holds_every_value(tmp_path: Path) -> None:
    odd = {
        'nan': float('nan'),
        'big': 2**80,
        'bytes': b'\xff',
        'text': '\ud800 \x00',
        'at': START,
        'deep': [{'a': -0.0}],
    }
    file = write_history(tmp_path / 'tasks.db', [task(0, content=odd, buffers=[b'1', b'2'])])
    (found,) = map(json.loads, lines('find', file, '--format', 'jsonl', '--keys', 'content,buffers'))
    assert found['content'] == {
        'nan': {'$numberDouble': 'NaN'},
        'big': 2**80,
        'bytes': {'$binary': {'base64': '/w==', 'subType': '00'}},
        'text': '\ud800 \x00',
        'at': {'$date': '2026-11-22T20:15:00Z'},
        'deep': [{'a': -0.0}],
    }
    assert [one['$binary']['base64'] for one in found['buffers']] == ['MQ==', 'Mg==']


def test_csv_has_a_column_for_each_key(file: Path) -> None:
    words = ['find', file, '--format', 'csv', '--keys', 'label,completed,result_content.ename,result_content']
    rows = list(csv.reader(io.StringIO('\n'.join(lines(*words, '--status', 'failed', '--status', 'pending')))))
    assert rows == [
        ['label', 'completed', 'result_content.ename', 'result_content'],
        ['a/1', '2026-11-22T20:16:03.500Z', 'KeyError', '{"status":"error","ename":"KeyError","evalue":"x"}'],
        ['a/3', '', '', ''],
        [
            '["b",{"n":1}]',
            '2026-11-22T20:21:03.500Z',
            'ValueError',
            '{"status":"error","ename":"ValueError","evalue":"x"}',
        ],
    ]
    (heading, *_) = csv.reader(lines('find', file, '--format', 'csv', '--limit', 1))
    assert tuple(heading) == TASKS.default_keys


def test_lines_within_values_stay_in_csv(tmp_path: Path) -> None:
    file = write_history(tmp_path / 'tasks.db', [task(0, stdout='1,"2"\r\n3\n')])
    done = run('find', file, '--format', 'csv', '--keys', 'stdout,label')
    assert list(csv.reader(io.StringIO(done.stdout_bytes.decode(), newline=''))) == [
        ['stdout', 'label'],
        ['1,"2"\r\n3\n', 'a/0'],
    ]


# --- a file


@pytest.mark.parametrize('name', ['o.json', 'o.jsonl', 'o.ndjson', 'o.csv', 'o.TXT'])
def test_the_name_of_a_file_says_its_format(file: Path, tmp_path: Path, name: str) -> None:
    form = {'ndjson': 'jsonl', 'txt': 'table'}.get(name[2:].lower(), name[2:])
    assert lines('find', file, '-o', tmp_path / name) == []
    assert (tmp_path / name).read_text().splitlines() == lines('find', file, '--format', form)
    assert [path.name for path in tmp_path.iterdir()] == [name]


def test_a_failure_leaves_the_old_file(file: Path, tmp_path: Path) -> None:
    out = tmp_path / 'o.json'
    out.write_text('old')
    refused = run('find', file, '{"label": {"$regex": "("}}', '-o', out)
    assert (refused.exit_code, out.read_text(), list(tmp_path.iterdir())) == (2, 'old', [out])
    # The division fails at a record, after others have been written.
    fails = '{$expr: {$gt: [{$divide: [1, {$strLenCP: {$ifNull: ["$stdout", ""]}}]}, 0]}}'
    assert run('find', file, fails, '-o', out).exit_code == 2
    assert (out.read_text(), list(tmp_path.iterdir())) == ('old', [out])


def test_a_link_and_a_device_stay(file: Path, tmp_path: Path) -> None:
    (tmp_path / 'link.csv').symlink_to(tmp_path / 'real.csv')
    lines('find', file, '-o', tmp_path / 'link.csv')
    assert (tmp_path / 'link.csv').is_symlink()
    assert (tmp_path / 'real.csv').exists()
    lines('find', file, '-o', os.devnull, '--json')
    assert not Path(os.devnull).is_file()


def test_standard_output_has_a_name(file: Path) -> None:
    assert lines('find', file, '--format', 'csv', '-o', '-') == lines('find', file, '--format', 'csv')


# --- wrong usage


@pytest.mark.parametrize(
    ('words', 'status', 'said'),
    [
        (['{lable: 1}'], 2, "lable: unknown key 'lable', did you mean 'label'?"),
        (['{label: {$gtt: 1}}'], 2, "label.$gtt: unknown operator '$gtt', did you mean '$gt'?"),
        (['{submitted: {$gt: 5}}'], 2, 'takes a datetime, not 5 (int)'),
        (['{label: 1'], 2, 'QUERY ends too early, after {label: 1'),
        (['{result_content.ename: 1}'], 2, 'put a key with dots in quotes'),
        (['{label: {$date: "x"}}'], 2, 'label.$date: takes a time'),
        (['{}', '{}'], 2, 'QUERY is given twice'),
        (['b'], 2, 'one argument too many'),
        (['--keys', 'lable'], 2, "unknown key 'lable'"),
        (['--keys', 'a,,b'], 2, 'takes keys separated by commas'),
        (['--sort', '-'], 2, 'takes keys, each after a -'),
        (['--limit', '-1'], 2, '-1 is not in the range'),
        (['--since', 'foo'], 2, "'foo' is no time; write"),
        (['--status', 'bad'], 2, "'bad' is not one of"),
        (['--json', '--format', 'csv'], 2, 'give --json or --format csv, not both'),
        (['-o', 'out.xyz'], 2, 'out.xyz: the name says no format'),
        (['-o', 'no/such/o.json'], 1, 'no/such/o.json: No such file or directory'),
        (['--profile', 'x'], 2, 'give FILE or --profile, not both'),
        (['--table', 'nope'], 1, "it holds no table 'nope_records'"),
        (['--nope'], 2, 'No such option'),
    ],
)
def test_wrong_input_is_named(file: Path, words: list[str], status: int, said: str) -> None:
    done = run('find', file, *words)
    assert (done.exit_code, done.stdout) == (status, '')
    assert said in done.stderr
    assert 'Traceback' not in done.stderr


def test_the_history_is_not_overwritten(file: Path) -> None:
    before = file.read_bytes()
    done = run('find', file, '--format', 'json', '-o', file)
    assert (done.exit_code, file.read_bytes()) == (2, before)
    assert 'is the history itself' in done.stderr


@pytest.mark.parametrize(
    ('name', 'said'),
    [
        ('nosuch.db', 'there is no such file\n'),
        ('mongodb:x', 'begins with mongodb://'),
        ('ftp://x', 'there is no store for ftp://'),
        ('parquet:nosuch', 'there is no such file'),
        (__file__, 'this is not an SQLite database'),
    ],
)
def test_what_is_no_history_is_named(name: str, said: str) -> None:
    done = run('find', name)
    assert (done.exit_code, done.stdout) == (1, '')
    assert said in done.stderr
    assert 'readonly' not in done.stderr


def test_a_damaged_value_is_a_line_and_leaves_the_others(tmp_path: Path) -> None:
    import apsw

    file = write_history(tmp_path / 'tasks.db')
    connection = apsw.Connection(str(file))
    connection.execute("UPDATE task_records SET content = '{' WHERE label = 'a/1'")
    connection.close()
    done = run('find', file, '--format', 'jsonl', '--keys', 'content')
    assert (done.exit_code, len(done.stdout.splitlines())) == (0, 7)
    assert done.stderr.startswith('Warning: ')
    assert len(done.stderr.splitlines()) == 1


# --- other stores


def test_every_kind_of_store_is_read(tmp_path: Path) -> None:
    from cli_history import TASKS as RECORDS

    with mqsql.open(f'duckdb:{tmp_path}/tasks.duckdb') as store:
        store.add_records(RECORDS)
        store.to_parquet(tmp_path / 'tasks.parquet')
    for url in (f'duckdb:{tmp_path}/tasks.duckdb', f'parquet:{tmp_path}/tasks.parquet'):
        assert numbers(url, '--status', 'failed') == ['1', '6']
        assert len(lines('find', url)) == 8
    assert len(lines('find', 'dict:')) == 1


# --- while a hub writes, and programs


WRITER = """
from mqsql.hub.sqlite_db import SQLiteDB
from itertools import count
db = SQLiteDB(location='.')
for number in count():
    db.add_record(f'm{number}', {'label': 'a'})
"""


def test_a_hub_writes_meanwhile(tmp_path: Path) -> None:
    file = tmp_path / 'tasks.db'
    with program(code=WRITER, cwd=tmp_path) as hub:
        wait_until(lambda: file.exists() and run('count', file).stdout.strip().isdigit())
        wait_until(lambda: int(lines('count', file)[0]) > 50)
        seen = [len(lines('find', file, '--format', 'jsonl', '--label', 'a')) for _ in range(5)]
        assert seen == sorted(seen)
        assert len(lines('find', file, '--limit', 30)) == 31
        assert hub.poll() is None


@pytest.fixture(scope='module')
def large(tmp_path_factory: pytest.TempPathFactory) -> Path:
    tasks = [task(number, stdout='x' * 200) for number in range(20_000)]
    return write_history(tmp_path_factory.mktemp('large') / 'tasks.db', tasks)


@pytest.mark.parametrize('form', ['jsonl', 'csv', 'json', 'table'])
def test_a_closed_pipe_is_silent(large: Path, form: str) -> None:
    with program('find', large, '--format', form, '--limit', 0) as process:
        assert process.stdout is not None
        assert process.stderr is not None
        assert process.stdout.readline()
        process.stdout.close()
        assert process.stderr.read() == b''
        assert process.wait(60) in (0, 1)


@pytest.mark.skipif(sys.platform == 'win32', reason='another way to interrupt')
@pytest.mark.parametrize('words', [['find', '--json'], ['count'], ['distinct', 'label'], ['find', '-o', 'out.json']])
def test_ctrl_c_ends_it_with_one_line(large: Path, tmp_path: Path, words: list[str]) -> None:
    query = '{$expr: {$gt: [{$size: {$filter: {input: {$range: [0, 20000]}, cond: {$lt: ["$$this", 0]}}}}, 0]}}'
    command, *options = words
    with program(command, large, *options, query, cwd=tmp_path, start_new_session=True) as process:
        assert process.stderr is not None
        wait_until(lambda: _is_busy(process, large))
        process.send_signal(signal.SIGINT)
        assert process.stderr.read().decode().split() == ['Aborted!']
        # Python ends by the signal itself where that came while it ran a text, as for each dataclass that is imported.
        assert process.wait(60) in (1, -signal.SIGINT)
    assert list(tmp_path.iterdir()) == []


def _is_busy(process: 'subprocess.Popen[bytes]', file: Path) -> bool:
    """Whether it has opened the history, and so has begun."""
    directory = Path(f'/proc/{process.pid}/fd')
    if not directory.exists():
        time.sleep(3)
        return True
    with suppress(FileNotFoundError):  # a file that it has closed meanwhile
        return any(os.path.realpath(link) == str(file.resolve()) for link in directory.iterdir())
    return False


@needs_terminals
def test_colours_are_for_terminals_and_off_with_no_color(file: Path) -> None:
    import pty

    for environment, coloured in (({'TERM': 'xterm'}, True), ({'TERM': 'xterm', 'NO_COLOR': '1'}, False)):
        leader, follower = pty.openpty()
        with program('find', file, '--status', 'failed', env=environment, stdout=follower) as process:
            os.close(follower)
            shown = b''
            while True:
                try:
                    part = os.read(leader, 65536)
                except OSError:
                    break
                if not part:
                    break
                shown += part
            assert process.wait(60) == 0
        os.close(leader)
        assert (b'\x1b[31mKeyError' in shown) is coloured
        assert b'KeyError' in shown


def test_nothing_piped_is_coloured(file: Path) -> None:
    with program('find', file, env={'FORCE_COLOR': ''}) as process:
        assert process.stdout is not None
        assert b'\x1b' not in process.stdout.read()


def test_clients_and_engines_are_found_by_text_not_by_patterns(file: Path) -> None:
    assert numbers(file, '--client', CLIENT) == ['0', '1', '2', '3', '4', '6']
    assert numbers(file, '--client', f'{CLIENT[:-1]}.') == []
