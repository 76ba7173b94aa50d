"""Expressions that SQL has: they find the records that the interpreter finds, and the reference; or all three refuse."""

from collections import Counter
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from lowered import CHOOSING, OPERATORS, Lowered, record
from lowering import condition, interpreted
from stores import filled, outcome

from mqsql import QueryError, reference
from mqsql.schema import Record
from mqsql.storage import Store
from mqsql.testing.drawing.draws import Draws

SEEN: Counter[str] = Counter()
"""What has been drawn: all, lowered, without the function, telling, and each operator where it was lowered."""

Answers = list[str]


@st.composite
def asked(draw: st.DrawFn) -> tuple[list[Record], list[Any]]:
    """Records, and expressions for them."""
    d = Draws(draw)
    records = [record(d, i) for i in range(d.pick(range(4, 9)))]
    return records, d.several(6, 16, lambda: Lowered(d).condition())


def answers(store: Store, expressions: list[Any]) -> Answers:
    """What each finds, or the class of its error."""
    return [outcome(store.find, {'$expr': expression}, 'msg_id') for expression in expressions]


def names(expression: Any) -> set[str]:
    """The operators in an expression."""
    if isinstance(expression, list):
        return {name for item in expression for name in names(item)}
    if not isinstance(expression, dict) or '$literal' in expression:
        return set()
    return {key for key in expression if key.startswith('$')} | names(list(expression.values()))


def note(expression: Any, answer: str, records: int) -> None:
    """Count the expression."""
    SEEN['all'] += 1
    try:
        sql = condition(expression)
    except QueryError:
        return
    if not sql.startswith('mqsql_expr('):
        SEEN['lowered'] += 1
        SEEN['without the function'] += 'mqsql_expr(' not in sql
        SEEN['answered'] += not answer.startswith('raises')
        SEEN['telling'] += not answer.startswith('raises') and 0 < len(answer.splitlines()) < records
        SEEN.update(names(expression))


@given(asked())
def test_lowered_expressions_find_what_the_interpreter_finds(drawn: tuple[list[Record], list[Any]]) -> None:
    records, expressions = drawn
    with filled(records) as store:
        found = answers(store, expressions)
        for expression, answer in zip(expressions, found, strict=True):
            assert answer == outcome(reference.find, records, {'$expr': expression}, 'msg_id')
            note(expression, answer, len(records))
        with interpreted():
            assert found == answers(store, expressions)


def test_the_expressions_were_telling() -> None:
    if SEEN['all'] < 1000:
        pytest.skip('judges the expressions of the first test, which were too few')
    assert SEEN['lowered'] >= 0.6 * SEEN['all']
    assert SEEN['without the function'] >= 0.2 * SEEN['all']
    assert SEEN['telling'] >= 0.3 * SEEN['answered']
    assert not {name for name in (*OPERATORS, *CHOOSING) if not SEEN[name]}
