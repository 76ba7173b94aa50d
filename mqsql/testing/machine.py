"""Calls in any order, of a database and an oracle side by side: a state machine of Hypothesis."""

from typing import TYPE_CHECKING, Any

from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, precondition, rule

from mqsql.testing.drawing.draws import Draws
from mqsql.testing.drawing.histories import some_columns, updates
from mqsql.testing.drawing.scope import scope_of
from mqsql.testing.strategies import queries

if TYPE_CHECKING:
    from mqsql.testing.contract import BackendContract

FEW = 3
"""Records with a key that calls may name."""


def machine(contract: 'BackendContract') -> type[RuleBasedStateMachine]:
    """The calls that a contract is about."""
    table, scope = contract.table, scope_of(contract.table, contract.language, contract.values, contract.without)
    keys = st.sampled_from([f'm{i}' for i in range(FEW)])

    @st.composite
    def drawn_columns(draw: st.DrawFn) -> list[str]:
        chosen = some_columns(Draws(draw), table)
        return [column for column in chosen if column not in contract.joined]

    class Calls(RuleBasedStateMachine):
        """The calls of a hub."""

        def __init__(self) -> None:
            super().__init__()
            self.opened = contract._beside()

        @initialize(columns=drawn_columns())
        def make(self, columns: list[str]) -> None:
            self.columns = columns
            self.both = self.opened.__enter__()

        def teardown(self) -> None:
            self.opened.__exit__(None, None, None)

        def query(self, data: st.DataObject) -> Any:
            return data.draw(
                queries(
                    self.both.oracle.records,
                    table,
                    language=contract.language,
                    values=contract.values,
                    without=contract.without,
                )
            )

        @rule(key=keys, data=st.data())
        def add_or_update(self, key: str, data: st.DataObject) -> None:
            values = data.draw(updates(scope, self.columns))
            if key in self.both.oracle:
                self.both.update(key, values)
            else:
                self.both.add({table.key: key, **values})

        @rule(key=keys)
        def drop(self, key: str) -> None:
            if key in self.both.oracle:
                self.both.drop(key)
            else:
                self.both.check_missing(key)

        @rule(data=st.data())
        def drop_matching(self, data: st.DataObject) -> None:
            self.both.drop_matching(self.query(data))

        @rule(data=st.data())
        def find(self, data: st.DataObject) -> None:
            self.both.check_find(self.query(data), [table.key])

        @precondition(lambda self: contract.can_reopen)
        @rule()
        def reopen(self) -> None:
            self.both.db = contract.reopen(self.both.db)

        @invariant()
        def all_is_there(self) -> None:
            self.both.check_all()

    return Calls
