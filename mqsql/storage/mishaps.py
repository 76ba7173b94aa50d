"""Reports failures in background threads."""

from collections.abc import Callable
from time import monotonic

Warn = Callable[[str], object]

SILENT_SECONDS = 3600.0  # before a failure of the same kind is reported again


class Mishaps:
    """A block that swallows failures, for a thread that must go on; it reports each kind once an hour to `say`."""

    def __init__(self, say: Warn, what: str) -> None:
        self._say, self._what = say, what
        self._said: dict[object, float] = {}

    def __enter__(self) -> None:
        return None

    def __exit__(self, kind: object, error: BaseException | None, trace: object) -> bool:
        if not isinstance(error, Exception):
            return False
        cause = type(error), type(error.__cause__)
        if monotonic() - self._said.get(cause, float('-inf')) > SILENT_SECONDS:
            self._said[cause] = monotonic()
            self._say(f'{self._what}: {str(error) or type(error).__name__}')
        return True
