"""Which history a command reads when none is named: that of the profile whose cluster is running."""

import json
import os
import socket
import subprocess
import sys
from pathlib import Path

import click
import pytest
from cli_history import pending, run, task, write_history

from mqsql.cli.histories import split_words


@pytest.fixture
def profiles(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """IPython's directory, with the histories of two profiles: of one task in 'default', and two in 'gpu', written later."""
    monkeypatch.setenv('IPYTHONDIR', str(tmp_path))
    for name, tasks, written in (('default', [task(0)], 1_000), ('gpu', [task(0), pending(1)], 2_000)):
        directory = tmp_path / f'profile_{name}'
        (directory / 'security').mkdir(parents=True)
        os.utime(write_history(directory / 'tasks.db', tasks), (written, written))
    return tmp_path


@pytest.fixture
def ended() -> int:
    """The id of a process that has ended."""
    process = subprocess.Popen([sys.executable, '-c', ''])
    process.wait()
    return process.pid


def count(*words: object) -> str:
    done = run('count', *words)
    return done.stdout.strip() or done.stderr


def start(profiles: Path, name: str, pid: int) -> None:
    """What a cluster leaves in its profile while it runs."""
    state = {'class': 'local', 'state': {'pid': pid, 'state': 'running'}}
    place = profiles / f'profile_{name}' / 'security/cluster-1.json'
    place.write_text(json.dumps({'cluster': {}, 'controller': state}))


def test_the_last_written_is_read_if_no_profile_is_running(profiles: Path, ended: int) -> None:
    assert count() == '2'
    start(profiles, 'default', ended)
    assert count() == '2'
    wal = profiles / 'profile_default/tasks.db-wal'
    wal.write_bytes(b'')
    assert count() == '2'
    os.utime(profiles / 'profile_default/tasks.db', (3_000, 3_000))
    assert count() == '1'


def test_the_running_profile_is_read(profiles: Path) -> None:
    start(profiles, 'default', os.getpid())
    assert count() == '1'


def test_a_controller_without_a_cluster_is_running(profiles: Path) -> None:
    with socket.create_server(('127.0.0.1', 0)) as hub:
        connection = {'interface': 'tcp://127.0.0.1', 'registration': hub.getsockname()[1]}
        place = profiles / 'profile_default/security/ipcontroller-client.json'
        place.write_text(json.dumps(connection))
        assert count() == '1'
    assert count() == '2'


@pytest.mark.parametrize(
    'text', ['', '[]', '{"controller": 1}', '{"controller": {"class": "local", "state": null}}', '{"interface": 5}']
)
def test_unfinished_files_of_a_cluster_are_no_signs(profiles: Path, text: str) -> None:
    for name in ('cluster-1.json', 'ipcontroller-client.json'):
        (profiles / 'profile_default/security' / name).write_text(text)
    assert count() == '2'


def test_a_controller_of_another_machine_is_running_while_its_file_is_there(profiles: Path) -> None:
    state = {'controller': {'class': 'ssh', 'state': {'pid': 1, 'state': 'running'}}}
    (profiles / 'profile_default/security/cluster-.json').write_text(json.dumps(state))
    assert count() == '1'


def test_several_running_profiles_are_named(profiles: Path) -> None:
    for name in ('default', 'gpu'):
        start(profiles, name, os.getpid())
    done = run('count')
    assert done.exit_code == 2
    assert 'several profiles are running: gpu, default; choose one with --profile NAME' in done.stderr
    assert count('--profile', 'gpu') == '2'


def test_a_profile_is_chosen_by_name(profiles: Path) -> None:
    assert count('--profile', 'default') == '1'
    assert count('--profile', 'default', '--pending') == '0'
    missing = run('count', '--profile', 'nope')
    assert missing.exit_code == 2
    assert "there is no profile 'nope'; profiles: default, gpu" in missing.stderr
    (profiles / 'profile_new').mkdir()
    assert 'tasks.db: there is no such file; profiles: default, gpu, new' in run('count', '--profile', 'new').stderr


def test_no_history_at_all(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv('IPYTHONDIR', str(tmp_path))
    done = run('count')
    assert done.exit_code == 2
    assert f'no history was found in {tmp_path}/profile_*/tasks.db; name one: FILE' in done.stderr


def test_a_query_needs_no_file(profiles: Path) -> None:
    assert count('{label: "a/1"}') == '1'
    assert count('{label: "a/1"}', '--profile', 'default') == '0'


def test_a_history_of_ipyparallel_is_to_be_imported(tmp_path: Path) -> None:
    from hub_shipped import write_sessions

    old = write_sessions(tmp_path, 1)
    assert f'mqsql import {old} NEW makes a history' in count(old)


def test_a_running_cluster_is_found(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """What IPython Parallel itself writes for a running controller."""
    from ipyparallel.cluster import Cluster

    from mqsql.cli.profiles import is_running

    cluster = Cluster(profile_dir=str(tmp_path), cluster_id='c')
    launcher = cluster.controller_launcher_class(profile_dir=str(tmp_path), cluster_id='c')
    launcher.pid, launcher.state = os.getpid(), 'running'
    cluster.controller = launcher
    cluster.write_cluster_file()
    assert is_running(tmp_path)


# --- FILE, KEY and QUERY


@pytest.mark.parametrize(
    ('words', 'names', 'given'),
    [
        ([], [], [None, None]),
        (['f'], [], ['f', None]),
        (['{}'], [], [None, '{}']),
        (['f', '{}'], [], ['f', '{}']),
        (['{}', 'f'], [], ['f', '{}']),
        (['k'], ['KEY'], [None, 'k', None]),
        (['f', 'k'], ['KEY'], ['f', 'k', None]),
        (['k', ' {}'], ['KEY'], [None, 'k', ' {}']),
        (['f', 'k', '{}'], ['KEY'], ['f', 'k', '{}']),
    ],
)
def test_arguments_are_told_by_their_form(words: list[str], names: list[str], given: list[str | None]) -> None:
    assert list(split_words(words, *names).values()) == given


@pytest.mark.parametrize(
    ('words', 'names', 'said'),
    [
        (['{}', '{a: 1}'], [], 'QUERY is given twice: {} and {a: 1}'),
        (['a', 'b'], [], "'b' is one argument too many"),
        (['{}'], ['KEY'], "Missing argument 'KEY'"),
        (['a', 'b', 'c'], ['KEY'], "'c' is one argument too many"),
    ],
)
def test_odd_arguments_are_refused(words: list[str], names: list[str], said: str) -> None:
    with pytest.raises(click.UsageError, match=f'^{said.translate({123: "[{]"})}'):
        split_words(words, *names)
