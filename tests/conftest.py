"""How the tests run: hypothesis profiles, the local zone of the property tests, stores, files, servers, and the tally."""

import os
import signal
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from functools import cache
from pathlib import Path

import pytest
from hypothesis import settings
from mongo_differences import BY_NATURE, why_not
from mongo_servers import GIVEN, KINDS, Place, place, running
from systems import in_zone
from tables import LOCAL_ZONE
from tally import TALLY

import mqsql
from mqsql.storage import Store

# No deadline: it would make a test fail because another process was busy.
settings.register_profile('ci', derandomize=True, deadline=None, database=None, max_examples=200)
settings.register_profile(
    'fuzz', deadline=None, print_blob=True, max_examples=int(os.environ.get('MQSQL_EXAMPLES', 2000))
)
settings.load_profile('ci')

if signal.getsignal(signal.SIGINT) is signal.SIG_IGN:
    # A shell has started the tests in the background; the commands that they interrupt would never notice.
    signal.signal(signal.SIGINT, signal.default_int_handler)


@pytest.fixture(scope='module')
def local_zone() -> Iterator[None]:
    """The process's local zone has clock changes while a module's tests run."""
    with in_zone(LOCAL_ZONE):
        yield


@pytest.fixture(params=['file', ':memory:', 'dict:', 'duckdb', 'mongodb'])
def store(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Store]:
    """An empty store of each kind."""
    if request.param == 'mongodb':
        name = request.node.originalname
        if reason := BY_NATURE.get(name) or why_not('secantus', name):
            pytest.skip(reason)
        mongo = request.getfixturevalue('secantus')
        with mqsql.open(f'{mongo.url}/{mongo.database}.tasks') as opened:
            yield opened
        return
    urls = {'file': str(tmp_path / 'tasks.db'), 'duckdb': f'duckdb:{tmp_path}/tasks.duckdb'}
    with mqsql.open(urls.get(request.param, request.param)) as opened:
        yield opened


@pytest.fixture
def path(tmp_path: Path) -> Path:
    """Where a file may be made."""
    return tmp_path / 'tasks.db'


@pytest.fixture(scope='session')
def mongo_urls(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Callable[[str], str]]:
    """The URL of a server of some kind, for tests that leave it running; it starts when a test first asks for it."""
    with ExitStack() as stack:

        @cache
        def url(kind: str) -> str:
            if kind == 'given':
                return GIVEN
            return stack.enter_context(running(kind, tmp_path_factory.mktemp(kind))).url

        yield url


@pytest.fixture
def mongo_place(mongo_urls: Callable[[str], str]) -> Iterator[Callable[[str], Place]]:
    """A database of the test's own on a server of some kind."""
    with ExitStack() as stack:
        yield lambda kind: stack.enter_context(place(kind, mongo_urls(kind)))


@pytest.fixture(params=KINDS)
def mongo(request: pytest.FixtureRequest, mongo_place: Callable[[str], Place]) -> Place:
    """A database of the test's own on each kind of server. A test that the server cannot pass must fail there."""
    if reason := why_not(request.param, request.node.name):
        request.applymarker(pytest.mark.xfail(reason=reason, strict=True))
    return mongo_place(request.param)


@pytest.fixture
def secantus(mongo_place: Callable[[str], Place]) -> Place:
    """A database of the test's own on SecantusDB alone, of our servers the one nearer to MongoDB."""
    return mongo_place('secantus')


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    """Say what the differential tests compared, if they ran."""
    if TALLY.queries:
        terminalreporter.write_line(TALLY.summary())
