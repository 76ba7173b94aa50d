"""`mqsql tail`: the last events, and with -f each that happens, once."""

import json
import os
import re
import signal
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta
from pathlib import Path
from queue import Queue
from threading import Thread
from typing import Any

import pytest
from cli_history import CLIENT, START, failed, lines, pending, program, run, task, write_history
from mongo_servers import Place
from systems import in_zone, needs_terminals, needs_tzset
from terminals import on_a_terminal

import mqsql
from mqsql.cli.tail import INTERRUPTED
from mqsql.hub.sqlite_db import SQLiteDB
from mqsql.storage import Store

TASKS = [
    task(0),
    failed(1, 'KeyError', label=['x', 1]),
    pending(2, submitted=START + timedelta(minutes=5)),
    task(3, result_content={'status': 'aborted'}, started=None, completed=START + timedelta(minutes=6), label=None),
]


@pytest.fixture(scope='module')
def file(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write_history(tmp_path_factory.mktemp('history') / 'tasks.db', TASKS)


@needs_tzset
def test_the_last_events_are_lines(file: Path) -> None:
    with in_zone('Asia/Tokyo'):
        shown = lines('tail', file, '-n', '6')
    # The year is left out if it is the present one.
    assert [line[-len(rest) :] for line, rest in zip(shown, EXPECTED, strict=True)] == EXPECTED


EXPECTED = [
    f'11-23 05:16:00  submitted  {CLIENT}_10_1  ["x",1]  -',
    f'11-23 05:16:01  started  {CLIENT}_10_1  ["x",1]  on bbbbbbbb',
    f'11-23 05:16:03  failed  {CLIENT}_10_1  ["x",1]  2.5s KeyError: x',
    f'11-23 05:18:00  submitted  {CLIENT}_10_3  -  -',
    f'11-23 05:20:00  submitted  {CLIENT}_10_2  a/2  -',
    f'11-23 05:21:00  aborted  {CLIENT}_10_3  -  on bbbbbbbb',
]


def events(*words: object) -> list[str]:
    """The ends of the ids, and what happened."""
    found = map(json.loads, lines('tail', *words, '--json'))
    return [f'{event["msg_id"].rpartition("_")[2]} {event["event"]}' for event in found]


@pytest.mark.parametrize(
    ('words', 'found'),
    [
        (['-n', '0'], []),
        (['-n', '2'], ['2 submitted', '3 aborted']),
        (['--status', 'failed', '--status', 'done'], ['0 done', '1 failed']),
        (['--status', 'running'], ['0 started', '1 started']),
        (['--pending', '-n', '2'], ['3 submitted', '2 submitted']),
        (['--status', 'unknown'], []),
        (['--label', 'a/0'], ['0 submitted', '0 started', '0 done']),
        (['--engine', 'bbbb', '--status', 'error'], ['1 failed']),
        (['--since', '2026-11-22T20:17Z'], ['3 submitted', '2 submitted', '3 aborted']),
        (['--client', 'dddd'], []),
    ],
)
def test_options_choose_tasks_and_events(file: Path, words: list[str], found: list[str]) -> None:
    assert events(file, *words) == found


def test_an_event_is_a_line_of_json(file: Path) -> None:
    (line,) = lines('tail', file, '--json', '--status', 'failed')
    assert json.loads(line) == {
        'event': 'failed',
        'time': {'$date': '2026-11-22T20:16:03.500Z'},
        'msg_id': f'{CLIENT}_10_1',
        'label': ['x', 1],
        'client_uuid': CLIENT,
        'engine_uuid': 'bbbbbbbb-0000-4000-8000-000000000000',
        'run': 2.5,
        'ename': 'KeyError',
        'evalue': 'x',
    }


@needs_terminals
def test_a_line_fits_the_terminal(file: Path) -> None:
    shown = re.sub(r'\x1b\[[0-9;]*m', '', on_a_terminal('tail', file)).split('\r\n')
    assert max(map(len, shown)) <= 80
    assert shown[5].endswith('failed     …0000000000_10_1  ["x",1]           2.5s KeyError: x')
    assert re.search(r'\x1b\[[0-9;]*31m', on_a_terminal('tail', file))


def test_names_send_no_codes_to_the_terminal(tmp_path: Path) -> None:
    evil = '\x1b[2Jevil\x07'
    written = write_history(
        tmp_path / 'tasks.db', [failed(1, evil, label=evil, engine_uuid=evil, client_uuid=evil, msg_id=f'm{evil}')]
    )
    shown = '\n'.join(lines('tail', written))
    assert 'evil' in shown
    assert not re.search(r'[\x00-\x09\x0b-\x1f\x7f-\x9f]', shown)


@pytest.mark.parametrize('kind', ['duckdb', 'parquet'])
def test_every_kind_of_store_is_read_but_not_followed(file: Path, tmp_path: Path, kind: str) -> None:
    with mqsql.open(file) as store:
        if kind == 'parquet':
            store.to_parquet(tmp_path / 'tasks.parquet')
        else:
            with mqsql.open(f'duckdb:{tmp_path}/tasks.duckdb') as other:
                other.add_records(TASKS)
    assert lines('tail', f'{kind}:{tmp_path}/tasks.{kind}') == lines('tail', file)
    done = run('tail', f'{kind}:{tmp_path}/tasks.{kind}', '-f')
    assert done.exit_code == 2
    assert '-f follows files of SQLite, and MongoDB' in done.stderr


@pytest.mark.parametrize(
    ('words', 'status', 'said'),
    [
        (['FILE', '-n', '-1'], 2, "Invalid value for '-n'"),
        (['FILE', '--status', 'odd'], 2, "Invalid value for '--status'"),
        (['missing.db'], 1, 'missing.db: there is no such file'),
        (['FILE', '-f', '--table', 'none'], 1, "it holds no table 'none_records'"),
    ],
)
def test_wrong_input_is_named(file: Path, words: list[str], status: int, said: str) -> None:
    done = run('tail', *(str(file) if word == 'FILE' else word for word in words))
    assert (done.exit_code, done.stdout) == (status, '')
    assert said in done.stderr


# --- following


class Followed:
    """A program that follows a history: the events that it prints."""

    def __init__(self, process: 'subprocess.Popen[bytes]') -> None:
        self.process = process
        self._lines: Queue[bytes] = Queue()
        Thread(target=self._read, daemon=True).start()

    def _read(self) -> None:
        assert self.process.stdout is not None
        for line in self.process.stdout:
            self._lines.put(line)

    def next(self, number: int) -> list[str]:
        """The next events, as soon as they are printed."""
        found = [json.loads(self._lines.get(timeout=60)) for _ in range(number)]
        return [f'{event["msg_id"]} {event["event"]}' for event in found]

    def end(self) -> tuple[int, list[bytes], bytes]:
        """Press Ctrl-C: the exit status, the lines left, and what it said on standard error."""
        self.process.send_signal(signal.SIGINT)
        status = self.process.wait(60)
        assert self.process.stderr is not None
        return status, [*self._lines.queue], self.process.stderr.read()

    def wait_for_error(self, words: bytes) -> None:
        """Wait for a line on standard error."""
        assert self.process.stderr is not None
        line = self.process.stderr.readline()
        assert words in line


@contextmanager
def following(*words: object) -> Iterator[Followed]:
    with program('tail', '-f', '--json', *words) as process:
        yield Followed(process)


needs_interrupts = pytest.mark.skipif(os.name == 'nt', reason='this system sends no SIGINT to a process')


def add(store: Store | SQLiteDB, key: str, **more: Any) -> None:
    store.add_record(key, {'msg_id': key, 'submitted': START, **more})


@needs_interrupts
def test_each_event_is_printed_once_until_ctrl_c(path: Path) -> None:
    hub = SQLiteDB(location=str(path.parent), filename=path.name)
    add(hub, 'before')
    with following(path) as followed:
        assert followed.next(1) == ['before submitted']
        add(hub, 'a')
        assert followed.next(1) == ['a submitted']
        hub.update_record('a', {'engine_uuid': 'e'})
        assert followed.next(1) == ['a started']
        hub.update_record('a', {'completed': START, 'result_content': {'status': 'error'}})
        hub.update_record('before', {'completed': START, 'result_content': {'status': 'ok'}})
        assert sorted(followed.next(2)) == ['a failed', 'before done']
        assert followed.end() == (INTERRUPTED, [], b'')
    hub.close()


@needs_interrupts
def test_a_file_that_is_missing_is_waited_for_and_given_whole(path: Path) -> None:
    with following(path, '-n', '0') as followed:
        followed.wait_for_error(b'tasks.db: waiting for this file')
        hub = SQLiteDB(location=str(path.parent), filename=path.name)
        add(hub, 'a')
        assert followed.next(1) == ['a submitted']
        hub.close()
        assert followed.end() == (INTERRUPTED, [], b'')


@needs_interrupts
def test_a_file_that_is_replaced_is_followed(path: Path, tmp_path: Path) -> None:
    write_history(path, [pending(1, msg_id='old')])
    with following(path) as followed:
        assert followed.next(1) == ['old submitted']
        os.replace(write_history(tmp_path / 'new.db', [task(1, msg_id='new')]), path)
        followed.wait_for_error(b'was deleted or replaced')
        assert followed.next(3) == ['new submitted', 'new started', 'new done']
        assert followed.end() == (INTERRUPTED, [], b'')


@needs_interrupts
def test_a_collection_of_a_server_is_followed(file: Path, secantus: Place) -> None:
    url = f'{secantus.url}/{secantus.database}.tasks'
    with mqsql.open(url) as store:
        store.add_records(TASKS)
        assert lines('tail', url) == lines('tail', file)
        with following(url, '-n', '1') as followed:
            assert followed.next(1) == [f'{CLIENT}_10_3 aborted']
            add(store, 'a')
            assert followed.next(1) == ['a submitted']
            store.update_record('a', {'engine_uuid': 'e', 'completed': START, 'result_content': {'status': 'ok'}})
            assert followed.next(2) == ['a started', 'a done']
            assert followed.end() == (INTERRUPTED, [], b'')


@needs_interrupts
def test_ctrl_c_ends_it_while_it_waits_for_a_file(path: Path) -> None:
    with following(path) as followed:
        followed.wait_for_error(b'waiting')
        assert followed.end() == (INTERRUPTED, [], b'')


@needs_interrupts
def test_only_the_chosen_events_are_followed(path: Path) -> None:
    with mqsql.open(path) as store, following(path, '--status', 'failed', '--label', 'a*', '-n', '0') as followed:
        for i in range(4):
            add(store, f'm{i}', label='ab'[i % 2])
            add(store, f'n{i}', label='ab'[i % 2])
        # Wait until it follows: tasks of before are not printed.
        add(store, 'first', label='a', completed=START, result_content={'status': 'error'})
        while (key := f'again{len(store.keys())}') and not followed._lines.qsize():
            add(store, key, label='a', completed=START, result_content={'status': 'error'})
        for i in range(4):
            for letter, status in (('m', 'error'), ('n', 'ok')):
                store.update_record(f'{letter}{i}', {'completed': START, 'result_content': {'status': status}})
        found: list[str] = []
        while 'm2 failed' not in found:
            found += followed.next(1)
        others = {event for event in found if not event.startswith(('again', 'first'))}
        assert others == {'m0 failed', 'm2 failed'}
        assert followed.end()[0] == INTERRUPTED


def test_a_closed_pipe_is_silent(tmp_path: Path) -> None:
    file = write_history(tmp_path / 'tasks.db', TASKS)
    with program('tail', '-f', file) as process:
        assert process.stdout is not None
        assert process.stderr is not None
        process.stdout.readline()
        process.stdout.close()
        with mqsql.open(file) as store:
            while process.poll() is None:
                add(store, f'more{store.count()}')
        assert process.stderr.read() == b''
