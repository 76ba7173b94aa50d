"""`mqsql show`: one task, readable on a terminal and in a pipe."""

import json
import re
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from cli_history import CLIENT, START, failed, lines, pending, run, task, write_history
from mongo_servers import Place
from store_files import change
from systems import in_zone, needs_terminals, needs_tzset
from terminals import on_a_terminal

import mqsql
from mqsql.cli.foreign_text import plain, safe

RED, GREEN, END = '\x1b[0;31m', '\x1b[0;32m', '\x1b[0m'
TRACEBACK = [f'{RED}KeyError{END}  Traceback', f'File {GREEN}~/a.py:3{END}, in load', f'{RED}KeyError{END}: x']

FAILED = failed(
    1,
    'KeyError',
    resubmitted=f'{CLIENT}_10_2',
    received=START + timedelta(minutes=1, seconds=3.75),
    queue='mux',
    header={'msg_type': 'execute_request', 'username': 'ada', 'date': START},
    metadata={'after': {'dependencies': ['other'], 'all': True}, 'follow': []},
    content={'code': 'load(3)\n'},
    buffers=[b'12345', b''],
    stdout='epoch 1\nepoch 2\n',
    stderr='warning\n',
) | {
    'result_content': {
        'status': 'error',
        'ename': 'KeyError',
        'evalue': 'x\nof two lines',
        'traceback': TRACEBACK,
        'engine_info': {'engine_id': 3},
    }
}


@pytest.fixture(scope='module')
def file(tmp_path_factory: pytest.TempPathFactory) -> Path:
    tasks = [task(0), FAILED, pending(2, engine_uuid=None), task(3, result_content={'status': 'aborted'}, started=None)]
    return write_history(tmp_path_factory.mktemp('history') / 'tasks.db', tasks)


@needs_tzset
def test_a_failed_task_is_shown_whole(file: Path) -> None:
    with in_zone('Asia/Tokyo'):
        shown = lines('show', file, '_1')
    assert shown == [
        f'task {CLIENT}_10_1  failed',
        'KeyError: x',
        '',
        'label       a/1',
        f'client      {CLIENT}  (ada)',
        'engine      bbbbbbbb-0000-4000-8000-000000000000  (number 3)',
        'queue       mux  (execute_request)',
        'code        load(3)',
        '',
        'submitted   2026-11-23 05:16:00.000+09:00',
        'started     2026-11-23 05:16:01.000+09:00  queued for 1.0s',
        'completed   2026-11-23 05:16:03.500+09:00  ran for 2.5s',
        'received    2026-11-23 05:16:03.750+09:00  returned in 250ms',
        '',
        'buffers     2 buffers, 5 B  (5 B, 0 B)',
        'result      none',
        'after       other',
        f'resubmitted {CLIENT}_10_2  pending',
        '',
        'stdout',
        'epoch 1',
        'epoch 2',
        '',
        'stderr',
        'warning',
        '',
        'traceback',
        'KeyError  Traceback',
        'File ~/a.py:3, in load',
        'KeyError: x',
    ]


def test_a_pending_task_says_what_is_not_known(file: Path) -> None:
    shown = lines('show', file, 'latest', '--table', 'ipython-tasks')
    assert shown[0] == f'task {CLIENT}_10_3  aborted'
    shown = lines('show', file, f'{CLIENT}_10_2')
    assert shown[:2] == [f'task {CLIENT}_10_2  pending', 'submitted; no engine has it yet']
    assert {'engine      -', 'started     -', 'completed   -', 'buffers     none'} <= set(shown)
    assert f'resubmits   {CLIENT}_10_1  failed' in shown


