"""A hub's changes and a plain dict side by side, through locks, full disks and kills: what was acknowledged is there."""

import errno
import os
import shutil
import tempfile
from pathlib import Path
from typing import Any

import apsw
import pytest
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, precondition, rule
from stores import plain

import mqsql
from mqsql.errors import DuplicateRecordError, MissingRecordError, StorageError
from mqsql.hub import delta, write_buffer
from mqsql.hub.delta import SHORT, Delta
from mqsql.schema import TASKS, Record
from mqsql.settings import Settings
from mqsql.storage.sqlite import delta_log
from mqsql.storage.sqlite.delta_log import DeltaLog
from mqsql.storage.sqlite.store import SqliteStore
from mqsql.testing.drawing.draws import Draws
from mqsql.testing.drawing.values import ALL

IDS = ['m0', 'm1', 'a\0\ud800']
NOT_FOR_LONG = 64 << 20

ids = st.sampled_from(IDS)
# A few, so that changes meet each other.
columns = st.sampled_from(
    ['label', 'label', 'stdout', 'buffers', 'result_buffers', 'completed', 'header', 'display_data']
)
rarely = st.integers(0, 9).map(lambda number: number == 9)
texts = st.sampled_from(['', 'a', 'a line\n', '\0\ud800', 'é' * SHORT, 'x' * 2 * SHORT, 'y' * 70_000])
large = st.sampled_from([[b'x' * 70_000], [b'', b'y' * 70_000], [b'z' * 40_000] * 2])


@st.composite
def records(draw: st.DrawFn) -> Record:
    """Values for some columns, of any kind, None and large ones among them."""
    d = Draws(draw)
    record = {}
    for column in d.several(0, 3, lambda: draw(columns)):
        kind = TASKS.columns[column]
        odd = (
            large if column in ('buffers', 'result_buffers') else texts if column in ('stdout', 'stderr') else st.none()
        )
        record[column] = None if d.once_in(6) else draw(odd if d.once_in(4) else ALL.by_kind[kind])
    return record


def normal(record: Record) -> Record:
    """The values as they are read."""
    return {column: plain_value(value) for column, value in TASKS.normalize(record).items()}


def whole(msg_id: str, record: Record) -> Record:
    return dict.fromkeys(TASKS.all_keys) | normal(record) | {'msg_id': msg_id}


def plain_value(value: Any) -> Any:
    return list(value) if type(value) is list else value


def text(record: Record | None) -> str | None:
    """A record in a form that is equal only if all is."""
    return None if record is None else repr(sorted(plain(record).items()))


