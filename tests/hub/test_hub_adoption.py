"""The history that ipyparallel's own SQLiteDB left is there at the first start of ours."""

import pickle
from datetime import datetime
from pathlib import Path
from typing import Any

import apsw
import pytest
from hub_shipped import NOON, records, write_sessions
from store_files import change

import mqsql
from mqsql.errors import StorageError
from mqsql.hub.sqlite_db import SQLiteDB
from mqsql.schema import TASKS

TABLE = 'ipython-tasks'


def contents(path: Path, table: str) -> list[Any]:
    connection = apsw.Connection(str(path))
    try:
        return connection.execute(f'SELECT * FROM "{table}"').fetchall()
    finally:
        connection.close()


@pytest.mark.parametrize('table', [TABLE, 'mine'])
def test_the_history_of_all_sessions_is_adopted_once(
    tmp_path: Path, caplog: pytest.LogCaptureFixture, table: str
) -> None:
    path = write_sessions(tmp_path, 3, table)
    tables = [table, f'{table}_1', f'{table}_2']
    before = [contents(path, name) for name in tables]
    for _ in range(2):
        db = SQLiteDB(location=str(tmp_path), table=table)
        names = [f'{kind}{session}' for session in range(3) for kind in ('done', 'pending')]
        assert sorted(db.get_history()) == sorted([*names, 'shared'])
        for session in range(3):
            found = db.get_record(f'done{session}')
            expected = records(session)[f'done{session}']
            assert {key: found[key] for key in expected} == expected
        assert db.get_record('shared')['stdout'] == 'session 0\n'
        assert next(r['msg_id'] for r in db.find_records({'completed': None, 'submitted': NOON}, [])) == 'pending0'
        db.close()
    assert [contents(path, name) for name in tables] == before
    assert caplog.text.count('7 tasks adopted.') == 1


def test_without_adoption_the_file_serves_all_the_same(tmp_path: Path) -> None:
    path = write_sessions(tmp_path, 1)
    before = contents(path, TABLE)
    db = SQLiteDB(location=str(tmp_path), adopt=False)
    db.add_record('m', {})
    assert db.get_history() == ['m']
    db.close()
    assert contents(path, TABLE) == before


def test_only_the_hub_adopts(tmp_path: Path) -> None:
    path = write_sessions(tmp_path, 1)
    before = path.read_bytes()
    with pytest.raises(StorageError, match='another application'):
        mqsql.open(path)
    change(path, 'CREATE TABLE letters (text)')
    with pytest.raises(StorageError, match='another application'):
        SQLiteDB(location=str(tmp_path))
    assert len(path.read_bytes()) >= len(before)


class Crafted:
    """A pickle of this writes a file when it is read."""

    def __init__(self, path: Path) -> None:
        self.path = path

    def __reduce__(self) -> Any:
        return Path.touch, (self.path,)


@pytest.mark.parametrize('loss', ['crafted', 'not bytes', 'cut', 'no pickle', 'text', 'time', 'json'])
def test_what_cannot_be_read_is_left_out_and_named(tmp_path: Path, caplog: pytest.LogCaptureFixture, loss: str) -> None:
    path = write_sessions(tmp_path, 1)
    column, value = {
        'crafted': ('buffers', pickle.dumps([Crafted(tmp_path / 'written')])),
        'not bytes': ('buffers', pickle.dumps(['text'])),
        'cut': ('buffers', pickle.dumps([b'x' * 100])[:50]),
        'no pickle': ('buffers', b'R'),
        'text': ('result_buffers', 'ü'),
        'time': ('submitted', 'yesterday'),
        'json': ('content', '{"a": '),
    }[loss]
    connection = apsw.Connection(str(path))
    connection.execute(f'UPDATE "{TABLE}" SET {column} = ? WHERE msg_id = ?', (value, 'done0'))
    connection.close()
    db = SQLiteDB(location=str(tmp_path))
    found = db.get_record('done0')
    assert found[column] is None
    assert found['stdout'] == 'out\n'
    assert f'The {column} of task done0 cannot be read and is left out' in caplog.text
    assert not (tmp_path / 'written').exists()
    db.close()


def test_times_without_a_zone_are_local_as_that_class_means_them(tmp_path: Path) -> None:
    change(
        write_sessions(tmp_path, 1),
        f"""UPDATE "{TABLE}" SET submitted = '2026-07-01T12:00:00', header = '{{"date": "2026-07-01T12:00:00"}}'
        WHERE msg_id = 'done0'""",
    )
    db = SQLiteDB(location=str(tmp_path))
    found = db.get_record('done0')
    db.close()
    assert found['submitted'] == found['header']['date'] == datetime(2026, 7, 1, 12).astimezone()


def test_text_that_is_not_utf8_is_kept_as_far_as_it_can_be_read(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    path = write_sessions(tmp_path, 1)
    connection = apsw.Connection(str(path))
    bad = "CAST(x'66fc72' AS TEXT)"  # "für" in Latin-1
    document = """CAST(x'7b2261223a2022fc227d' AS TEXT)"""  # {"a": "ü"} in Latin-1
    connection.execute(f'UPDATE "{TABLE}" SET stdout = {bad}, content = {document} WHERE msg_id = ?', ('done0',))
    connection.execute(f'UPDATE "{TABLE}" SET msg_id = {bad} WHERE msg_id = ?', ('pending0',))
    connection.close()
    db = SQLiteDB(location=str(tmp_path))
    found = db.get_record('done0')
    assert (found['stdout'], found['content'], found['label']) == ('f\ufffdr', {'a': '\ufffd'}, 'l')
    assert sorted(db.get_history()) == ['done0', 'f\ufffdr', 'shared']
    for column, msg_id in (('stdout', 'done0'), ('content', 'done0'), ('msg_id', 'f\ufffdr')):
        assert f'The {column} of task {msg_id} is not UTF-8' in caplog.text
    db.close()


def test_adoption_is_whole_or_not_at_all(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = write_sessions(tmp_path, 1)
    read = TASKS.__class__.normalize

    def fail(self: Any, record: object) -> Any:
        if record == {'msg_id': 'shared'}:
            raise MemoryError
        return read(self, record)

    monkeypatch.setattr(TASKS.__class__, 'normalize', fail)
    with pytest.raises(MemoryError):
        SQLiteDB(location=str(tmp_path))
    monkeypatch.undo()
    connection = apsw.Connection(str(path))
    assert connection.execute("SELECT name FROM sqlite_schema WHERE type = 'table'").fetchall() == [(TABLE,)]
    connection.close()
    db = SQLiteDB(location=str(tmp_path))
    assert len(db.get_history()) == 3
    db.close()
