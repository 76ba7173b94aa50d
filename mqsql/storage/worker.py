"""Statements run in a process of their own, which can be ended whatever they do. Imports `connection`, `limits`, `errors`.

SQLite can be stopped between two steps of a statement, but a pattern that is tried on a text is one step, and there are
patterns that take longer than the age of the universe. The process is started when first needed and kept.
"""

import math
import os
import pickle
import signal
import subprocess
import sys
from collections.abc import Mapping
from select import select
from threading import Lock
from typing import IO, Any

import apsw

from mqsql.errors import MqsqlError, StorageError
from mqsql.schema.codec import UNDECODABLE
from mqsql.storage.connection import Settings, connect
from mqsql.storage.failures import Failures
from mqsql.storage.limits import Deadline

Row = tuple[Any, ...]

CHUNK = 1 << 20
START_SECONDS = 60
_LENGTH = 8  # bytes in front of an answer that say how long it is


class Worker:
    """Reads the file at `path`, and is given up after a time."""

    def __init__(self, path: str) -> None:
        self._path, self._lock = path, Lock()
        self._process: subprocess.Popen[bytes] | None = None

    def fetch(self, sql: str, params: Mapping[str, Any], seconds: float) -> list[Row]:
        """All rows of a SELECT; StorageError after that time, or with the database's own words if it fails."""
        with self._lock:
            try:
                process = self._running()
                answer = _ask(process, pickle.dumps((sql, dict(params), seconds)), Deadline(seconds))
            except BaseException:
                # What it will still say would answer the next question.
                self._end()
                raise
        rows, failure = pickle.loads(answer)
        if isinstance(failure, MqsqlError):
            raise failure
        if failure is not None:
            with Failures(self._path):
                raise failure
        return list(rows)

    def _running(self) -> 'subprocess.Popen[bytes]':
        if self._process is None or self._process.poll() is not None:
            command = [sys.executable, '-c', f'from {__name__} import serve; serve()', self._path]
            # A session of its own: an interrupt from the keyboard is for the one that asks.
            self._process = subprocess.Popen(
                command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, start_new_session=True
            )
            assert self._process.stdout is not None
            _read(self._process.stdout, _LENGTH, Deadline(START_SECONDS))
        return self._process

    def close(self) -> None:
        """End the process."""
        with self._lock:
            self._end()

    def _end(self) -> None:
        process, self._process = self._process, None
        if process is not None:
            process.kill()
            process.communicate()


def _ask(process: 'subprocess.Popen[bytes]', question: bytes, deadline: Deadline) -> bytes:
    assert process.stdin is not None
    assert process.stdout is not None
    try:
        _write(process.stdin, question)
    except BrokenPipeError:
        raise StorageError('the process that was to answer a query has ended; repeat the query') from None
    length = int.from_bytes(_read(process.stdout, _LENGTH, deadline), 'big')
    return _read(process.stdout, length, deadline)


def _write(file: IO[bytes], data: bytes) -> None:
    file.write(len(data).to_bytes(_LENGTH, 'big') + data)
    file.flush()


def _read(file: IO[bytes], length: int, deadline: Deadline) -> bytes:
    data = bytearray()
    while len(data) < length:
        if not select([file], [], [], deadline.left())[0]:
            deadline.check()
        # The descriptor itself: a buffer in front of it would hide from select what it holds.
        part = os.read(file.fileno(), min(CHUNK, length - len(data)))
        if not part:
            raise StorageError('the process that was to answer a query has ended; repeat the query')
        data += part
    return bytes(data)


def serve() -> None:
    """Answer the questions on standard input, about the file that the command line names, until it ends."""
    questions, answers = sys.stdin.buffer, sys.stdout.buffer
    connection = connect(sys.argv[1], Settings(), readonly=True)
    _write(answers, b'')
    while length := questions.read(_LENGTH):
        sql, params, seconds = pickle.loads(questions.read(int.from_bytes(length, 'big')))
        # Ends this process should the one that asked be no more to do so.
        signal.alarm(math.ceil(seconds) + 1)
        _write(answers, pickle.dumps(_answer(connection, sql, params)))
        signal.alarm(0)


def _answer(connection: apsw.Connection, sql: str, params: Mapping[str, Any]) -> tuple[list[Row], Exception | None]:
    try:
        return connection.execute(sql, params).fetchall(), None
    except MqsqlError as e:
        return [], e  # an expression has no answer for a record
    except (apsw.Error, *UNDECODABLE) as e:
        return [], e