class Disk:
    """The module `os`, for the log: a disk that may have no room."""

    def __init__(self) -> None:
        self.full = False

    def __getattr__(self, name: str) -> Any:
        return getattr(os, name)

    def write(self, file: int, data: bytes) -> int:
        """As os.write; a part still fits."""
        if not self.full:
            return os.write(file, data)
        os.write(file, data[: len(data) // 2])
        raise OSError(errno.ENOSPC, 'No space left on device')


class Deltas(RuleBasedStateMachine):
    """What a hub writes, and what must be there."""

    interval = 0.0

    @initialize(journal=st.sampled_from(['wal', 'delete']))
    def begin(self, journal: str) -> None:
        self.patches = pytest.MonkeyPatch()
        for module, name in ((delta, 'MERGE_SECONDS'), (write_buffer, 'RETRY_SECONDS')):
            self.patches.setattr(module, name, 3600)
        self.disk = Disk()
        self.patches.setattr(delta_log, 'os', self.disk)
        self.patches.setattr(delta, 'MOST', 3)
        self.folders = [Path(tempfile.mkdtemp())]
        self.left: list[Delta] = []
        self.lock: apsw.Connection | None = None
        self.journal, self.said = journal, list[str]()
        self.model: dict[str, Record] = {}
        self.open()

    @property
    def path(self) -> Path:
        return self.folders[-1] / 'tasks.db'

    def open(self) -> None:
        settings = Settings(self.journal, 'off', busy_timeout=0)
        store = SqliteStore(str(self.path), settings=settings, say=self.said.append)
        self.tasks = Delta(store, NOT_FOR_LONG, self.said.append, commit_interval=self.interval)
        self.possible = {msg_id: [text(self.model.get(msg_id))] for msg_id in IDS}

    def teardown(self) -> None:
        self.kill('')
        self.disk.full = False
        for tasks in [*self.left, self.tasks]:
            tasks.close()
        self.patches.undo()
        for folder in self.folders:
            shutil.rmtree(folder)

    # --- changes

    def settle(self) -> None:
        """Note what there is now, and whether a kill could take it away."""
        safe = not self.tasks._unlogged and not (self.interval and (self.tasks._recent or self.tasks._kept))
        for msg_id in IDS:
            now = text(self.model.get(msg_id))
            if safe:
                self.possible[msg_id] = [now]
            elif now != self.possible[msg_id][-1]:
                self.possible[msg_id].append(now)

    @rule(msg_id=ids, record=records(), wrongly=rarely)
    def change(self, msg_id: str, record: Record, wrongly: bool) -> None:
        """The record is added or updated, as it is not there or is; now and then the other way round, which is refused."""
        if wrongly and msg_id in self.model:
            with pytest.raises(DuplicateRecordError):
                self.tasks.add_record(msg_id, record)
        elif wrongly:
            with pytest.raises(MissingRecordError):
                self.tasks.update_record(msg_id, record)
        elif msg_id in self.model:
            self.tasks.update_record(msg_id, record)
            self.model[msg_id] = self.model[msg_id] | normal(record)
        else:
            self.tasks.add_record(msg_id, record)
            self.model[msg_id] = whole(msg_id, record)
        self.settle()

    @rule(msg_id=ids, more=texts, look=st.booleans())
    def write(self, msg_id: str, more: str, look: bool) -> None:
        """Output, as the hub adds it."""
        for _ in range(2):
            before = self.model[msg_id]['stdout'] if msg_id in self.model else None
            self.change(msg_id, {'stdout': (before or '') + more}, wrongly=False)
            if look:
                self.look('history')

    @rule(chosen=st.lists(ids, min_size=1, max_size=4))
    def drop(self, chosen: list[str]) -> None:
        query = {'msg_id': {'$in': chosen}}
        if self.lock:
            with pytest.raises(StorageError):
                self.tasks.drop_matching_records(query)
        else:
            self.tasks.drop_matching_records(query)
            for msg_id in chosen:
                self.model.pop(msg_id, None)
        self.settle()

    # --- questions

    @invariant()
    def each_record_is_right(self) -> None:
        for msg_id in IDS:
            try:
                found = self.tasks.get_record(msg_id)
            except MissingRecordError:
                found = None
            assert text(found) == text(self.model.get(msg_id))

    @rule(call=st.sampled_from(['find', 'history', 'merge']))
    def look(self, call: str) -> None:
        """What merges, or tries to."""
        if call == 'find':
            found = {record['msg_id']: text(record) for record in self.tasks.find_records({})}
            assert found == {msg_id: text(record) for msg_id, record in self.model.items()}
        elif call == 'history':
            assert sorted(self.tasks.get_history()) == sorted(self.model)
        else:
            self.tasks._merge()
        self.settle()

    # --- time passes

    @rule(number=st.sampled_from([1, 2, 99]))
    def later(self, number: int) -> None:
        """What is kept is tried again; it may be interrupted after some records."""
        if self.tasks._waiting and self.tasks._ready():
            if self.tasks._unlogged:
                self.tasks._write_some(float('inf'))
            for msg_id in [*self.tasks._kept][:number]:
                self.tasks._write_one(msg_id)
            if number == 99:
                self.tasks._end()
        self.settle()

    # --- troubles

    @rule()
    def lock_or_release(self) -> None:
        """Another program begins a transaction, or ends it."""
        if self.lock:
            self.release()
        else:
            self.lock = apsw.Connection(str(self.path))
            self.lock.execute('BEGIN IMMEDIATE')
            self.look('history')  # what is recent is kept then

    def release(self) -> None:
        if self.lock:
            self.lock.close()
        self.lock = None

    @rule()
    def fill_or_make_room(self) -> None:
        self.disk.full = not self.disk.full

    @rule(call=st.sampled_from(['', '', 'look', 'drop', 'later']))
    def kill(self, call: str) -> None:
        """The process is killed now, or in this call after it has merged, and before it has cleared the log."""
        copies: list[Path] = []
        clear = DeltaLog.clear

        def after_copy(log: DeltaLog) -> None:
            if not copies:
                copies.append(self.copy())
            clear(log)

        with self.patches.context() as patches:
            patches.setattr(DeltaLog, 'clear', after_copy)
            if call == 'drop' and not self.lock:
                self.tasks.drop_matching_records({'msg_id': 'no such'})
            elif call == 'look':
                self.look('find')
            elif call == 'later':
                self.later(99)
        self.go_on_with(copies[0] if copies else self.copy())

    def copy(self) -> Path:
        """The files as they are now, elsewhere."""
        folder = Path(tempfile.mkdtemp())
        for file in self.folders[-1].iterdir():
            if not file.name.endswith('-shm'):
                shutil.copy(file, folder)
        return folder

    def go_on_with(self, folder: Path) -> None:
        self.release()
        self.tasks._closing.set()
        self.left.append(self.tasks)
        self.folders.append(folder)
        self.take_over()

    def take_over(self) -> None:
        """Open what a process has left; it may lack only what could not be logged."""
        with SqliteStore(str(self.path), settings=Settings(self.journal, 'off')) as store:
            found = {record['msg_id']: record for record in store.find_records({})}
            found = {msg_id: {c: plain_value(v) for c, v in plain(r).items()} for msg_id, r in found.items()}
            with store.using() as connection:
                blobs = connection.execute('SELECT count(*) FROM task_buffers').get
        for msg_id in IDS:
            assert text(found.get(msg_id)) in self.possible[msg_id]
        named = sum(len(r[column] or ()) for r in found.values() for column in ('buffers', 'result_buffers'))
        assert blobs == named
        self.model = found
        self.open()

    @rule()
    def close_and_reopen(self) -> None:
        self.tasks.close()
        self.release()
        self.take_over()

    @precondition(lambda self: not self.lock)
    @rule(msg_id=ids, record=records())
    def another_process_writes(self, msg_id: str, record: Record) -> None:
        """It adds or drops a record of which nothing is pending here."""
        if msg_id in self.tasks._logged or msg_id in self.tasks._recent or msg_id in self.tasks._kept:
            return
        with mqsql.open(self.path, journal_mode=self.journal) as store:
            if self.model.pop(msg_id, None):
                store.drop_record(msg_id)
            else:
                store.add_record(msg_id, record)
                self.model[msg_id] = whole(msg_id, record)
        self.possible[msg_id] = [text(self.model.get(msg_id))]


class Intervals(Deltas):
    """The same without a log: a kill loses what was not merged yet."""

    interval = 3600.0


Deltas.TestCase.settings = settings(max_examples=settings().max_examples // 2, stateful_step_count=30)
Intervals.TestCase.settings = settings(max_examples=settings().max_examples // 8, stateful_step_count=20)
TestDeltas = Deltas.TestCase
TestIntervals = Intervals.TestCase
