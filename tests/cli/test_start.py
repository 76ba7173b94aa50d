"""Which modules a program has loaded after each step: those that take long to import come when they are needed."""

import copy
import pickle
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

import mqsql
from mqsql import errors

HEAVY = {
    'sqlglot',
    'apsw',
    'orjson',
    'pcre2',
    'unicodedata',
    'dateutil',
    'click',
    'rich',
    'json5',
    'ipyparallel',
    'difflib',
} | {
    'pymongo',
    'bson',
    'duckdb',
    'jinja2',
    'pyarrow',
    'pandas',
    'polars',
}
FRAMES = {'pyarrow', 'pandas', 'polars'}
OURS = {'mqsql.compiler', 'mqsql.reference', 'mqsql.schema', 'mqsql.storage', 'mqsql.functions', 'mqsql.values'}


def run(program: str, given: bytes = b'', directory: Path | None = None) -> str:
    """What a new process prints. -I: neither the directory nor the environment changes what it imports."""
    command = [sys.executable, '-I', '-c', program]
    return subprocess.run(command, input=given, stdout=subprocess.PIPE, cwd=directory, check=True).stdout.decode()


def loaded(*steps: str, directory: Path | None = None) -> list[set[str]]:
    """The modules of HEAVY and OURS that a new process has loaded after each of the steps."""
    program = 'import sys\n' + ''.join(f'{step}\nprint(*sys.modules)\n' for step in steps)
    return [set(line.split()) & (HEAVY | OURS) for line in run(program, directory=directory).splitlines()]


def test_the_import_loads_nothing() -> None:
    start, imported, named = loaded('pass', 'import mqsql', 'mqsql.QueryError, mqsql.StorageError, mqsql.__version__')
    assert start == imported == named == set()
    assert run('import sys; old = set(sys.modules); import mqsql; print(*set(sys.modules) - old)') == 'mqsql\n'


def test_plain_dicts_need_no_sql() -> None:
    steps = "mqsql.open('dict:').create_index('label')", "mqsql.matches({'a': 'b'}, {'a': {'$regex': 'b'}})"
    for modules in loaded('import mqsql', *steps)[1:]:
        assert modules.isdisjoint({'sqlglot', 'apsw', 'mqsql.compiler', 'mqsql.functions', 'click', 'rich', 'difflib'})
    (modules,) = loaded(f'import mqsql; {steps[1]}')
    assert 'mqsql.storage' not in modules


def test_the_compiler_needs_no_store() -> None:
    (modules,) = loaded("import mqsql; mqsql.compile({'completed': None})")
    assert 'sqlglot' in modules
    assert modules.isdisjoint({'apsw', 'mqsql.storage', 'mqsql.reference', 'click', 'rich', 'dateutil'})


def test_a_file_needs_no_reference(tmp_path: Path) -> None:
    step = "with mqsql.open('tasks.db') as store: store.find_one({'label': 'a'})"
    _, modules = loaded('import mqsql', step, directory=tmp_path)
    assert {'apsw', 'sqlglot'} <= modules
    assert modules.isdisjoint({'mqsql.reference', 'click', 'rich', 'dateutil', 'ipyparallel', *FRAMES})


def test_a_table_needs_its_own_library_only() -> None:
    steps = (
        "import mqsql; store = mqsql.open(':memory:')",
        'repr(store.find()), store.find()._repr_html_(), store.find().to_list()',
        'store.find().to_arrow()',
        'store.find().to_polars()',
        'store.find().to_pandas()',
    )
    assert [modules & FRAMES for modules in loaded(*steps)] == [
        set(),
        set(),
        {'pyarrow'},
        {'pyarrow', 'polars'},
        FRAMES,
    ]


@pytest.mark.parametrize('words', [['--help'], ['--version'], ['check', '--help'], ['import', '--no-such-option']])
def test_help_loads_the_command_line_only(words: list[str]) -> None:
    command = (
        f'from mqsql.cli import main\ntry: main({words})\nexcept SystemExit: pass\nimport sys; print(*sys.modules)'
    )
    modules = set(run(command).splitlines()[-1].split())
    assert 'click' in modules
    assert modules.isdisjoint({*OURS, *HEAVY} - {'click', 'difflib', 'unicodedata'})


# --- what a name of the package is does not depend on when it is imported


def test_every_name_is_there() -> None:
    assert set(mqsql.__all__) <= set(dir(mqsql))
    assert all(getattr(mqsql, name) is not None for name in mqsql.__all__)


def test_star_imports_every_name() -> None:
    names: dict[str, Any] = {}
    exec('from mqsql import *', names)
    assert set(mqsql.__all__) <= set(names)


def test_every_error_is_a_name() -> None:
    classes = {
        name for name, value in vars(errors).items() if isinstance(value, type) and value.__module__ == errors.__name__
    }
    assert {name for name in classes if not name.startswith('Damaged')} <= set(mqsql.__all__)


def test_modules_are_attributes() -> None:
    said = run(
        'import mqsql; print(mqsql.schema.DOCUMENT.name, mqsql.errors.QueryError.__name__, mqsql.reference.find)'
    )
    assert said.startswith('Document QueryError <function')


def test_an_unknown_name_is_refused() -> None:
    with pytest.raises(AttributeError, match="module 'mqsql' has no attribute 'find'"):
        getattr(mqsql, 'find')  # noqa: B009 - a type checker knows that there is none
    with pytest.raises(ImportError):
        exec('from mqsql import find')


@pytest.mark.parametrize('again', [copy.copy, lambda error: pickle.loads(pickle.dumps(error))])
def test_errors_travel(again: Any) -> None:
    error = mqsql.QueryError('is wrong', 'a.$gt')
    assert type(again(error)) is mqsql.QueryError
    assert (str(again(error)), again(error).path) == ('a.$gt: is wrong', 'a.$gt')


def test_an_error_is_read_where_nothing_is_imported() -> None:
    program = (
        'import pickle, sys; e = pickle.load(sys.stdin.buffer); print(type(e).__name__, e, "sqlglot" in sys.modules)'
    )
    assert run(program, pickle.dumps(mqsql.StorageError('is closed'))) == 'StorageError is closed False\n'


def test_the_package_is_typed() -> None:
    assert (Path(mqsql.__file__).parent / 'py.typed').exists()
