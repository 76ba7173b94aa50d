"""Commands print records that no hub writes, but another program may: no field has to be of its usual form."""

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from cli_history import START, failed, run, task, write_history

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
