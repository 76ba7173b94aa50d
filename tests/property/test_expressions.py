"""Expressions of every operator: SQL and the reference give the same value for a record, or both refuse."""

from collections.abc import Iterator
from typing import Any

import pytest
from computed import PATHS, RECORD
from hypothesis import given
from hypothesis import strategies as st
from stores import holding, outcome
from tables import TABLE

from mqsql import reference
from mqsql.compiler.parse.expressions.operands import OPERANDS
from mqsql.storage import Store
from mqsql.testing.drawing.draws import Draws
from mqsql.testing.drawing.expressions import SIGNATURES, Expressions


@st.composite
def expressions(draw: st.DrawFn) -> list[Any]:
    """Some expressions."""
    d = Draws(draw)
    return d.several(1, 10, lambda: Expressions(d, PATHS).operator())


@pytest.fixture(scope='module')
def store() -> Iterator[Store]:
    with holding([RECORD]) as opened:
        yield opened


@given(drawn=expressions())
def test_values_from_sql_are_the_values_of_the_reference(store: Store, drawn: list[Any]) -> None:
    for expression in drawn:
        computed: dict[str, Any] = {'projection': {'content': {'x': expression}}}
        assert outcome(store.find, {}, **computed) == outcome(reference.find, [RECORD], {}, **computed, table=TABLE)
        asked = {'$expr': expression}
        assert outcome(store.find, asked, 'msg_id') == outcome(reference.find, [RECORD], asked, 'msg_id', table=TABLE)


def test_every_expression_is_drawn() -> None:
    assert SIGNATURES.keys() == OPERANDS.keys()
