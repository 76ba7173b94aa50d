"""Pauses the collection of garbage while many records are made.

Python's collector goes over all new dicts and lists again and again, although none of them is garbage. Without the pause it
takes as long as all else.
"""

import gc
from collections.abc import Iterator
from contextlib import contextmanager
from threading import Lock

_lock = Lock()
_blocks = 0
_was_enabled = False


@contextmanager
def no_collection() -> Iterator[None]:
    """A block without collections, of this thread and of all others; they go on after the last such block."""
    global _blocks, _was_enabled
    with _lock:
        _blocks += 1
        if _blocks == 1:
            _was_enabled = gc.isenabled()
            gc.disable()
    try:
        yield
    finally:
        with _lock:
            _blocks -= 1
            if not _blocks and _was_enabled:
                gc.enable()
