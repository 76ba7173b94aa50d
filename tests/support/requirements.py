"""Prints the versions of dependencies that `make lowest` and `make sqlglot` try: `python tests/support/requirements.py [NAME]`.

Without a name, the lowest version of each dependency that pyproject.toml allows; with one, its lowest and its highest.
"""

import sys
import tomllib
from collections.abc import Iterator
from pathlib import Path

from packaging.requirements import Requirement

PROJECT = Path(__file__).parents[2] / 'pyproject.toml'


def dependencies() -> Iterator[Requirement]:
    """Those of the package and of its extras that have a lowest version."""
    project = tomllib.loads(PROJECT.read_text(encoding='utf-8'))['project']
    for text in (
        *project['dependencies'],
        *project['optional-dependencies']['hub'],
        *project['optional-dependencies']['duckdb'],
        *project['optional-dependencies']['mongodb'],
        *project['optional-dependencies']['arrow'],
        *project['optional-dependencies']['pandas'],
        *project['optional-dependencies']['polars'],
        *project['optional-dependencies']['testing'],
    ):
        requirement = Requirement(text)
        if _lowest(requirement):
            yield requirement


def _lowest(requirement: Requirement) -> list[str]:
    return [bound.version for bound in requirement.specifier if bound.operator == '>=']


def lowest(requirement: Requirement) -> str:
    """What pip takes for the lowest version."""
    return f'{requirement.name}=={_lowest(requirement)[0]}'


def tried(name: str = '') -> list[str]:
    """What pip takes: see above."""
    if not name:
        return [lowest(requirement) for requirement in dependencies()]
    (found,) = (requirement for requirement in dependencies() if requirement.name == name)
    # Of a range pip takes the highest version.
    return [lowest(found), f'{found.name}{found.specifier}']


if __name__ == '__main__':
    print(*tried(*sys.argv[1:]), sep='\n')
