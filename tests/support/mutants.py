"""A pytest plugin for runs on mutants of the compiler (`make mutants`): every test compiles again, and few examples are drawn.

A statement that another test left in a cache would hide a mutant, and the examples would cost more than they find: most
mutants fall to the first few. Each mutant has a process that has imported this module and nothing of the project, so that what
the compiler runs while it is imported is mutated too; what a process needs anyway is imported here, once for all.
"""

import re
import sys
from typing import Any

import apsw  # noqa: F401
import hypothesis.stateful  # noqa: F401
import orjson  # noqa: F401
import pytest
import sqlglot.dialects.sqlite  # noqa: F401
from hypothesis import Phase, settings
from mutmut.state import state

COMPILER = 'mqsql.compiler'
LEFT_OUT = re.compile(
    ' at 0x'  # not found again by their names
    '|test_a_million_ids|test_every_character_has_a_place|put the values into one'  # take seconds, and find what others find
)

settings.register_profile(
    'mutants',
    derandomize=True,
    deadline=None,
    database=None,
    max_examples=8,
    phases=(Phase.explicit, Phase.generate),
    report_multiple_bugs=False,
)
sys.setrecursionlimit(10_000)  # each call of a mutated function takes three frames


@pytest.fixture(scope='session')
def caches() -> list[Any]:
    """The caches of the compiler's functions."""
    modules = [vars(module) for name, module in sys.modules.items() if name.startswith(COMPILER)]
    values = [value for names in modules for value in names.values() if not isinstance(value, type)]
    return [value for value in values if hasattr(value, 'cache_clear')]


@pytest.fixture(autouse=True)
def nothing_kept(caches: list[Any]) -> None:
    """The caches are empty."""
    for cache in caches:
        cache.cache_clear()


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Leave out what cannot be told by its name, or takes too long; the quickest come first."""
    items[:] = [item for item in items if not LEFT_OUT.search(item.nodeid)]
    items.sort(key=lambda item: state().duration_by_test.get(item.nodeid, 0))


# --- which tests are tests of what an import runs: those that run something else of the same package

AT_IMPORT: dict[str, set[str]] = {}
"""By package, the functions that ran while the tests were collected."""


def pytest_collection_finish() -> None:
    """Set apart what has been reached so far, before mutmut takes it for the first test's."""
    for function in state()._stats:
        AT_IMPORT.setdefault(_package(function), set()).add(function)
    state()._stats.clear()


@pytest.hookimpl(tryfirst=True)
def pytest_runtest_teardown() -> None:
    """Add it to what a test of the same package has reached."""
    for package in {_package(function) for function in state()._stats}:
        state()._stats |= AT_IMPORT.get(package, set())


def _package(function: str) -> str:
    """The package a mutated function is in; its module, where the package is the compiler itself."""
    module = re.split(r'\.x[_ǁ]', function)[0]
    parent = module.rpartition('.')[0]
    return module if parent in (COMPILER, 'mqsql') else parent
