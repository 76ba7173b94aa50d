"""Waits for the locks of other processes on a file."""

from time import monotonic, sleep

import apsw

from mqsql import limits

PAUSES = (0.001, 0.002, 0.005, 0.01, 0.015, 0.02, 0.025, 0.025, 0.025, 0.05, 0.05, 0.1)  # seconds, between tries


def wait_for_others(connection: apsw.Connection, seconds: float) -> None:
    """Wait so long for the locks that other users hold on the file of this connection, then fail."""
    started = 0.0

    def again(tries: int) -> bool:
        nonlocal started
        limits.check()
        started = started if tries else monotonic()
        sleep(PAUSES[min(tries, len(PAUSES) - 1)])
        return monotonic() - started < seconds

    if seconds:
        connection.set_busy_handler(again)
    else:
        connection.set_busy_timeout(0)
