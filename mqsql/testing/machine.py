"""Calls in any order, of a database and an oracle side by side: a state machine of Hypothesis."""

from contextlib import ExitStack
from typing import TYPE_CHECKING, ClassVar

from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, precondition, rule

from mqsql.schema import Table
from mqsql.testing.drawing.draws import Draws
from mqsql.testing.drawing.histories import some_columns, updates
from mqsql.testing.drawing.scope import scope_of

if TYPE_CHECKING:
    from mqsql.testing.contract import BackendContract

keys = st.sampled_from(['m0', 'm1', 'm2'])
"""Few, so that calls meet the same records."""


def machine(contract: 'BackendContract') -> type[RuleBasedStateMachine]:
    """The calls that a contract is about."""
    return type('Calls', (Calls,), {'contract': contract})


@st.composite
def columns(draw: st.DrawFn, table: Table) -> list[str]:
    """What `some_columns` draws."""
    return some_columns(Draws(draw), table)


class Calls(RuleBasedStateMachine):
    """The calls of a hub."""

    contract: ClassVar['BackendContract']

    def __init__(self) -> None:
        super().__init__()
        self.stack = ExitStack()

    @initialize(data=st.data())
    def make(self, data: st.DataObject) -> None:
        contract = self.contract
        self.scope = scope_of(contract.table, contract.language, contract.values)
        self.columns = [column for column in data.draw(columns(contract.table)) if column not in contract.joined]
        self.both = self.stack.enter_context(contract._beside())

    def teardown(self) -> None:
        self.stack.close()

    @rule(key=keys, data=st.data())
    def add_or_update(self, key: str, data: st.DataObject) -> None:
        values = data.draw(updates(self.scope, self.columns))
        if key in self.both.oracle:
            self.both.update(key, values)
        else:
            self.both.add({self.contract.table.key: key, **values})

    @rule(key=keys)
    def drop(self, key: str) -> None:
        if key in self.both.oracle:
            self.both.drop(key)
        else:
            self.both.check_missing(key)

    @rule(data=st.data())
    def drop_matching(self, data: st.DataObject) -> None:
        self.both.drop_matching(data.draw(self.contract._queries(self.both.oracle.records, self.contract.language)))

    @rule(data=st.data())
    def find(self, data: st.DataObject) -> None:
        query = data.draw(self.contract._queries(self.both.oracle.records, self.contract.language))
        self.both.check_find(query, [self.contract.table.key])

    @precondition(lambda self: self.contract.can_reopen)
    @rule()
    def reopen(self) -> None:
        self.both.db = self.contract.reopen(self.both.db)

    @invariant()
    def all_is_there(self) -> None:
        self.both.check_all()