def test_json_has_all_but_the_content_of_buffers(file: Path) -> None:
    done = run('show', file, '_1', '--json')
    assert done.exit_code == 0
    shown = json.loads(done.stdout)
    assert {key: shown[key] for key in ('msg_id', 'state', 'waits', 'resubmissions', 'buffer_sizes')} == {
        'msg_id': f'{CLIENT}_10_1',
        'state': 'failed',
        'waits': {'queue': 1.0, 'run': 2.5, 'arrival': 0.25},
        'resubmissions': {'earlier': [], 'later': [{'msg_id': f'{CLIENT}_10_2', 'state': 'pending'}]},
        'buffer_sizes': {'buffers': [5, 0], 'result_buffers': []},
    }
    record = shown['record']
    assert record['header'] == {
        'msg_type': 'execute_request',
        'username': 'ada',
        'date': {'$date': '2026-11-22T20:15:00Z'},
    }
    assert record['result_content']['traceback'] == TRACEBACK
    assert set(record) == set(mqsql.TASKS.columns) - {'buffers', 'result_buffers'}


# --- text of strangers


@pytest.mark.parametrize(
    ('text', 'shown'),
    [
        (f'{RED}a{END}', f'{RED}a{END}'),
        ('\x1b[38;5;12;1ma\x1b[m', '\x1b[38;5;12;1ma\x1b[m'),
        ('a\tb\nc', 'a\tb\nc'),
        ('\x1b[2J\x1b[1;1Ha\x1b[?25l\x1b[6n', 'a'),
        ('\x1b]0;title\x07a\x1b]8;;http://x\x1b\\link\x1b]8;;\x1b\\', 'alink'),
        ('\x1bP+q544e\x1b\\a\x1b_x\x1b\\', 'a'),
        ('\x1bca\x1b', '\\x1bca\\x1b'),
        ('\x1b[3', '\\x1b[3'),
        ('\x9b2Ja\x07\x08\0\x7f', '\\x9b2Ja\\x07\\x08\\x00\\x7f'),
        ('\u202eabc\u2066', '\\u202eabc\\u2066'),
        ('\ud800é日', '\\ud800é日'),
        ('a\r\nb\r\n', 'a\nb\n'),
        ('10%\r50%\r100%\ndone\r', '100%\ndone'),
    ],
)
def test_only_colours_reach_the_terminal(text: str, shown: str) -> None:
    assert safe(text) == shown
    assert plain(text) == re.sub(r'\x1b\[[0-9;]*m', '', shown)


def test_no_text_of_a_record_sends_codes(tmp_path: Path) -> None:
    evil = '\x1b]0;x\x07\x1b[2J\x9b\u202e'
    written = write_history(
        tmp_path / 'tasks.db',
        [
            failed(
                1, evil, label=[evil], queue=evil, content={'code': evil}, header={'username': evil, 'msg_type': evil}
            )
            | {'stdout': evil, 'stderr': evil, 'execute_result': {'data': {'text/plain': evil}}, 'engine_uuid': evil}
            | {'msg_id': f'm{evil}', 'client_uuid': evil, 'metadata': {'after': [evil]}, 'resubmitted': evil}
        ],
    )
    done = run('show', written, 'latest')
    assert done.exit_code == 0
    assert not re.search(r'[\x00-\x09\x0b-\x1f\x7f-\x9f\u202e]', done.stdout)


@needs_terminals
def test_the_traceback_keeps_its_colours_on_a_terminal(file: Path) -> None:
    assert re.search(r'\x1b\[[0-9;]*31m.*KeyError', on_a_terminal('show', file, '_1'))
    assert not re.search(r'\x1b\[[0-9;]*3[0-9]m', on_a_terminal('show', file, '_1', NO_COLOR='1'))


@needs_terminals
def test_long_output_is_cut_on_a_terminal_only(tmp_path: Path) -> None:
    written = write_history(tmp_path / 'tasks.db', [task(0, stdout=''.join(f'line {i}\n' for i in range(200)))])
    shown = on_a_terminal('show', written, 'latest', NO_COLOR='1')
    assert '150 lines before these; --full prints all' in shown
    assert ('line 149\r\n' in shown, 'line 150\r\n' in shown, 'line 199\r\n' in shown) == (False, True, True)
    assert 'line 0\r\n' in on_a_terminal('show', written, 'latest', '--full', NO_COLOR='1')
    assert 'line 0' in lines('show', written, 'latest')


# --- which task


