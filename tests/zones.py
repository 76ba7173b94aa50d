"""The local zone of the process, as tests want it."""

import os
import time
from collections.abc import Iterator
from contextlib import contextmanager

import pytest

CAN_CHANGE = hasattr(time, 'tzset')
needs_tzset = pytest.mark.skipif(not CAN_CHANGE, reason='this system has no time.tzset, which changes the local zone')


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
    if CAN_CHANGE:
        os.environ.pop('TZ', None)
        if name is not None:
            os.environ['TZ'] = name
        time.tzset()
