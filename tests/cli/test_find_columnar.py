"""`mqsql find` writes Parquet and Arrow."""

import io
import os
import sys
from pathlib import Path
from typing import Any

import apsw
import pytest
from cli_history import START, program, run, write_history
from systems import needs_terminals

import mqsql

pyarrow: Any = pytest.importorskip('pyarrow')


@pytest.fixture(scope='module')
def file(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write_history(tmp_path_factory.mktemp('history') / 'tasks.db')


KEYS = ['find', '--keys', 'label,submitted,result_content.ename', '--status', 'failed', '--sort', '-submitted']
FOUND = [('ValueError', 6), ('KeyError', 1)]


def found_in(table: Any) -> list[tuple[str, int]]:
    """The name of the exception, and the minutes since START, of each row."""
    assert table.schema.field('submitted').type == pyarrow.timestamp('us', 'UTC')
    return [(row['result_content.ename'], (row['submitted'] - START).seconds // 60) for row in table.to_pylist()]


def test_a_file_of_parquet(file: Path, tmp_path: Path) -> None:
    from pyarrow import parquet

    assert run(*KEYS, file, '-o', tmp_path / 'o.parquet').output == ''
    assert found_in(parquet.read_table(tmp_path / 'o.parquet')) == FOUND
    assert os.listdir(tmp_path) == ['o.parquet']


def test_all_keys_of_a_file_of_parquet_are_a_store(file: Path, tmp_path: Path) -> None:
    assert run('find', file, '-o', tmp_path / 'o.parquet').exit_code == 0
    with mqsql.open(f'parquet:{tmp_path}/o.parquet') as copy, mqsql.open(file, readonly=True) as store:
        assert list(copy.find()) == list(store.find())


@pytest.mark.parametrize('name', ['o.arrow', 'o.feather'])
def test_a_file_of_arrow(file: Path, tmp_path: Path, name: str) -> None:
    from pyarrow import ipc

    assert run(*KEYS, file, '-o', tmp_path / name).output == ''
    assert found_in(ipc.open_file(str(tmp_path / name)).read_all()) == FOUND


def test_a_stream_of_arrow(file: Path) -> None:
    from pyarrow import ipc

    done = run(*KEYS, file, '--format', 'arrow')
    assert found_in(ipc.open_stream(io.BytesIO(done.stdout_bytes)).read_all()) == FOUND


def test_parquet_goes_through_a_pipe(file: Path) -> None:
    from pyarrow import parquet

    with program(*KEYS, file, '--format', 'parquet') as process:
        out, err = process.communicate()
    assert err == b''
    assert found_in(parquet.read_table(io.BytesIO(out))) == FOUND


@pytest.mark.parametrize('form', ['parquet', 'arrow'])
def test_an_error_on_the_way_is_one_line(form: str, tmp_path: Path) -> None:
    copy = tmp_path / 'tasks.db'
    with mqsql.open(copy) as store:
        store.add_records({'msg_id': f'm{i}', 'label': i, 'buffers': [b'x']} for i in range(3000))
    with apsw.Connection(str(copy)) as connection:
        connection.execute('DELETE FROM task_buffers WHERE id = 2900')
    done = run('find', copy, '--keys', 'label,buffers', '-o', tmp_path / f'o.{form}')
    assert (done.exit_code, done.stdout) == (1, '')
    assert (
        done.stderr == f'Error: {copy}: these buffers are gone; their record was changed or dropped after it was read\n'
    )
    assert not [name for name in os.listdir(tmp_path) if f'o.{form}' in name]


def test_no_records_have_their_columns(file: Path, tmp_path: Path) -> None:
    from pyarrow import parquet

    assert run('find', file, '{label: "none"}', '-o', tmp_path / 'o.parquet').exit_code == 0
    table = parquet.read_table(tmp_path / 'o.parquet')
    assert (table.num_rows, len(table.schema.names)) == (0, 22)


@needs_terminals
def test_a_terminal_gets_nothing_binary(file: Path) -> None:
    leader, follower = os.openpty()
    with program('find', file, '--format', 'parquet', stdout=follower) as process:
        os.close(follower)
        assert process.stderr is not None
        assert b'parquet is binary; write it to a file (-o tasks.parquet) or a pipe' in process.stderr.read()
        assert process.wait(60) == 2
    os.close(leader)


def test_the_extra_is_named_where_it_is_missing(file: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, 'pyarrow', None)
    done = run('find', file, '--format', 'parquet')
    assert (done.exit_code, done.stdout) == (1, '')
    assert "pip install 'mqsql[arrow]'" in done.stderr