def test_several_tasks_are_listed(file: Path) -> None:
    done = run('show', file, CLIENT[:4])
    assert done.exit_code == 1
    assert done.stderr.splitlines()[:2] == [
        "Error: 4 tasks have a msg_id that begins with 'cccc':",
        f'  {CLIENT}_10_0  {START.astimezone():%Y-%m-%d %H:%M:%S}  a/0',
    ]


@pytest.mark.parametrize(
    ('words', 'status', 'said'),
    [
        (['FILE', 'nothing'], 1, "Error: no msg_id is 'nothing', or begins or ends with it\n"),
        (['FILE'], 2, "Missing argument 'MSG_ID'; latest is the task that was submitted last."),
        (['mongodb://host/db'], 2, "Missing argument 'MSG_ID'; latest"),
        ([], 2, "Missing argument 'MSG_ID'"),
        (['FILE', 'a', 'b'], 2, 'is one argument too many'),
        (['FILE', '{label: 1}', 'a'], 2, 'MSG_ID is the id of a task, not {label: 1}; mqsql find takes a query'),
        (['missing.db', 'a'], 1, 'missing.db: there is no such file'),
    ],
)
def test_wrong_input_is_named(file: Path, words: list[str], status: int, said: str) -> None:
    done = run('show', *(str(file) if word == 'FILE' else word for word in words))
    assert (done.exit_code, done.stdout) == (status, '')
    assert said in done.stderr
    assert 'Traceback' not in done.stderr


def test_damaged_values_cost_only_themselves(tmp_path: Path) -> None:
    written = write_history(tmp_path / 'tasks.db', [FAILED])
    change(written, "UPDATE task_records SET buffers = 'x', header = 'y'")
    done = run('show', written, 'latest')
    assert done.exit_code == 0
    assert 'buffers     buffers that cannot be read' in done.stdout.splitlines()
    assert 'KeyError: x' in done.stdout
    assert len(done.stderr.splitlines()) == 2


@pytest.mark.parametrize(
    'content',
    [{'status': 'error'}, {'status': 'error', 'ename': 3, 'evalue': [1], 'traceback': 'one text', 'engine_info': 7}],
)
def test_odd_replies_are_shown(tmp_path: Path, content: dict[str, Any]) -> None:
    odd = {'metadata': {'after': 'm', 'follow': 3}, 'content': {'code': 3}, 'execute_result': {'data': 'text'}}
    written = write_history(tmp_path / 'tasks.db', [task(0, **odd) | {'result_content': content}])
    assert lines('show', written, 'latest')[1] == ('3: [1]' if 'ename' in content else '(no name)')


def test_without_a_traceback_the_message_is_shown_whole(tmp_path: Path) -> None:
    content = {'status': 'error', 'ename': 'E', 'evalue': 'one\ntwo', 'traceback': []}
    written = write_history(tmp_path / 'tasks.db', [task(0) | {'result_content': content}])
    shown = lines('show', written, 'latest')
    assert (shown[1], shown[-4:]) == ('E: one', ['', 'message', 'one', 'two'])


@pytest.mark.parametrize('kind', ['duckdb', 'parquet'])
def test_every_kind_of_store_is_read(file: Path, tmp_path: Path, kind: str) -> None:
    with mqsql.open(file) as store:
        if kind == 'parquet':
            store.to_parquet(tmp_path / 'tasks.parquet')
        else:
            with mqsql.open(f'duckdb:{tmp_path}/tasks.duckdb') as other:
                other.add_records(store.find({}, store.table.all_keys))
    assert lines('show', f'{kind}:{tmp_path}/tasks.{kind}', '_10_1') == lines('show', file, '_10_1')


def test_a_collection_of_a_server_is_read(file: Path, secantus: Place) -> None:
    url = f'{secantus.url}/{secantus.database}.tasks'
    with mqsql.open(file) as store, mqsql.open(url) as other:
        other.add_records(store.find({}, store.table.all_keys))
    assert lines('show', url, '_10_1') == lines('show', file, '_10_1')
    assert lines('show', url, 'latest') == lines('show', file, 'latest')
