"""mqsql's databases and stores keep the contract that it offers to other projects."""

import tempfile
from pathlib import Path
from typing import Any

import pytest

import mqsql
from mqsql import hub
from mqsql.testing import BackendContract


class TestDictDB(BackendContract):
    natural_order = True
    joined = ('display_data',)
    language = 'full'
    examples = 25

    def make(self) -> Any:
        return hub.DictDB(record_limit=0)


class TestSQLiteDB(BackendContract):
    natural_order = True
    joined = ('display_data',)
    language = 'full'
    examples = 10

    @pytest.fixture(autouse=True)
    def _folder(self, tmp_path: Path) -> None:
        self.folder = tmp_path

    def make(self) -> Any:
        return hub.SQLiteDB(location=tempfile.mkdtemp(dir=self.folder))

    def reopen(self, db: Any) -> Any:
        db.close()
        return hub.SQLiteDB(location=db.location)


class TestStore(BackendContract):
    natural_order = True
    options = True
    language = 'full'
    values = 'all'
    examples = 25

    def make(self) -> Any:
        return mqsql.open(':memory:')
