"""Errors of a database's driver, as errors of mqsql."""

from abc import ABC, abstractmethod
from types import TracebackType


class ErrorTranslation(ABC):
    """A context of work on the database at `path`: errors of its driver leave it as errors of mqsql that name the path."""

    def __init__(self, path: str) -> None:
        self.path = path

    def __enter__(self) -> None:
        return None

    def __exit__(self, kind: object, error: BaseException | None, trace: TracebackType | None) -> None:
        if error is not None:
            self._explain(error)

    @abstractmethod
    def _explain(self, error: BaseException) -> None:
        """Raise the error of mqsql that an error is, or do nothing if it is none of the driver's."""
