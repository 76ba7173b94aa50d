"""What the files around the package say: versions, dates, dependencies and systems are the same everywhere."""

import re
import tomllib
from datetime import date
from pathlib import Path
from typing import Any

import pytest
from packaging.requirements import Requirement
from packaging.specifiers import SpecifierSet

import mqsql

yaml = pytest.importorskip('yaml')

PROJECT = Path(__file__).parents[2]

CONDA_NAMES = {'pcre2': 'pcre2-py', 'tzdata': 'python-tzdata', 'duckdb': 'python-duckdb'}
"""Packages whose name in conda is another one."""


def text(name: str) -> str:
    return (PROJECT / name).read_text(encoding='utf-8')


def parsed(name: str) -> Any:
    return yaml.safe_load(text(name))


@pytest.fixture(scope='module')
def project() -> Any:
    return tomllib.loads(text('pyproject.toml'))['project']


def pythons(project: Any) -> list[str]:
    """The versions of Python that the classifiers name."""
    found = (re.fullmatch(r'Programming Language :: Python :: (3\.\d+)', one) for one in project['classifiers'])
    return [one[1] for one in found if one]


# --- the version and its date


def releases() -> list[tuple[str, date]]:
    """The versions of the changelog, the latest first."""
    found = re.findall(r'^## \[(\d+\.\d+\.\d+)\] - (\d{4}-\d\d-\d\d)$', text('CHANGELOG.md'), re.MULTILINE)
    return [(version, date.fromisoformat(day)) for version, day in found]


def test_the_version_is_the_same_everywhere(project: Any) -> None:
    version = project['version']
    assert mqsql.__version__ == version
    assert parsed('CITATION.cff')['version'] == version
    assert parsed('conda/recipe.yaml')['context']['version'] == version
    assert releases()[0][0] == version


def test_the_changelog_has_what_is_to_come_first_and_a_link_for_each_version() -> None:
    sections = re.findall(r'^## (.+)$', text('CHANGELOG.md'), re.MULTILINE)
    assert sections[0] == '[Unreleased]'
    assert sections[1:] == [f'[{version}] - {day}' for version, day in releases()]
    links = dict(re.findall(r'^\[(.+?)\]: (\S+)$', text('CHANGELOG.md'), re.MULTILINE))
    assert list(links) == ['Unreleased', *(version for version, _ in releases())]
    assert links['Unreleased'].endswith(f'/compare/v{releases()[0][0]}...HEAD')
    for version, _ in releases():
        assert links[version].endswith(f'v{version}')
    days = [day for _, day in releases()]
    assert days == sorted(days, reverse=True)


def test_the_citation_is_of_that_version(project: Any) -> None:
    citation = parsed('CITATION.cff')
    assert citation['cff-version'] == '1.2.0'
    assert citation['date-released'] == releases()[0][1]
    assert citation['license'] == project['license']
    assert citation['authors'] == project['authors']
    assert citation['repository-code'] == project['urls']['Repository']
    assert citation['url'] == project['urls']['Documentation']
    assert {'message', 'title', 'type', 'abstract', 'keywords'} <= citation.keys()


# --- the conda recipe


def requirements(lines: list[str]) -> dict[str, SpecifierSet]:
    split = (line.partition(' ') for line in lines)
    return {name: SpecifierSet(versions) for name, _, versions in split}


def conda(line: str) -> tuple[str, SpecifierSet]:
    needed = Requirement(line)
    return CONDA_NAMES.get(needed.name, needed.name), needed.specifier


def test_the_recipe_needs_what_the_package_needs(project: Any) -> None:
    recipe = parsed('conda/recipe.yaml')
    least = recipe['context']['python_min']
    assert project['requires-python'] == f'>={least}'
    run = recipe['requirements']['run']
    assert run[0] == 'python >=${{ python_min }}'
    assert requirements(run[1:]) == dict(map(conda, project['dependencies']))


def test_the_recipe_allows_of_the_extras_what_they_allow(project: Any) -> None:
    extras = {
        name for name in project['optional-dependencies'] if name not in ('all', 'dev', 'bench', 'docs', 'mutation')
    }
    allowed = dict(conda(line) for name in sorted(extras) for line in project['optional-dependencies'][name])
    constraints = requirements(parsed('conda/recipe.yaml')['requirements']['run_constraints'])
    assert constraints == {name: allowed.get(name) for name in constraints}


def test_the_recipe_builds_the_command_and_names_the_license(project: Any) -> None:
    recipe = parsed('conda/recipe.yaml')
    assert recipe['package'] == {'name': project['name'], 'version': '${{ version }}'}
    commands = [f'{name} = {function}' for name, function in project['scripts'].items()]
    assert recipe['build']['python']['entry_points'] == commands
    about = recipe['about']
    assert (PROJECT / about['license_file']).is_file()
    assert (about['license'], about['summary']) == (project['license'], project['description'])
    urls = [project['urls'][name] for name in ('Homepage', 'Repository', 'Documentation')]
    assert [about['homepage'], about['repository'], about['documentation']] == urls


# --- the systems


def test_every_python_is_tested_on_every_system(project: Any) -> None:
    matrix = parsed('.github/workflows/test.yml')['jobs']['test']['strategy']['matrix']
    assert matrix['python'] == pythons(project)
    assert pythons(project)[0] == project['requires-python'].removeprefix('>=')
    assert matrix['os'] == ['ubuntu-latest', 'macos-latest', 'windows-latest']
    systems = [one.rpartition(' :: ')[2] for one in project['classifiers'] if one.startswith('Operating System')]
    assert systems == ['MacOS', 'Windows', 'Linux']


def test_a_release_is_tried_before_it_is_published_without_a_secret() -> None:
    workflow = parsed('.github/workflows/release.yml')
    jobs = workflow['jobs']
    assert set(jobs['publish']['needs']) == {'build', 'try'}
    assert {name for name, job in jobs.items() if 'id-token' in job.get('permissions', {})} == {'publish'}
    assert jobs['publish']['permissions']['id-token'] == 'write'
    assert workflow['permissions'] == {'contents': 'read'}
    assert 'secrets.' not in text('.github/workflows/release.yml')
    assert jobs['try']['strategy']['matrix']['kind'] == ['wheel', 'sdist']


def test_actions_are_pinned_to_a_version() -> None:
    for workflow in (PROJECT / '.github' / 'workflows').glob('*.yml'):
        for job in parsed(f'.github/workflows/{workflow.name}')['jobs'].values():
            for action in (step['uses'] for step in job['steps'] if 'uses' in step):
                assert re.fullmatch(r'[\w-]+/[\w-]+@(v\d+|release/v\d+)', action), action
