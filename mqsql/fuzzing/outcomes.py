"""What came of a step in a backend, in a form that another process can be told."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from re import Pattern
from typing import Any

ANSWER, ERROR, CRASH, HANG = 'answer', 'error', 'crash', 'hang'


@dataclass(frozen=True)
class Outcome:
    """An answer, or what came in its place."""

    kind: str
    value: Any = None
    """The answer."""
    error: str = ''
    """The name of the exception's class; of a crash, how the process ended."""
    message: str = ''
    changed: bool = False
    """Whether the call changed one of its arguments."""

    def __str__(self) -> str:
        if self.kind == ANSWER:
            return repr(self.value)
        what = {ERROR: 'an error', CRASH: 'the process ended', HANG: 'no answer'}[self.kind]
        return f'{what}: {": ".join(part for part in (self.error, self.message) if part)}'


@dataclass(frozen=True)
class Foreign:
    """A value of a type that no record holds."""

    kind: str
    text: str

    def __repr__(self) -> str:
        return f'<{self.kind} {self.text}>'


def plain(value: Any) -> Any:
    """The value in Python's own types; of any other type, its name and text."""
    if value is None or isinstance(value, Pattern):
        return value
    if isinstance(value, Mapping):
        return {key if isinstance(key, str) else repr(key): plain(part) for key, part in value.items()}
    for kind in (bool, int, float, str):
        if isinstance(value, kind):
            return value if type(value) is kind else kind(value)
    if isinstance(value, bytes | bytearray | memoryview):
        return bytes(value)
    if isinstance(value, datetime):
        return value
    if isinstance(value, Sequence):
        return [plain(part) for part in value]
    return Foreign(type(value).__name__, repr(value)[:80])
