"""Runs histories of steps in a process of its own, with a limit of time for each step."""

import multiprocessing
import os
import tempfile
from multiprocessing.connection import Connection
from multiprocessing.process import BaseProcess
from types import TracebackType
from typing import Any, NamedTuple, Self

from mqsql.fuzzing.child import serve
from mqsql.fuzzing.outcomes import ANSWER, CRASH, ERROR, HANG, Outcome
from mqsql.fuzzing.steps import Steps
from mqsql.fuzzing.targets.base import TargetError
from mqsql.fuzzing.targets.spec import Spec

START_SECONDS = 60
END_SECONDS = 5
MEMORY = '/dev/shm'


class Facts(NamedTuple):
    """What a backend said of itself."""

    kind: str
    ordered: bool
    abilities: frozenset[str]
    version: str


class Runner:
    """A backend, in a process that is started again after it ends or hangs."""

    def __init__(self, spec: Spec, timeout: float) -> None:
        self._spec, self._timeout = spec, timeout
        self._process: BaseProcess | None = None
        self._pipe: Connection | None = None
        self._directory: tempfile.TemporaryDirectory[str] | None = None
        self.facts = self._start()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: object, error: object, trace: TracebackType | None) -> None:
        if error is None:
            self.close()
        else:  # at once: it may not come to an end
            self._end()

    def _start(self) -> Facts:
        self._directory = tempfile.TemporaryDirectory(prefix='mqsql-fuzz-', dir=_place(), ignore_cleanup_errors=True)
        context = multiprocessing.get_context('spawn')
        self._pipe, theirs = context.Pipe()
        self._process = context.Process(target=serve, args=(theirs, self._spec, self._directory.name), daemon=True)
        self._process.start()
        theirs.close()
        said = self._receive(START_SECONDS)
        if isinstance(said, Outcome):
            self.close()
            raise TargetError(f'{self._spec.text}: the backend cannot be opened: {said}')
        if isinstance(said, str):
            self.close()
            raise TargetError(f'{self._spec.text}: {said}')
        return Facts(*said)

    def run(self, steps: Steps, *, one_by_one: bool = False) -> list[Outcome]:
        """What came of each step, up to the first that ended the process; of the opening, if that failed.

        All outcomes are sent at once, which is faster. Where they do not come, the steps are run again, one by one; this is
        what to begin with if it is likely.
        """
        if one_by_one:
            return _after_opening(self._one_by_one(steps))
        self._send(steps, one_by_one=False)
        found = self._receive(self._timeout)
        if isinstance(found, Outcome):
            self._end()
            found = self._one_by_one(steps)
        return _after_opening(found)

    def _send(self, steps: Steps, *, one_by_one: bool) -> None:
        if self._process is None:
            self.facts = self._start()
        assert self._pipe is not None
        self._pipe.send((steps, one_by_one))

    def _one_by_one(self, steps: Steps) -> list[Outcome]:
        self._send(steps, one_by_one=True)
        outcomes: list[Outcome] = []
        while len(outcomes) <= len(steps):
            outcomes.append(self._receive(self._timeout))
            if outcomes[-1].kind not in (ANSWER, ERROR):
                self._end()
                break
            if len(outcomes) == 1 and outcomes[0].kind == ERROR:
                break
        return outcomes

    def _receive(self, seconds: float) -> Any:
        """What the process says, or that it ended or says nothing."""
        assert self._pipe is not None
        assert self._process is not None
        try:
            return self._pipe.recv() if self._pipe.poll(seconds) else Outcome(HANG, message=f'for {seconds:g} seconds')
        except (EOFError, OSError):
            self._process.join(END_SECONDS)
            status = self._process.exitcode or 0
            return Outcome(CRASH, error=f'killed by signal {-status}' if status < 0 else f'exit status {status}')

    def _end(self) -> None:
        """End the process at once, and remove its files."""
        if self._process is not None:
            self._process.kill()
            self._process.join()
        if self._pipe is not None:
            self._pipe.close()
        if self._directory is not None:
            self._directory.cleanup()
        self._process = self._pipe = self._directory = None

    def close(self) -> None:
        """Let the process end, so that it can clean up."""
        if self._pipe is not None and self._process is not None:
            self._pipe.close()
            self._pipe = None
            self._process.join(END_SECONDS)
        self._end()


def _place() -> str | None:
    """Where the files of a backend are: in memory, where Linux has such a place, since most of the time goes to the disk."""
    return MEMORY if 'TMPDIR' not in os.environ and os.access(MEMORY, os.W_OK) else None


def _after_opening(outcomes: list[Outcome]) -> list[Outcome]:
    """Those of the steps; that of the opening, if it failed."""
    begun, *others = outcomes
    return others if begun.kind == ANSWER else [begun]
