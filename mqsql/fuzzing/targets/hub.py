"""Classes with the methods that a hub calls."""

import inspect
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from typing import Any
from uuid import uuid4

from mqsql.fuzzing.steps import Find, Query, Record
from mqsql.fuzzing.targets.base import HUB, Target, TargetError

METHODS = (
    'add_record',
    'get_record',
    'update_record',
    'drop_record',
    'drop_matching_records',
    'find_records',
    'get_history',
)
"""What a hub calls; `close` may be missing."""

KEYS = (
    'msg_id header metadata content buffers submitted client_uuid engine_uuid started completed resubmitted received '
    'result_header result_metadata result_content result_buffers queue execute_input execute_result error stdout stderr label'
).split()
"""The keys of each record that a hub adds, None where nothing is known yet."""


def is_hub_database(found: object) -> bool:
    """Whether it has the methods that a hub calls."""
    return all(callable(getattr(found, name, None)) for name in METHODS)


class HubTarget(Target):
    """A class of such databases, or a function that makes one, perhaps in the directory that it is given."""

    kind = HUB

    def __init__(self, make: Callable[..., Any]) -> None:
        self._make = make
        self._db: Any = None
        persists = 'reopen' if _place(make, Path()) else ''
        self.abilities = frozenset({'update', 'drop', 'drop matching', 'history', persists} - {''})

    def begin(self, directory: Path) -> None:
        self._place = _place(self._make, directory)
        self._open()

    def _open(self) -> None:
        self._db = self._make(**self._place, **_session(self._make))
        if not is_hub_database(self._db):
            raise TargetError(f'{type(self._db).__name__} lacks methods that a hub calls')

    @property
    def db(self) -> Any:
        """The database itself."""
        return self._db

    def add(self, records: list[Record]) -> None:
        for record in records:
            self.db.add_record(record['msg_id'], {**dict.fromkeys(KEYS), **record})

    def find(self, step: Find) -> list[Record]:
        given = () if step.keys is None else (step.keys,)
        return list(self.db.find_records(step.query, *given))

    def state(self, keys: list[str]) -> list[Record]:
        found = []
        for key in keys:
            with suppress(KeyError):
                found.append(self.db.get_record(key))
        return found

    def update(self, key: str, changes: Record) -> None:
        self.db.update_record(key, changes)

    def drop(self, key: str) -> None:
        self.db.drop_record(key)

    def drop_matching(self, query: Query) -> None:
        self.db.drop_matching_records(query)

    def history(self) -> list[str]:
        return list(self.db.get_history())

    def reopen(self) -> None:
        self.close()
        self._open()

    def close(self) -> None:
        if self._db is not None and hasattr(self._db, 'close'):
            self._db.close()
        self._db = None


def _options(make: Any) -> set[str]:
    """The options that it takes: the traits of a class, the parameters of anything else."""
    if hasattr(make, 'class_trait_names'):
        return set(make.class_trait_names())
    return {p.name for p in inspect.signature(make).parameters.values() if p.kind is not p.VAR_KEYWORD}


def _place(make: Any, directory: Path) -> dict[str, Any]:
    """The options by which the records are in this directory, or in a database of a name that nothing else has."""
    options = _options(make)
    for name in ('location', 'directory', 'path'):
        if name in options:
            return {name: str(directory)}
    return {'database': f'mqsql-fuzz-{uuid4().hex[:12]}'} if 'database' in options else {}


def _session(make: Any) -> dict[str, Any]:
    return {'session': 'fuzz'} if 'session' in _options(make) else {}
