"""The databases that the contract is about: one of each kind, empty or with a history."""

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from hub_alone import HubAlone, hub_alone
from hub_kinds import KINDS, Kind

FAULTS = ('db error', 'db::', 'conflicting', 'failed to get')
"""How the hub's complaints of its database begin, but for that of a query."""

Make = Callable[..., Any]


@pytest.fixture(scope='module', params=KINDS, ids=lambda kind: kind.name)
def kind(request: pytest.FixtureRequest) -> Kind:
    """Each kind of database."""
    found: Kind = request.param
    return found


@pytest.fixture
def make(kind: Kind, tmp_path: Path) -> Iterator[Make]:
    """Makes databases with the history of the test; closes them."""
    made: list[Any] = []

    def make_one(**options: Any) -> Any:
        made.append(kind.make(tmp_path, **options))
        return made[-1]

    yield make_one
    for db in made:
        db.close()


@pytest.fixture
def db(make: Make) -> Any:
    """An empty database."""
    return make()


@pytest.fixture
def hub(db: Any, caplog: pytest.LogCaptureFixture) -> Iterator[HubAlone]:
    """A hub with `db`, which finds no fault with it."""
    with hub_alone(db) as alone:
        yield alone
    said = [record.getMessage() for record in caplog.get_records('call')]
    assert [text for text in said if text.lower().startswith(FAULTS)] == []
