"""What commands say alike when they are given the wrong thing."""

from pathlib import Path

import pytest
from cli_history import run, write_history
from hub_shipped import write_sessions

WRITERS = (('prune', '--older-than', '1d', '--yes'), ('prune', '--older-than', '1d', '--dry-run'))


@pytest.mark.parametrize('words', WRITERS, ids=' '.join)
@pytest.mark.parametrize(
    ('content', 'reason'), [(None, 'there is no such file'), (b'', 'it holds no table'), (b'x' * 999, 'not an')]
)
def test_prune_says_of_a_file_what_find_says(
    tmp_path: Path, words: tuple[str, ...], content: bytes | None, reason: str
) -> None:
    path = tmp_path / 'tasks.db'
    if content is not None:
        path.write_bytes(content)
    done = run(words[0], path, *words[1:])
    assert (done.exit_code, done.stderr) == (1, run('find', path).stderr)
    assert reason in done.stderr
    assert path.exists() is (content is not None)


@pytest.mark.parametrize('words', [*WRITERS, ('backup', 'OUT')], ids=' '.join)
def test_a_file_of_the_shipped_class_is_to_be_imported(tmp_path: Path, words: tuple[str, ...]) -> None:
    path = write_sessions(tmp_path, 1)
    done = run(words[0], path, *(tmp_path / 'out' if word == 'OUT' else word for word in words[1:]))
    assert (done.exit_code, done.stderr) == (1, run('find', path).stderr)
    assert f'mqsql import {path} NEW' in done.stderr


@pytest.mark.parametrize('words', [('distinct',), ('index', 'create'), ('index', 'drop')], ids=' '.join)
def test_a_file_alone_is_not_taken_for_a_key(tmp_path: Path, words: tuple[str, ...]) -> None:
    path = write_history(tmp_path / 'tasks.db')
    done = run(*words, path)
    assert done.exit_code == 2
    assert f'{path} is a file; ' in done.stderr
    assert 'KEY' in done.stderr.splitlines()[-1]


def test_an_error_names_the_place_that_the_user_wrote(tmp_path: Path) -> None:
    path = write_history(tmp_path / 'tasks.db')
    done = run('find', path, '{labl: 1}', '--since', '1h', '--status', 'failed')
    assert (done.exit_code, done.stderr) == (2, "Error: labl: unknown key 'labl', did you mean 'label'?\n")
