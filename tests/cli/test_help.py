"""The help of commands: it fits a terminal of 80 columns, and its examples work."""

import json
import re
import shlex
from pathlib import Path

import click
import pytest
from cli_history import ENGINES, program, run, write_history

from mqsql.cli import SECTIONS, main
from mqsql.schema import TASKS

ASKING = ('find', 'count', 'distinct', 'sql', 'explain')


def test_the_help_of_all_names_every_command() -> None:
    done = run('--help')
    assert done.exit_code == 0
    for name in main.commands:
        assert re.search(rf'^  {name}\s+\w', done.stdout, re.MULTILINE), name
    assert {command for commands in SECTIONS.values() for command in commands} == set(main.commands.values())


@pytest.mark.parametrize('words', [[], *([name] for name in main.commands)], ids=str)
def test_help_fits_eighty_columns(words: list[str]) -> None:
    done = run(*words, '--help')
    assert done.exit_code == 0
    assert max(map(len, done.stdout.splitlines())) <= 80


def examples(name: str) -> list[str]:
    """The lines below "Examples:"."""
    shown = run(name, '--help').stdout.partition('  Examples:\n')[2].partition('\n\n')[0]
    return [line.strip() for line in shown.splitlines()]


@pytest.mark.parametrize(('name', 'line'), [(name, line) for name in ASKING for line in examples(name)])
def test_the_examples_work(name: str, line: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    profile = tmp_path / 'profile_default'
    (profile / 'log').mkdir(parents=True)
    (profile / 'log/engines.json').write_text(json.dumps({'engines': {'3': ENGINES[0]}}))
    write_history(profile / 'tasks.db')
    write_history(tmp_path / 'tasks.db')
    monkeypatch.setenv('IPYTHONDIR', str(tmp_path))
    monkeypatch.chdir(tmp_path)
    program_name, *words = shlex.split(line.partition(' | ')[0])
    assert (program_name, words[0]) == ('mqsql', name)
    if words[-1].endswith('.parquet'):
        pytest.importorskip('pyarrow')
    done = run(*words)
    assert done.exit_code == 0, done.output
    assert done.stderr == ''


def test_every_command_has_examples() -> None:
    for name in main.commands:
        assert name == 'index' or len(examples(name)) >= 2, name


def test_the_help_of_find_names_every_key() -> None:
    words = set(re.findall(r'\w+', run('find', '--help').stdout))
    assert words >= set(TASKS.columns)


def test_a_mistyped_command_is_corrected() -> None:
    done = run('fnd')
    assert done.exit_code == 2
    assert "unknown command 'fnd', did you mean 'find'?" in done.stderr


@pytest.mark.parametrize(
    ('typed', 'completed'),
    [
        ('mqsql exp', {'explain'}),
        ('mqsql find --sta', {'--status'}),
        ('mqsql find --status f', {'failed'}),
        ('mqsql find --sort label,-comp', {'label,-completed'}),
        ('mqsql find --keys label,result_c', {'label,result_content'}),
        ('mqsql count --profile d', {'default'}),
        ('mqsql find ta', {'ta'}),  # the shell completes the file
    ],
)
def test_the_shell_completes(typed: str, completed: set[str], tmp_path: Path) -> None:
    (tmp_path / 'profile_default').mkdir()
    words = typed.split(' ')
    environment = {
        '_MQSQL_COMPLETE': 'bash_complete',
        'COMP_WORDS': typed,
        'COMP_CWORD': str(len(words) - 1),
        'IPYTHONDIR': str(tmp_path),
    }
    code = "from mqsql.cli import main; main(prog_name='mqsql')"
    with program(env=environment, code=code) as process:
        out, err = process.communicate()
    assert err == b''
    assert {line.partition(',')[2] for line in out.decode().splitlines()} == completed


def test_the_lines_for_shells_are_clicks_own() -> None:
    shown = run('--help').stdout
    for shell in ('bash', 'zsh', 'fish'):
        assert f'_MQSQL_COMPLETE={shell}_source' in shown
    assert isinstance(main, click.Group)
