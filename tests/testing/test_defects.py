"""The contract finds defects: those of ipyparallel's own databases, and one at a time that is put into a right one by hand."""

import tempfile
from collections.abc import Callable
from pathlib import Path
from typing import Any, ClassVar

import pytest
from hypothesis import Phase, settings
from ipyparallel.controller import dictdb, sqlitedb

from mqsql import hub
from mqsql.testing import BackendContract

EMPTY = 'test_the_empty_query_selects_all_records'
DOCUMENTED = 'test_documented_queries_select_what_they_should'
QUERIES = 'test_queries_select_what_they_should'
COMES_BACK = 'test_a_record_comes_back'
MISSING = 'test_calls_with_the_key_of_no_record_are_key_errors'
UNTOUCHED = 'test_what_is_given_is_left_as_it_is'
KEYS = 'test_the_keys_that_are_asked_for_come'
MANY = 'test_many_ids_are_found_and_dropped'
DROPS = 'test_records_that_match_are_dropped_and_no_others'
UPDATES = 'test_an_update_changes_what_it_names_and_no_more'
IN_A_ROW = 'test_any_calls_in_a_row_leave_the_right_records'
SURVIVE = 'test_records_survive_a_restart'


def found(contract: BackendContract, name: str) -> str:
    """What a test says is wrong, all that it meets; empty if nothing is."""
    said: list[str] = []
    run = BackendContract._run

    def to_the_end(contract: BackendContract, check: Callable[..., None], **sizes: int) -> None:
        def noting(*arguments: Any) -> None:
            try:
                check(*arguments)
            except AssertionError as e:
                said.append(str(e))

        run(contract, noting, **sizes)

    # Nothing is made smaller: that takes most of the time.
    quick = settings(contract._settings, phases=[Phase.generate])
    with pytest.MonkeyPatch.context() as patches:
        patches.setattr(BackendContract, '_settings', quick)
        patches.setattr(BackendContract, '_run', to_the_end)
        try:
            getattr(contract, name)()
        except AssertionError as e:
            said.append(str(e))
    return '\n'.join(said)


# --- defects by hand


def rewritten(query: Any, names: dict[str, str]) -> Any:
    """The query with other operators."""
    if isinstance(query, dict):
        return {names.get(key, key): rewritten(value, names) for key, value in query.items()}
    return [rewritten(part, names) for part in query] if isinstance(query, list) else query


class Right(hub.DictDB):
    """A database without a defect."""

    def __init__(self) -> None:
        super().__init__(record_limit=0)


class GreaterIsLess(Right):
    def find_records(self, check: Any, keys: Any = None) -> Any:
        return super().find_records(rewritten(check, {'$gt': '$lt'}), keys)


class UnequalSkipsNull(Right):
    def find_records(self, check: Any, keys: Any = None) -> Any:
        unequal = [key for key, test in check.items() if isinstance(test, dict) and '$ne' in test]
        return super().find_records({'$and': [check, *({key: {'$ne': None}} for key in unequal)]}, keys)


class OnlyTheFirstKey(Right):
    def find_records(self, check: Any, keys: Any = None) -> Any:
        return super().find_records(dict(list(check.items())[:1]), keys)


class EmptyListsFail(Right):
    def find_records(self, check: Any, keys: Any = None) -> Any:
        if any(isinstance(test, dict) and test.get('$in') == [] for test in check.values()):
            raise RuntimeError('syntax error near ")"')
        return super().find_records(check, keys)


class OtherGlobs(Right):
    def find_records(self, check: Any, keys: Any = None) -> Any:
        return super().find_records(
            {key: self.changed(test) if isinstance(test, dict) else test for key, test in check.items()}, keys
        )

    def changed(self, test: Any) -> Any:
        return {name: value.replace('[!', '[') if name == '$glob' else value for name, value in test.items()}


class DropsOneTooMany(Right):
    def drop_matching_records(self, check: Any) -> None:
        super().drop_matching_records(check)
        for left in super().find_records({}, ['msg_id'])[:1]:
            super().drop_record(left['msg_id'])


class ForgetsNone(Right):
    def update_record(self, msg_id: str, rec: Any) -> None:
        super().update_record(msg_id, {key: value for key, value in rec.items() if value is not None})


class SilentWhenMissing(Right):
    def update_record(self, msg_id: str, rec: Any) -> None:
        if super().find_records({'msg_id': msg_id}):
            super().update_record(msg_id, rec)


class LosesTheZone(Right):
    def add_record(self, msg_id: str, rec: Any) -> None:
        moments = {key: rec[key].replace(tzinfo=None) for key in ('submitted', 'started') if rec.get(key) is not None}
        super().add_record(msg_id, {**rec, **moments})


