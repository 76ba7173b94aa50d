"""The log is moved into the file, unless another user of the file is doing that."""

import threading
from pathlib import Path

import apsw
from store_files import fill, other

import mqsql
from mqsql.storage.sqlite.shrinking import move_log


def test_the_log_is_moved_into_the_file(path: Path) -> None:
    with mqsql.open(path) as store:
        before = path.stat().st_size
        fill(store, 200)
        move_log(str(path))
        assert path.stat().st_size > before


def test_it_is_left_to_who_is_moving_it(path: Path) -> None:
    with mqsql.open(path) as store:
        fill(store, 200)
        reading, moving = other(path), other(path)
        reading.execute('BEGIN')
        for connection in (reading, moving):
            connection.execute('SELECT 1 FROM sqlite_schema').fetchall()
        waiting, done = threading.Event(), threading.Event()

        def busy(_tries: int) -> bool:
            waiting.set()
            return not done.wait()

        moving.set_busy_handler(busy)

        def move() -> None:
            # It waits for the reader, with the lock of who moves the log.
            try:
                moving.wal_checkpoint(mode=apsw.SQLITE_CHECKPOINT_RESTART)
            except apsw.BusyError:
                done.set()

        thread = threading.Thread(target=move, daemon=True)
        thread.start()
        assert waiting.wait(60)
        move_log(str(path))
        done.set()
        thread.join()
        reading.close()
        moving.close()
