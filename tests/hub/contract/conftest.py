"""The databases that the contract is about: one of each kind, empty or with a history."""

from collections.abc import Iterator
from contextlib import ExitStack, closing
from typing import Any

import pytest
from hub_alone import HubAlone, hub_alone
from hub_kinds import KINDS, History, Kind, Urls

FAULTS = ('db error', 'db::', 'conflicting', 'failed to get')
"""How the hub's complaints of its database begin, but for that of a query."""


class Maker:
    """Makes databases that have the same history, which is empty at first."""

    def __init__(self, history: History) -> None:
        self._history, self.kind = history, history.kind
        self._made: list[Any] = []
        self._trouble = ExitStack()

    def __call__(self, **options: Any) -> Any:
        """A database; what is the matter with this kind begins with the first."""
        self._made.append(self._history.make(**options))
        if len(self._made) == 1:
            self._made[0].drop_matching_records({})
            self._trouble.enter_context(self.kind.trouble(self._history.directory))
        return self._made[-1]

    def again(self, **options: Any) -> Any:
        """A database with what is left of the history when all others are closed."""
        self.close()
        return self(**options)

    def close(self) -> None:
        """Close all; of what is the matter, nothing is left before."""
        self._trouble.close()
        for db in self._made:
            db.close()


@pytest.fixture(scope='module', params=KINDS, ids=str)
def kind(request: pytest.FixtureRequest) -> Kind:
    """Each kind of database."""
    found: Kind = request.param
    return found


@pytest.fixture(scope='module')
def history(kind: Kind, tmp_path_factory: pytest.TempPathFactory, mongo_urls: Urls) -> Iterator[History]:
    """Where the databases of a module have their records: a server takes long to make a new place."""
    with kind.history(tmp_path_factory.mktemp('history'), mongo_urls) as found:
        yield found


@pytest.fixture
def make(history: History) -> Iterator[Maker]:
    """Makes databases with the history of the test."""
    with closing(Maker(history)) as maker:
        yield maker


@pytest.fixture
def db(make: Maker) -> Any:
    """An empty database."""
    return make()


@pytest.fixture
def hub(db: Any, caplog: pytest.LogCaptureFixture) -> Iterator[HubAlone]:
    """A hub with `db`, which finds no fault with it."""
    with hub_alone(db) as alone:
        yield alone
    said = [record.getMessage() for record in caplog.get_records('call')]
    assert [text for text in said if text.lower().startswith(FAULTS)] == []