class LeavesTheKeyOut(Right):
    def find_records(self, check: Any, keys: Any = None) -> Any:
        found = super().find_records(check, keys)
        return [{key: row[key] for key in keys if key in row} for row in found] if keys else found


class ChangesTheKeys(Right):
    def find_records(self, check: Any, keys: Any = None) -> Any:
        if keys:
            keys.insert(0, 'submitted')
        return super().find_records(check, keys and keys[1:])


class KeepsTheDict(Right):
    """Has the dicts of its caller, as what they hold now."""

    given: ClassVar[dict[str, Any]] = {}

    def add_record(self, msg_id: str, rec: Any) -> None:
        super().add_record(msg_id, rec)
        self.given[msg_id] = rec

    def get_record(self, msg_id: str) -> Any:
        return super().get_record(msg_id) | self.given[msg_id]


class HistoryByKey(Right):
    def get_history(self) -> list[str]:
        return sorted(super().get_history())


DEFECTS = [
    (GreaterIsLess, DOCUMENTED, "'$gt'"),
    (GreaterIsLess, QUERIES, "'$gt'"),
    (UnequalSkipsNull, DOCUMENTED, "'$ne'"),
    (OnlyTheFirstKey, DOCUMENTED, 'not expected'),
    (EmptyListsFail, DOCUMENTED, 'got RuntimeError'),
    (OtherGlobs, DOCUMENTED, "'$glob': '[!"),
    (DropsOneTooMany, DROPS, 'are left'),
    (DropsOneTooMany, IN_A_ROW, 'are left'),
    (ForgetsNone, UPDATES, 'expected nothing, got'),
    (SilentWhenMissing, MISSING, 'expected KeyError, got None'),
    (LosesTheZone, COMES_BACK, ': expected datetime'),
    (LeavesTheKeyOut, KEYS, 'find_records('),
    (KeepsTheDict, UNTOUCHED, 'get_record('),
    (ChangesTheKeys, UNTOUCHED, 'changes its keys'),
    (HistoryByKey, COMES_BACK, 'get_history()'),
]


@pytest.mark.parametrize(('defective', 'name', 'said'), DEFECTS, ids=lambda one: getattr(one, '__name__', None))
def test_a_defect_is_found(defective: type[Right], name: str, said: str) -> None:
    class Contract(BackendContract):
        language, joined, examples = 'find', ('display_data',), 50

        def make(self) -> Any:
            return defective()

    assert said in found(Contract(), name)


@pytest.mark.parametrize('name', sorted({name for _, name, _ in DEFECTS}))
def test_nothing_is_found_where_there_is_no_defect(name: str) -> None:
    class Contract(BackendContract):
        language, joined, examples = 'find', ('display_data',), 15

        def make(self) -> Any:
            return Right()

    assert found(Contract(), name) == ''


# --- ipyparallel's own databases


class OfDictDB(BackendContract):
    examples = 50

    def make(self) -> Any:
        return dictdb.DictDB()


class OfSQLiteDB(BackendContract):
    examples = 50

    def __init__(self, folder: Path) -> None:
        self.folder = folder

    def make(self) -> Any:
        return sqlitedb.SQLiteDB(location=tempfile.mkdtemp(dir=self.folder))

    def reopen(self, db: Any) -> Any:
        db.close()
        return sqlitedb.SQLiteDB(location=db.location)


OF_DICT_DB = {
    DOCUMENTED: ['not supported between instances of', "{'$gt': ", 'the wrong records'],
    DROPS: ['are left'],
    UNTOUCHED: ['get_record('],
}
OF_SQLITE_DB = {
    EMPTY: ['incomplete input'],
    DOCUMENTED: ['syntax error', "{'$ne': ", "'$glob': '[!", 'the wrong records'],
    MANY: ['Expression tree is too large'],
    MISSING: ['expected KeyError, got None'],
    SURVIVE: ['got KeyError: "No such msg'],
}


@pytest.mark.parametrize('name', OF_DICT_DB)
def test_dict_db_of_ipyparallel_fails(name: str) -> None:
    said = found(OfDictDB(), name)
    assert [text for text in OF_DICT_DB[name] if text not in said] == []


@pytest.mark.parametrize('name', OF_SQLITE_DB)
def test_sqlite_db_of_ipyparallel_fails(tmp_path: Path, name: str) -> None:
    said = found(OfSQLiteDB(tmp_path), name)
    assert [text for text in OF_SQLITE_DB[name] if text not in said] == []
