"""The process that a backend runs in, so that a crash or an endless loop there is a finding, not the end."""

import logging
import os
import shutil
import warnings
from collections.abc import Iterator
from contextlib import suppress
from importlib.metadata import PackageNotFoundError, packages_distributions, version
from multiprocessing.connection import Connection
from pathlib import Path
from typing import Any

from mqsql.errors import cut
from mqsql.fuzzing.outcomes import ANSWER, CRASH, ERROR, Outcome, plain
from mqsql.fuzzing.steps import Steps
from mqsql.fuzzing.targets.base import Target, TargetError
from mqsql.fuzzing.targets.commands import CommandTarget, EndedError
from mqsql.fuzzing.targets.spec import CLASS, LIBRARY, Spec, make_target

LONGEST = 200
"""Characters of a message of an exception."""


def serve(connection: Connection, spec: Spec, directory: str) -> None:
    """Answer histories of steps until there are no more; nothing is printed."""
    _be_quiet()
    try:
        target = make_target(spec)  # where the user is: what is named may be a file there
        os.chdir(directory)
        _begin(target, Path(directory), 0)
    except Exception as e:  # a backend may raise anything
        connection.send(_why(e))
        return
    connection.send((target.kind, target.ordered, target.abilities, _version(spec)))
    with suppress(EOFError, KeyboardInterrupt):
        _answer(connection, target, Path(directory))
    target.close()
    if isinstance(target, CommandTarget):
        target.end()


def _be_quiet() -> None:
    null = os.open(os.devnull, os.O_RDWR)
    for number in (1, 2):
        os.dup2(null, number)
    logging.disable(logging.CRITICAL)
    warnings.simplefilter('ignore')


def _why(error: Exception) -> str:
    return str(error) if isinstance(error, TargetError) else f'{type(error).__name__}: {cut(str(error), LONGEST)}'


def _answer(connection: Connection, target: Target, directory: Path) -> None:
    """Run histories, and send the outcomes of each: at once, or one by one as they come."""
    number = 0
    while True:
        steps, one_by_one = connection.recv()
        number += 1
        outcomes = _outcomes(target, steps, directory, number)
        if one_by_one:
            for outcome in outcomes:
                connection.send(outcome)
        else:
            connection.send(list(outcomes))


def _outcomes(target: Target, steps: Steps, directory: Path, number: int) -> Iterator[Outcome]:
    """What comes of opening the backend empty, then of each step; nothing after the end of a program."""
    begun = _outcome(lambda: _begin(target, directory, number))
    yield begun
    for step in steps if begun.kind == ANSWER else ():
        outcome = _outcome(lambda: target.do(step))  # noqa: B023
        yield outcome
        if outcome.kind == CRASH:
            return


def _begin(target: Target, directory: Path, number: int) -> tuple[None, bool]:
    """Open the backend empty, in a directory of its own."""
    with suppress(Exception):  # what the last history has left may be broken
        target.close()
    shutil.rmtree(directory / str(number - 1), ignore_errors=True)
    (directory / str(number)).mkdir()
    target.begin(directory / str(number))
    return None, False


def _outcome(do: Any) -> Outcome:
    try:
        answer, changed = do()
        return Outcome(ANSWER, plain(answer), changed=changed)
    except EndedError as e:
        return Outcome(CRASH, error=str(e))
    except Exception as e:
        return Outcome(ERROR, error=type(e).__name__, message=cut(str(e), LONGEST))


def _version(spec: Spec) -> str:
    """The distribution that the backend is from, and its version."""
    if spec.form not in (CLASS, LIBRARY):
        return ''
    package = spec.text.partition(':')[0].partition('.')[0]
    with suppress(PackageNotFoundError):
        name = next(iter(packages_distributions().get(package, [package])))
        return f'{name} {version(name)}'
    return ''
