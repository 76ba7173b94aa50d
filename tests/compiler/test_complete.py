"""Every operator is in all four places: the compiler, the reference, the strategies that draw queries, the README."""

import re
from pathlib import Path

import lowered

from mqsql import reference
from mqsql.compiler.lower.expressions import LOWERED
from mqsql.compiler.lower.operators import LOWERINGS
from mqsql.compiler.parse import LOGICAL
from mqsql.compiler.parse.expressions.operands import OPERANDS
from mqsql.compiler.parse.operators import OPERATORS
from mqsql.functions.expressions import EXPRESSIONS
from mqsql.testing.drawing import languages, queries

README = (Path(__file__).parents[2] / 'README.md').read_text(encoding='utf-8')


def in_readme() -> set[str]:
    """The operators in the first column of the README's table."""
    rows = re.findall(r'^\| (`\$[^|]*) \|', README, re.MULTILINE)
    return {name for row in rows for name in re.findall(r'`(\$\w+)`', row)}


def test_every_operator_is_everywhere() -> None:
    places = {
        'mqsql/compiler/parse': {*OPERATORS, *LOGICAL},
        'mqsql/reference/query.py': set(reference.OPERATORS),
        'mqsql/testing/drawing/queries.py': set(queries.OPERATORS),
        'mqsql/testing/drawing/languages.py': set(languages.FULL.operators),
        'README.md': in_readme(),
    }
    known = set.union(*places.values())
    missing = {place: sorted(known - names) for place, names in places.items() if known - names}
    assert missing == {}


REWRITTEN = {'$ne', '$nin', '$ge', '$le', '$not', '$options', '$all', '$elemMatch'}
"""Operators of which parsing makes others."""


def test_every_operator_that_is_not_rewritten_has_its_sql() -> None:
    assert LOWERINGS.keys() == OPERATORS.keys() - REWRITTEN


def test_every_expression_is_everywhere() -> None:
    assert {*EXPRESSIONS, '$literal'} == OPERANDS.keys() == reference.expressions.EXPRESSIONS.keys()


def test_every_expression_that_is_lowered_is_drawn() -> None:
    assert {*lowered.OPERATORS, *lowered.CHOOSING} == LOWERED.keys()
