"""The examples in the docstrings of `mqsql.testing` are true; without Hypothesis, an import says what is missing."""

import doctest
import subprocess
import sys

import pytest

from mqsql.testing import differences, oracle, strategies


@pytest.mark.parametrize('module', [differences, oracle, strategies], ids=lambda module: module.__name__)
def test_the_examples_give_what_they_show(module: object) -> None:
    failed, tried = doctest.testmod(module)  # type: ignore[arg-type]
    assert tried > 3
    assert failed == 0


def test_without_hypothesis_an_import_says_what_to_install() -> None:
    code = (
        'import sys\n'
        "sys.modules['hypothesis'] = None\n"
        'try:\n'
        '    import mqsql.testing\n'
        'except ImportError as e:\n'
        '    print(e)\n'
    )
    done = subprocess.run([sys.executable, '-c', code], capture_output=True, encoding='utf-8')
    assert done.stdout == "Hypothesis is not installed; try: pip install 'mqsql[testing]'\n"
