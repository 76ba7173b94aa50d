"""A file and plain dicts side by side: whatever is done to both, they answer alike, also after the file is reopened."""

import shutil
import tempfile
from pathlib import Path
from typing import Any

import pytest
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, rule
from stores import outcome
from tables import TABLE, collections, places

from mqsql import storage
from mqsql.schema import Record
from mqsql.testing.drawing.draws import Draws
from mqsql.testing.drawing.finds import find_options
from mqsql.testing.drawing.queries import query

pytestmark = pytest.mark.usefixtures('local_zone')

IDS = ['m0', 'm1', 'm2', "it's", '\0']
ids = st.sampled_from(IDS)


class Stores(RuleBasedStateMachine):
    """Two stores that are given the same calls."""

    kind = ''

    def url(self) -> str:
        return f'{self.kind}{self.folder / "tasks.db"}'

    @initialize()
    def open(self) -> None:
        self.folder = Path(tempfile.mkdtemp())
        self.file = storage.open(self.url(), table=TABLE)
        self.dicts = storage.open('dict:', table=TABLE)

    def teardown(self) -> None:
        self.file.close()
        self.dicts.close()
        shutil.rmtree(self.folder)

    def both(self, method: str, *args: object, **options: Any) -> None:
        """The same call to both; the same rows, value or class of error must come back."""
        assert outcome(getattr(self.file, method), *args, **options) == outcome(
            getattr(self.dicts, method), *args, **options
        )

    @rule(msg_id=ids, drawn=collections(least=1, most=1))
    def add(self, msg_id: str, drawn: list[Record]) -> None:
        self.both('add_record', msg_id, {**drawn[0], 'msg_id': msg_id})

    @rule(drawn=collections(least=1, most=3))
    def add_several(self, drawn: list[Record]) -> None:
        self.both('add_records', drawn)

    @rule(msg_id=ids, drawn=collections(least=1, most=1))
    def update(self, msg_id: str, drawn: list[Record]) -> None:
        self.both('update_record', msg_id, {key: value for key, value in drawn[0].items() if key != 'msg_id'})

    @rule(msg_id=ids)
    def drop(self, msg_id: str) -> None:
        self.both('drop_record', msg_id)

    @rule(msg_id=ids)
    def get(self, msg_id: str) -> None:
        self.both('get_record', msg_id)

    @rule(data=st.data())
    def find(self, data: st.DataObject) -> None:
        d, known = Draws(data.draw), places(self.dicts.find_records({}))
        test = query(d, known)
        self.both('find', test, **find_options(d, known))
        self.both('find_records', test)
        self.both('count', test)

    @rule(data=st.data())
    def drop_matching(self, data: st.DataObject) -> None:
        self.both('drop_matching_records', query(Draws(data.draw), places(self.dicts.find_records({}))))

    @rule()
    def reopen(self) -> None:
        self.file.close()
        self.file = storage.open(self.url(), table=TABLE)

    @invariant()
    def history_is_the_same(self) -> None:
        self.both('get_history')


class DuckStores(Stores):
    """The same with a file of DuckDB."""

    kind = 'duckdb:'


Stores.TestCase.settings = settings(max_examples=settings().max_examples // 4, stateful_step_count=20)
DuckStores.TestCase.settings = settings(max_examples=settings().max_examples // 10, stateful_step_count=20)
TestStores = Stores.TestCase
TestDuckStores = DuckStores.TestCase
