"""The figures of the page on trust, counted in the code."""

import ast
from collections.abc import Iterator
from pathlib import Path

from docsite import ROOT
from mqsql.compiler.parse import LOGICAL
from mqsql.compiler.parse.json_schema import KEYWORDS
from mqsql.compiler.parse.operators import OPERATORS
from mqsql.functions.expressions import EXPRESSIONS

TESTS = ROOT / 'tests'


def figures() -> Iterator[str]:
    """The table."""
    cases = (TESTS / 'compiler' / 'cases.txt').read_text(encoding='utf-8')
    rows = {
        'operators of queries': len({*OPERATORS, *LOGICAL}),
        'operators of expressions': len(EXPRESSIONS),
        'keywords of `$jsonSchema`': len(KEYWORDS),
        'queries whose SQL is in the repository, to be read and compared': cases.count('\n> '),
        'test functions': sum(map(_tests, TESTS.rglob('test_*.py'))),
        'of these, properties of drawn queries, records and changes': sum(
            map(_tests, (TESTS / 'property').glob('test_*.py'))
        ),
        'surviving kinds of mutants, each with its reason': _rows(ROOT / 'docs' / 'mutants.md'),
    }
    yield '| | |'
    yield '|---|---:|'
    for what, number in rows.items():
        yield f'| {what} | {number:,} |'


def _tests(path: Path) -> int:
    tree = ast.parse(path.read_text(encoding='utf-8'))
    return sum(isinstance(node, ast.FunctionDef) and node.name.startswith('test_') for node in ast.walk(tree))


def _rows(path: Path) -> int:
    """How many rows the table of a page has, without its head."""
    return path.read_text(encoding='utf-8').count('\n| ') - 1
