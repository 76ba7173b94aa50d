"""Which questions are drawn in which language."""

import pytest

from mqsql.fuzzing.drawing import Rounds, without_files
from mqsql.fuzzing.running import Facts
from mqsql.fuzzing.steps import Add, Find, Step
from mqsql.fuzzing.targets.base import DOCUMENTS, HUB, STORE
from mqsql.fuzzing.walking import leaves

EVERYTHING = frozenset({'update', 'drop', 'drop matching', 'reopen', 'index', 'history'})


def drawn(
    kind: str, language: str, writes: bool | None = None, abilities: frozenset[str] = EVERYTHING, seed: int = 1
) -> list[Step]:
    """The steps of some histories."""
    with without_files():
        rounds = Rounds(Facts(kind, kind == STORE, abilities, ''), language, seed, writes)
        return [step for _ in range(40) for step in rounds.draw()]


def operators(steps: list[Step]) -> set[str]:
    """The operators of the questions."""
    return {leaf.operator for step in steps if isinstance(step, Find) for leaf in leaves(step.query)}


@pytest.mark.parametrize('kind', [HUB, DOCUMENTS, STORE])
def test_what_is_documented_has_few_operators_and_no_paths(kind: str) -> None:
    steps = drawn(kind, 'documented')
    known = {'value', '$eq', '$ne', '$gt', '$gte', '$lt', '$lte', '$in', '$nin'}
    assert known <= operators(steps) <= known | ({'$glob'} if kind != DOCUMENTS else set())
    paths = [leaf.path for step in steps if isinstance(step, Find) for leaf in leaves(step.query)]
    assert not any('.' in path for path in paths)


@pytest.mark.parametrize(('language', 'more'), [('find', set()), ('full', {'$expr', '$jsonSchema'})])
def test_the_other_languages_have_more(language: str, more: set[str]) -> None:
    found = operators(drawn(DOCUMENTS, language))
    assert {'$or', '$not', '$elemMatch', '$regex', '$type', '$bitsAnySet', *more} <= found
    assert not found & ({'$glob', '$ge', '$le'} | ({'$expr', '$jsonSchema'} - more))


def test_only_what_a_backend_can_do_is_drawn() -> None:
    few = {type(step).__name__ for step in drawn(DOCUMENTS, 'find', writes=True, abilities=frozenset())}
    assert few == {'Add', 'State', 'Find'}
    assert {type(step).__name__ for step in drawn(HUB, 'find', writes=False, abilities=frozenset())} == {'Add', 'Find'}
    names = {type(step).__name__ for step in drawn(HUB, 'find', writes=True)}
    assert {'Update', 'Drop', 'DropMatching', 'Reopen', 'State', 'History'} <= names


def test_odd_values_are_for_our_own_stores_only() -> None:
    def texts(kind: str) -> str:
        steps = [step for seed in range(1, 6) for step in drawn(kind, 'full', seed=seed)]
        return repr([step.records for step in steps if isinstance(step, Add)])

    assert '\\ud800' in texts(STORE)
    assert '\\ud800' not in texts(DOCUMENTS)
