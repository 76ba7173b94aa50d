"""Marks that skip tests on systems that lack what they need; and a block in another local zone."""

import os
import signal
import time
from collections.abc import Iterator
from contextlib import contextmanager

import psutil  # type: ignore[import-untyped]
import pytest

HAS_TZSET = hasattr(time, 'tzset')


def _needs(there: bool, reason: str) -> pytest.MarkDecorator:
    return pytest.mark.skipif(not there, reason=f'this system {reason}')


needs_tzset = _needs(HAS_TZSET, 'has no time.tzset, which changes the local zone')
needs_sigkill = _needs(hasattr(signal, 'SIGKILL'), 'has no SIGKILL')
needs_process_groups = _needs(hasattr(os, 'killpg'), 'has no process groups, which bench/hub_processes.py ends')
needs_terminals = _needs(hasattr(os, 'openpty'), 'has no os.openpty, which makes terminals')
needs_file_limits = _needs(hasattr(psutil, 'RLIMIT_FSIZE'), "has no limits of another process's files")


@contextmanager
def in_zone(name: str) -> Iterator[None]:
    """The local zone is this one in the block; where it cannot be changed it stays as it is."""
    before = os.environ.get('TZ')
    _change(name)
    try:
        yield
    finally:
        _change(before)


def _change(name: str | None) -> None:
    if HAS_TZSET:
        os.environ.pop('TZ', None)
        if name is not None:
            os.environ['TZ'] = name
        time.tzset()
