"""Commands print records that no hub writes, but another program may: no field has to be of its usual form."""

import re
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from cli_history import START, failed, pending, run, task, write_history
from systems import needs_terminals
from terminals import on_a_terminal

ANY: tuple[Any, ...] = ([], [1, {'status': 'error'}], {'status': ['error']}, {'status': 'error'}, {})
EVIL = '\x1b[31m</script>[/red]\n\u202e'


def odd_records() -> Iterator[dict[str, Any]]:
    """Records with documents that are lists, texts that control a terminal, and times from everywhere."""
    for number, value in enumerate(ANY):
        documents = ('header', 'content', 'metadata', 'result_content', 'result_header', 'execute_result')
        yield task(number, **dict.fromkeys(documents, value))
    yield failed(10, EVIL, label=EVIL, engine_uuid=EVIL, client_uuid=EVIL, stdout=EVIL, stderr=EVIL, queue=EVIL)
    yield task(
        11, result_content={'status': 'error', 'ename': 7, 'evalue': [EVIL], 'traceback': 'text'}, label=float('nan')
    )
    yield task(12, submitted=datetime(1, 1, 1, tzinfo=UTC), started=datetime(9999, 12, 31, tzinfo=UTC))
    yield task(13, started=START - timedelta(days=1), completed=START - timedelta(days=2))
    yield {'msg_id': EVIL, 'header': {'username': [EVIL], 'msg_type': {}}}


@pytest.fixture(scope='module')
def odd(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write_history(tmp_path_factory.mktemp('odd') / 'tasks.db', list(odd_records()))


COMMANDS = (
    ('find',),
    ('find', '--json'),
    ('distinct', 'label'),
    ('stats',),
    ('stats', '--json'),
    ('tail',),
    ('tail', '--json'),
    ('trace', '-o', '-'),
    ('report', '-o', '-'),
)


@pytest.mark.parametrize('command', COMMANDS, ids=' '.join)
def test_a_command_prints_odd_records(odd: Path, command: tuple[str, ...]) -> None:
    result = run(command[0], str(odd), *command[1:])
    assert (result.exit_code, result.stderr) == (0, '')
    assert '\x1b' not in result.stdout


def test_show_prints_odd_records(odd: Path) -> None:
    for record in odd_records():
        for option in ('--full', '--json'):
            result = run('show', str(odd), record['msg_id'], option)
            assert (result.exit_code, result.stderr) == (0, '')
            assert '\x1b' not in result.stdout


LONG = [
    task(20, label='x' * 10_000),
    failed(21, 'E' * 10_000),
    task(22, stdout='y' * 1_000_000),
]


@needs_terminals
@pytest.mark.parametrize('record', LONG, ids=['label', 'exception', 'stdout'])
def test_show_does_not_flood_a_terminal(tmp_path: Path, record: dict[str, Any]) -> None:
    path = write_history(tmp_path / 'tasks.db', [record])
    shown = on_a_terminal('show', path, record['msg_id'])
    assert '…' in shown
    assert len(shown) < 25_000
    assert len(on_a_terminal('show', path, record['msg_id'], '--full')) > 10_000
    assert '…' not in run('show', path, record['msg_id']).stdout


@needs_terminals
def test_tail_prints_times_of_another_year_whole(tmp_path: Path) -> None:
    early = datetime(2001, 2, 3, 4, 5, 6, tzinfo=UTC)
    path = write_history(tmp_path / 'tasks.db', [pending(0, submitted=early, engine_uuid='')])
    shown = re.sub(r'\x1b\[[\d;]*m', '', on_a_terminal('tail', path, TZ='UTC')).split('\r\n')
    assert shown[0].startswith('2001-02-03 04:05:06  submitted  ')
    assert max(map(len, shown)) <= 80


def test_an_exception_without_a_message_ends_with_its_name(tmp_path: Path) -> None:
    path = write_history(tmp_path / 'tasks.db', [task(1, engine_uuid='', result_content={'status': 'error'})])
    ended = run('tail', path).stdout.splitlines()[-1]
    assert ended.endswith('2.5s (no name)')
    assert not any(line.endswith(' on ') for line in run('tail', path).stdout.splitlines())
