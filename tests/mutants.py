"""A pytest plugin for runs on mutants of the compiler (`make mutants`): every test compiles anew, and few examples are drawn.

A statement that another test left in a cache would hide a mutant, and the examples would cost more than they find: most
mutants fall to the first few.
"""

import re
import sys
from typing import Any

import pytest
from hypothesis import Phase, settings

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
    modules = [vars(module) for name, module in sys.modules.items() if name.startswith('mqsql.compiler')]
    return [value for names in modules for value in names.values() if hasattr(value, 'cache_clear')]


@pytest.fixture(autouse=True)
def nothing_kept(caches: list[Any]) -> None:
    """The caches are empty."""
    for cache in caches:
        cache.cache_clear()


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Leave out tests that are not found again by their names: pytest escapes \\ once more at each collection."""
    items[:] = [item for item in items if not re.search(r'\\| at 0x', item.nodeid)]
