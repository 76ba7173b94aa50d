"""Waiting for what another thread or process does."""

import time
from collections.abc import Callable

SECONDS = 240
"""To wait for at most. It ends a test that hangs; how fast the machine is must not matter."""


def holds_in_time(holds: Callable[[], object], seconds: float) -> bool:
    """Whether it holds within so many seconds; returns as soon as it does."""
    deadline = time.monotonic() + seconds
    while not holds():
        if time.monotonic() > deadline:
            return False
        time.sleep(0.02)
    return True


def wait_until(holds: Callable[[], object], otherwise: str = 'it does not happen') -> None:
    """Return when `holds` does; fail with a sentence if it does not in time."""
    assert holds_in_time(holds, SECONDS), otherwise
