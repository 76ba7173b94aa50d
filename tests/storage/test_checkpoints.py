"""Checkpoints in a thread: the log gets into the file without the writer, and stays short without pauses too."""

from pathlib import Path

import pytest
from waiting import wait_until

from mqsql.storage.sqlite import checkpoints
from mqsql.storage.sqlite.store import SqliteStore


def test_the_log_is_moved_without_the_writer(path: Path) -> None:
    with SqliteStore(str(path)) as store:
        store.checkpoint_in_background(print)
        store.checkpoint_in_background(print)
        store.add_record('m', {'buffers': [bytes(2 * 4096 * checkpoints.WORTH_IT)]})
        wait_until(lambda: path.stat().st_size >= 4096 * checkpoints.WORTH_IT)
        assert len(store.get_record('m')['buffers'][0]) == 2 * 4096 * checkpoints.WORTH_IT


def test_a_log_that_is_never_at_rest_stays_short(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(checkpoints, 'LONGEST_LOG', 3_000)
    with SqliteStore(str(path)) as store:
        store.checkpoint_in_background(print)
        for i in range(3_000):
            store.add_record(str(i), {'buffers': [b'a' * 10_000]})
        log = path.with_name('tasks.db-wal')
        assert log.stat().st_size < 4096 * 30_000  # of 45,000 pages written; how many depends on the machine
        assert store.count() == 3_000
    assert not log.exists()
    with SqliteStore(str(path), readonly=True) as store:
        assert store.get_record('2999')['buffers'] == [b'a' * 10_000]
