"""The store of a MongoDB server gives the answers recorded from MongoDB's own tests, but where its server deviates."""

from collections.abc import Callable
from typing import Any

import pytest
from conformance import FOLDER, StoreEngine, load, verdict
from mongo_deviations import deviations
from mongo_servers import KINDS, Place
from mongo_stores import opened

from mqsql.errors import UnsupportedError
from mqsql.schema import TASKS, Record
from mqsql.storage import Store
from mqsql.storage.mongodb.queries import translate
from mqsql.values.plain import read_plain

GROUPS = load()
NATURAL = '797e975c18c3'
"""The case that sorts by $natural, which under `content` is the name of a field that no sort of MongoDB takes."""

DEVIATING = {'secantus': 12, 'given': 0}
"""So many answers, at most, are the server's own."""

pytestmark = pytest.mark.skipif(not GROUPS, reason=f'the conformance cases are not there ({FOLDER})')


@pytest.mark.parametrize('kind', [kind for kind in KINDS if kind in DEVIATING])
def test_answers_are_those_of_mongodb(mongo_place: Callable[[str], Place], kind: str) -> None:
    wrong, deviating = list[str](), 0
    with opened(mongo_place(kind)) as store:
        for records, cases in (group for groups in GROUPS.values() for group in groups):
            store.drop_matching_records({})
            store.add_records(records)
            for case in cases:
                text = judged(store, case)
                if text and deviates(kind, records, case):
                    deviating += 1
                elif text:
                    wrong.append(f'{case} {text}')
    assert not wrong, '\n'.join(wrong)
    assert deviating <= DEVIATING[kind]


def judged(store: Store, case: Any) -> str:
    """'' where the answer is the recorded one, or what MongoDB cannot be asked is refused."""
    try:
        return verdict(StoreEngine(store), case)
    except UnsupportedError as e:
        return '' if case.error or case.id == NATURAL else str(e)


def deviates(kind: str, records: list[Record], case: Any) -> bool:
    """Whether another answer than the recorded one is the server's known deviation."""
    said = translate(read_plain(case.filter), TASKS)
    sort = case.sort or ()
    return bool(deviations(kind, said, records, paths=sort, distinct=case.key, collation=case.collation))
