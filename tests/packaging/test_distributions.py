"""The sdist and the wheel: what is in them, what they say of themselves, and that they work."""

import os
import subprocess
import sys
import tarfile
import tomllib
import zipfile
from email.parser import BytesParser
from pathlib import Path

import pytest
from packaging.metadata import Metadata
from packaging.requirements import Requirement

import mqsql

pytest.importorskip('build')
pytest.importorskip('hatchling')

PROJECT = Path(__file__).parents[2]
NAME = f'mqsql-{mqsql.__version__}'


@pytest.fixture(scope='module')
def built(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The directory of both; the wheel is built from the sdist."""
    out = tmp_path_factory.mktemp('dist')
    command = [sys.executable, '-m', 'build', '--no-isolation', '--outdir', str(out), str(PROJECT)]
    done = subprocess.run(command, capture_output=True, text=True)
    assert done.returncode == 0, done.stdout + done.stderr
    assert {entry.name for entry in out.iterdir()} == {f'{NAME}.tar.gz', f'{NAME}-py3-none-any.whl'}
    return out


@pytest.fixture(scope='module')
def source(built: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The unpacked sdist."""
    directory = tmp_path_factory.mktemp('source')
    with tarfile.open(built / f'{NAME}.tar.gz') as archive:
        archive.extractall(directory, filter='data')
    return directory / NAME


@pytest.fixture(scope='module')
def wheel(built: Path) -> dict[str, bytes]:
    """The files of the wheel."""
    with zipfile.ZipFile(built / f'{NAME}-py3-none-any.whl') as archive:
        return {name: archive.read(name) for name in archive.namelist()}


@pytest.fixture(scope='module')
def installed(built: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A directory that has the wheel, but not what it depends on."""
    directory = tmp_path_factory.mktemp('installed')
    options = ['--quiet', '--no-deps', '--no-index', '--disable-pip-version-check', '--target', str(directory)]
    command = [sys.executable, '-m', 'pip', 'install', *options, str(built / f'{NAME}-py3-none-any.whl')]
    subprocess.run(command, check=True)
    return directory


def files_of(directory: Path) -> set[str]:
    found = (path for path in directory.rglob('*') if path.is_file() and '__pycache__' not in path.parts)
    return {path.relative_to(directory).as_posix() for path in found}


def git(*words: str) -> set[str]:
    """The files that git lists; the test is skipped where there is no repository, as in an sdist."""
    if not (PROJECT / '.git').exists():
        pytest.skip('this is no repository')
    listed = subprocess.run(['git', 'ls-files', '-z', *words], cwd=PROJECT, capture_output=True, text=True, check=True)
    return {name for name in listed.stdout.split('\0') if name and (PROJECT / name).is_file()}


def run(installed: Path, directory: Path, *words: str) -> str:
    """What Python prints there, which finds the package only where it is installed."""
    env = os.environ | {'PYTHONPATH': str(installed), 'PYTHONDONTWRITEBYTECODE': '1'}
    done = subprocess.run([sys.executable, '-P', *words], env=env, cwd=directory, capture_output=True, text=True)
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


def test_the_sdist_has_all_that_the_repository_has(source: Path) -> None:
    assert git() - files_of(source) == set()


def test_the_sdist_has_nothing_else(source: Path) -> None:
    assert files_of(source) - git('--cached', '--others', '--exclude-standard') == {'PKG-INFO'}


def test_the_wheel_has_the_package_and_its_license(source: Path, wheel: dict[str, bytes]) -> None:
    ours = {f'mqsql/{name}' for name in files_of(source / 'mqsql')}
    about = {f'{NAME}.dist-info/{name}' for name in ('METADATA', 'WHEEL', 'RECORD', 'entry_points.txt')}
    assert set(wheel) == {*ours, *about, f'{NAME}.dist-info/licenses/LICENSE'}
    assert 'mqsql/py.typed' in wheel
    assert wheel[f'{NAME}.dist-info/licenses/LICENSE'].decode() == (PROJECT / 'LICENSE').read_text(encoding='utf-8')
    assert all(wheel[name] == (source / name).read_bytes() for name in ours)


def test_the_metadata_is_valid_and_that_of_the_project(source: Path, wheel: dict[str, bytes]) -> None:
    project = tomllib.loads((PROJECT / 'pyproject.toml').read_text(encoding='utf-8'))['project']
    raw = wheel[f'{NAME}.dist-info/METADATA']
    metadata = Metadata.from_email(raw, validate=True)  # as an index checks it
    assert metadata.name == 'mqsql'
    assert str(metadata.version) == mqsql.__version__ == project['version']
    assert str(metadata.requires_python) == '>=3.11'
    assert metadata.license_expression == 'BSD-3-Clause'
    assert metadata.description_content_type == 'text/markdown'
    assert set(metadata.provides_extra or ()) == set(project['optional-dependencies'])
    needed = [
        Requirement(str(one))
        for one in metadata.requires_dist or ()
        if not one.marker or 'extra' not in str(one.marker)
    ]
    assert {one.name for one in needed} == {Requirement(one).name for one in project['dependencies']}
    assert set(metadata.project_urls or ()) == {'Homepage', 'Documentation', 'Repository', 'Issues', 'Changelog'}
    assert (source / 'PKG-INFO').read_bytes() == raw
    assert BytesParser().parsebytes(wheel[f'{NAME}.dist-info/WHEEL'])['Tag'] == 'py3-none-any'


def test_the_installed_wheel_works(installed: Path, tmp_path: Path) -> None:
    assert run(installed, tmp_path, '-c', 'import mqsql; print(mqsql.__file__)').startswith(str(installed))
    assert run(installed, tmp_path, '-m', 'mqsql', '--version').endswith(f'mqsql, version {mqsql.__version__}\n')
    stores = "import mqsql; s = mqsql.open('a.db'); s.add_record('m', {'label': 'a'}); print(s.count({'label': 'a'}))"
    assert run(installed, tmp_path, '-c', stores) == '1\n'
    assert list(installed.glob('bin/mqsql*')) or list(installed.glob('Scripts/mqsql*'))


def test_the_tests_run_from_the_sdist(source: Path, installed: Path) -> None:
    program = (
        'import sys, mqsql, pytest\n'
        f'assert mqsql.__file__.startswith({str(installed)!r})\n'
        "sys.exit(pytest.main(['-q', '-p', 'no:cacheprovider', 'tests/schema', 'tests/values/test_bson.py']))\n"
    )
    assert ' passed' in run(installed, source, '-c', program)
