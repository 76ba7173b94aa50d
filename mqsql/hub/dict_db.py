"""The task database of an IPython Parallel hub, in memory.

One line of ipcontroller_config.py turns it on:

    c.IPController.db_class = 'mqsql.hub.DictDB'

The options that ipyparallel's own DictDB has keep their meaning: `c.DictDB.record_limit`, `size_limit`, `cull_fraction`.
"""

from collections.abc import Mapping
from typing import Any

from traitlets import Float, Integer, TraitError, validate

from mqsql.errors import short_repr
from mqsql.hub.culling import CulledStore
from mqsql.hub.database import HubDatabase, query_timeout

OUTPUT = ('stdout', 'stderr', 'error', 'execute_input', 'execute_result', 'display_data')
"""What the hub hears of a task beside its request and its result."""


class Fraction(Float[float, Any]):
    """A number from 0 to 1."""

    def validate(self, obj: Any, value: Any) -> Any:
        """The number; TraitError says what to write."""
        if isinstance(value, bool) or not isinstance(value, int | float) or not 0 <= value <= 1:
            raise TraitError(f'{self.name} is a number from 0 to 1, not {short_repr(value)}')
        return float(value)


class DictDB(HubDatabase):
    """Keeps the hub's task records in memory, as long as the controller runs, within limits."""

    record_limit = Integer(
        1024,
        min=0,
        help="""Records to keep; 0 is no limit. When there are more, the oldest finished tasks go until there are at most
        record_limit * (1 - cull_fraction). Pending tasks never go, even if there are more than the limit.""",
    ).tag(config=True)
    size_limit = Integer(
        1024**3,
        min=0,
        help="""Bytes of buffers (the arguments and results of tasks) to keep; 0 is no limit. When there are more, the oldest
        finished tasks go until there are at most size_limit * (1 - cull_fraction). Pending tasks never go.""",
    ).tag(config=True)
    cull_fraction = Fraction(
        0.1,
        help="""The part of a limit, from 0 to 1, that becomes free when the limit is exceeded: the number of records (or the
        bytes of buffers) is mostly between limit * (1 - cull_fraction) and limit.""",
    ).tag(config=True)
    query_timeout = query_timeout()

    def __init__(self, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self._store: CulledStore = CulledStore(self, self.log.warning, query_timeout=self.query_timeout)
        self._tasks = self._store

    @validate('record_limit', 'size_limit')
    def _no_boolean(self, proposal: Any) -> int:
        value: int = proposal['value']
        if isinstance(value, bool):
            raise TraitError(f'{proposal["trait"].name} is a number, not {value}')
        return value

    def add_record(self, msg_id: str, rec: Mapping[str, Any]) -> None:
        """See HubDatabase. Output that comes after its task has been culled is dropped, too."""
        if not (self._store.culled(msg_id) and _is_output(rec)):
            super().add_record(msg_id, rec)


def _is_output(rec: object) -> bool:
    """Whether it is the record that the hub begins for output of a task that it does not find."""
    if not isinstance(rec, Mapping) or rec.get('submitted') is not None or rec.get('completed') is not None:
        return False
    return any(rec.get(key) for key in OUTPUT)
