"""The process of a contender, and how another process talks to it."""

import gc
import io
import logging
import multiprocessing
import os
import signal
import sys
import traceback
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from functools import partial
from multiprocessing.connection import Connection, wait
from pathlib import Path
from typing import NamedTuple, Self

from bench.answers import Checksum
from bench.contenders import CONTENDERS
from bench.contenders.base import NotOfferedError
from bench.measuring import ERROR, LEFT_OUT, OK, OVER, Clock, Measured, Outcome
from bench.questions import Facts, Question, questions

FILL_CHUNK = 1_000
FILL_FACTOR, FILL_RATE = 3, 2_000
"""To fill a contender may take so many times what an answer may, or as long as so many records a second take."""

GRACE = 2.0
"""A process that does not even end a question after so many times the seconds is ended itself."""

START_SECONDS = 90.0


class Patience(NamedTuple):
    """The seconds that an answer may take, and those that it may take to add the history."""

    answer: float
    filling: float

    @classmethod
    def of(cls, answer: float, size: int) -> Self:
        """That with a history of so many records."""
        return cls(answer, max(answer * FILL_FACTOR, size / FILL_RATE))


class OverTimeError(BaseException):
    """Raised in the midst of a question that takes too long; no `except Exception` of a contender holds it up."""


class LostError(Exception):
    """The process of a contender has ended, or was ended because it did not answer."""


class Process:
    """A contender in a process of its own, which is the first of a process group."""

    def __init__(
        self, name: str, directory: Path, facts: Facts, truths: dict[str, Checksum], patience: Patience
    ) -> None:
        self.patience = patience
        spawn = multiprocessing.get_context('spawn')
        self._connection, theirs = spawn.Pipe()
        arguments = theirs, name, directory, facts, truths, patience
        self._process = spawn.Process(target=_serve, args=arguments, name=name)
        self._process.start()
        self._ended = False
        theirs.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        with suppress(OSError):
            self._connection.send(None)
        wait([self._process.sentinel], START_SECONDS)
        self._kill()

    @property
    def pid(self) -> int | None:
        """The id of the process, and of the group."""
        return self._process.pid

    def opened(self) -> Outcome:
        """Whether the database could be opened."""
        return self._answer(START_SECONDS)

    def fill(self) -> Outcome:
        """Add the history; seconds of all of it."""
        self._connection.send('')
        return self._answer(self.patience.filling * GRACE + START_SECONDS)

    def ask(self, question: str) -> Outcome:
        """Ask a question once; raises LostError."""
        try:
            self._connection.send(question)
        except OSError as e:
            raise LostError('its process has ended') from e
        return self._answer(self.patience.answer * GRACE + START_SECONDS)

    def _answer(self, seconds: float) -> Outcome:
        try:
            if self._connection.poll(seconds):
                outcome: Outcome = self._connection.recv()
                return outcome
        except (EOFError, OSError) as e:
            raise LostError('its process has ended') from e
        self._kill()
        raise LostError(f'its process did not answer within {seconds:.0f} s')

    def _kill(self) -> None:
        """End what is left of the group: the process, or a server that it left behind."""
        if not self._ended:
            self._ended = True
            assert self._process.pid is not None
            # Until `join` the id is this group's, even if its process has ended; before it begins, there is no group.
            with suppress(ProcessLookupError, PermissionError):  # the second on macOS, when the process has ended
                os.killpg(self._process.pid, signal.SIGKILL)
            self._process.kill()
            self._process.join()


def _serve(
    connection: Connection, name: str, directory: Path, facts: Facts, truths: dict[str, Checksum], patience: Patience
) -> None:
    os.setpgid(0, 0)  # so that the group can be ended, with a server that the contender has started
    _silence(directory / 'output')
    try:
        contender = CONTENDERS[name].open(directory)
    except Exception as e:
        connection.send(_failed(e))
        return
    connection.send(Outcome(OK))
    try:
        _answer(connection, Measured(contender, facts.history, truths), questions(facts), patience)
    except EOFError:
        pass
    finally:
        contender.close()


def _answer(connection: Connection, measured: Measured, known: dict[str, Question], patience: Patience) -> None:
    last = ''
    while (asked := connection.recv()) is not None:
        if asked != last:
            gc.collect()  # once for each question: what the last one left is not its work
            last = asked
        work = partial(measured.ask, known[asked]) if asked else partial(_fill, measured)
        connection.send(_limited(work, patience.answer if asked else patience.filling))


def _silence(log: Path) -> None:
    """What a contender prints goes into a file, and what it logs nowhere."""
    logging.disable(logging.CRITICAL)
    descriptor = os.open(log, os.O_WRONLY | os.O_CREAT | os.O_APPEND)
    os.dup2(descriptor, 1)
    os.dup2(descriptor, 2)
    os.close(descriptor)
    sys.stdout = sys.stderr = io.TextIOWrapper(os.fdopen(1, 'wb', closefd=False), line_buffering=True)


def _fill(measured: Measured) -> Outcome:
    with Clock() as clock:
        for chunk in measured.history.chunks(FILL_CHUNK):
            measured.contender.add_many(chunk)
        measured.contender.settle()
        measured.contender.filled()
    return Outcome(OK, clock.seconds, clock.processor)


def _limited(work: Callable[[], Outcome], patience: float) -> Outcome:
    try:
        with _time_limit(patience):
            return work()
    except OverTimeError:
        return Outcome(OVER, note=f'> {patience:.0f} s')
    except NotOfferedError as e:
        return Outcome(LEFT_OUT, note=str(e))
    except Exception as e:
        return _failed(e)


def _failed(error: Exception) -> Outcome:
    traceback.print_exception(error)
    text = ' '.join(str(error).split())
    return Outcome(ERROR, note=f'{type(error).__name__}: {text[:160]}')


@contextmanager
def _time_limit(seconds: float) -> Iterator[None]:
    """End the block with OverTimeError after so many seconds, or when C code next comes back to Python."""

    def stop(*_: object) -> None:
        raise OverTimeError

    before = signal.signal(signal.SIGALRM, stop)
    try:
        signal.setitimer(signal.ITIMER_REAL, seconds)
        yield
    finally:
        signal.setitimer(signal.ITIMER_REAL, 0)
        signal.signal(signal.SIGALRM, before)
