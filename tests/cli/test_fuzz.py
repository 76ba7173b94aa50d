"""`mqsql fuzz`."""

import json
import subprocess
import sys
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from mqsql.cli import main
from mqsql.fuzzing.extended_json import loads

BACKENDS = Path(__file__).parents[1] / 'support' / 'faulty_backends.py'
RIGHT, WRONG = f'{BACKENDS}:Right', f'{BACKENDS}:GreaterOrEqual'


def fuzz(*arguments: str) -> Result:
    """What the command says."""
    return CliRunner().invoke(main, ['fuzz', *arguments])


def test_defects_are_shown_and_the_status_is_1() -> None:
    done = fuzz(WRONG, '--examples', '300', '--no-writes')
    assert done.exit_code == 1
    assert done.output.startswith('1. operator: $gt: too many records\n   def test_operator_1(tmp_path):')
    assert 'MongoDB answers []' in done.output
    assert f'{WRONG}: 1 defect' in done.output.replace('\n', '')
    assert max(map(len, done.output.splitlines())) <= 80
    assert '\x1b' not in done.output


def test_no_defect_is_status_0() -> None:
    done = fuzz(RIGHT, '--examples', '100')
    assert (done.exit_code, done.output.replace('\n', '').partition('answers compared')[0]) == (
        0,
        f'{RIGHT}: no defect found',
    )


def test_json_is_the_same_for_the_same_seed(tmp_path: Path) -> None:
    path = tmp_path / 'test_defects.py'
    one, other = (
        fuzz(WRONG, '--json', '--examples', '300', '--seed', '4', '--no-writes', '-o', str(path)) for _ in range(2)
    )
    first, second = json.loads(one.output), json.loads(other.output)
    assert first.pop('seconds') > 0 < second.pop('seconds')
    assert first == second
    (defect,) = first['defects']
    assert (defect['category'], defect['operators']) == ('operator', ['$gt'])
    assert [step['step'] for step in defect['steps']] == ['Add', 'Find']
    assert (defect['mongodb'], len(defect['came'])) == ([], 1)
    assert defect['test'] in path.read_text()
    compile(path.read_text(), path, 'exec')


@pytest.mark.parametrize(
    ('arguments', 'words'),
    [
        ([], 'name one backend: TARGET, or --command'),
        (['dict:', '--command', 'x'], 'name one backend'),
        (['absent_module:Class'], 'absent_module cannot be imported'),
        (['dict:', '--language', 'sql'], "'sql' is not one of"),
        (['dict:', '--examples', '0'], '0 is not in the range'),
        (['--command', 'absent-program'], 'absent-program: No such file'),
        (['parquet:x'], 'read-only'),
    ],
)
def test_wrong_usage_is_status_2(arguments: list[str], words: str) -> None:
    done = fuzz(*arguments)
    assert done.exit_code == 2
    assert words in ' '.join(done.output.split())
    assert 'Traceback' not in done.output


BACKEND = """
import sys
from mqsql import matches
from mqsql.fuzzing.extended_json import dumps, loads

for line in sys.stdin:
    request = loads(line)
    match request["op"]:
        case "begin":
            records, reply = [], {"can": ["delete", "reopen"]}
        case "insert":
            records += request["records"]
            reply = {}
        case "delete":
            records = [one for one in records if not matches(one, request["query"])]
            reply = {}
        case "reopen":
            reply = {}
        case "find":
            found = [one for one in records if matches(one, request["query"])]
            if request.get("keys"):
                found = [{key: one[key] for key in ["_id", *request["keys"]] if key in one} for one in found]
            reply = {"records": found}
    FAULT
    print(dumps(reply), flush=True)
"""


def command(path: Path, fault: str) -> str:
    """A program that is a backend, which does this before each reply."""
    path.write_text(BACKEND.replace('FAULT', fault))
    return f"'{sys.executable}' '{path}'"


def test_a_program_is_tried(tmp_path: Path) -> None:
    for fault, category, words in (
        ('pass', '', ''),
        ('if str(request).count("$nin"): reply = {"error": "no $nin"}', 'refusal', '$nin: fails with RefusedError'),
        ('if str(request).count("$nin"): sys.exit(3)', 'crash', '$nin: the process ends (exit status 3)'),
        ('if request["op"] == "find": reply = [1]', 'refusal', 'RefusedError'),
    ):
        done = fuzz(
            '--json',
            '--command',
            command(tmp_path / 'backend.py', fault),
            '--language',
            'documented',
            '--examples',
            '120',
        )
        found = [(one['category'], one['title']) for one in json.loads(done.output)['defects']]
        assert done.exit_code == bool(fault != 'pass'), found
        if category:
            assert any(one == category and words in title for one, title in found), found
        else:
            assert found == []


def test_the_help_has_examples() -> None:
    done = CliRunner().invoke(main, ['fuzz', '--help'], terminal_width=80)
    assert 'mqsql fuzz ipyparallel.controller.dictdb:DictDB' in done.output
    assert max(map(len, done.output.splitlines())) <= 80


def test_it_is_a_program_of_its_own(tmp_path: Path) -> None:
    command = [sys.executable, '-m', 'mqsql', 'fuzz', ':memory:', '--examples', '40', '--json']
    done = subprocess.run(command, cwd=tmp_path, capture_output=True, check=False)
    assert (done.returncode, done.stderr) == (0, b'')
    assert loads(done.stdout.decode())['defects'] == []
    assert list(tmp_path.iterdir()) == []


def test_the_extra_that_it_needs_is_named() -> None:
    program = "import sys; sys.modules['hypothesis'] = None; from mqsql.cli import main; main(['fuzz', 'dict:'])"
    done = subprocess.run([sys.executable, '-c', program], capture_output=True, text=True)
    assert (done.returncode, done.stdout) == (1, '')
    assert done.stderr == "Error: Hypothesis is not installed; try: pip install 'mqsql[testing]'\n"
