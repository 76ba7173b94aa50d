"""Which tasks were dropped to keep a limit, as far as a hub remembers it."""

from collections import OrderedDict
from collections.abc import Iterable

ORPHAN_SECONDS = 60.0
"""After which output without a request is taken for an orphan."""

REMEMBERED = 100_000  # ids


class CulledIds:
    """The last 100,000 ids of tasks that were dropped to keep a limit."""

    def __init__(self) -> None:
        # A dict is slow to give its first key when it had others before.
        self._ids: OrderedDict[str, None] = OrderedDict()

    def __contains__(self, msg_id: object) -> bool:
        return isinstance(msg_id, str) and msg_id in self._ids

    def add(self, ids: Iterable[str]) -> None:
        """Remember these, and forget the oldest instead."""
        for msg_id in ids:
            self._ids[msg_id] = None
            self._ids.move_to_end(msg_id)
            if len(self._ids) > REMEMBERED:
                self._ids.popitem(last=False)

    def discard(self, msg_id: str) -> None:
        """Forget one, whose task is there again."""
        self._ids.pop(msg_id, None)
