"""The servers of the tests answer as MongoDB does, but for the deviations that are listed; each of these still exists."""

from collections.abc import Callable, Iterator
from contextlib import ExitStack
from typing import Any

import pymongo
import pytest
from bson.codec_options import CodecOptions
from conformance import FOLDER, cases_module
from mongo_deviations import DEVIATIONS, Deviation, deviations
from mongo_servers import KINDS, PROGRAMS, Place
from pymongo.errors import PyMongoError

import mqsql
from mqsql import reference
from mqsql.errors import QueryError
from mqsql.schema import ANY, STRING, Table

LISTED = [(kind, name) for kind in PROGRAMS for name in DEVIATIONS[kind]]
AGREEING = {'secantus': 1200, 'nx': 350, 'given': 1240}
"""So many cases, at least, are outside of the deviations."""

Open = Callable[[str], Any]


@pytest.fixture
def database(mongo_place: Callable[[str], Place]) -> Iterator[Open]:
    """An empty database on a server of some kind."""
    with ExitStack() as stack:

        def opened(kind: str) -> Any:
            place = mongo_place(kind)
            client = stack.enter_context(pymongo.MongoClient[dict[str, Any]](place.url))
            return client.get_database(place.database, codec_options=CodecOptions(tz_aware=True))

        yield opened


# --- the list


def found(collection: Any, deviation: Deviation) -> list[Any] | None:
    """The answer to the query of a deviation; None if it, or a document, is refused."""
    try:
        if deviation.documents:
            collection.insert_many([{'_id': i, **document} for i, document in enumerate(deviation.documents)])
        if deviation.indexed:
            collection.create_index(list(deviation.indexed.items()))
        if deviation.distinct:
            return list(collection.distinct(deviation.distinct, deviation.query))
        sort = [(path, 1) for path in deviation.sort] or None
        answer = list(collection.find(deviation.query, deviation.projection, sort=sort, collation=deviation.collation))
    except PyMongoError:
        return None
    return answer if deviation.projection else [one['_id'] for one in answer]


@pytest.mark.parametrize(('kind', 'name'), LISTED)
def test_a_listed_deviation_still_exists(database: Open, kind: str, name: str) -> None:
    deviation = DEVIATIONS[kind][name]
    given = found(database(kind).tasks, deviation)
    # The order of keys counts, too.
    assert repr(given) != repr(deviation.expected), 'the server has been mended: take the deviation off the list'
    options: dict[str, Any] = {
        'projection': deviation.projection,
        'paths': deviation.sort,
        'indexed': deviation.indexed,
        'distinct': deviation.distinct or None,
        'collation': deviation.collation,
    }
    assert name in deviations(kind, deviation.query, deviation.documents, **options)


ANYTHING = Table('anything', {'_id': STRING, 'a': ANY, 'b': ANY, 'd': ANY, 'e': ANY}, key='_id')


@pytest.mark.parametrize(('kind', 'name'), LISTED)
def test_what_is_expected_is_what_the_reference_says(kind: str, name: str) -> None:
    deviation = DEVIATIONS[kind][name]
    if deviation.expected is None:
        with pytest.raises(QueryError):
            said(deviation)
    else:
        expected = [one['_id'] if deviation.projection else one for one in deviation.expected]
        assert said(deviation) == expected


def said(deviation: Deviation) -> list[Any]:
    """What the reference says to the query of a deviation."""
    if deviation.sort or deviation.distinct:
        records = [{'_id': str(i), **document} for i, document in enumerate(deviation.documents)]
        if deviation.distinct:
            return reference.distinct(records, deviation.distinct, deviation.query, table=ANYTHING)
        return [
            int(one['_id']) for one in reference.find(records, deviation.query, sort=deviation.sort, table=ANYTHING)
        ]
    matches = mqsql.matcher(deviation.query, deviation.collation)
    return [i for i, document in enumerate(deviation.documents) if matches(document)]


@pytest.mark.skipif('given' not in KINDS, reason='MQSQL_TEST_MONGODB is not set')
@pytest.mark.parametrize(('kind', 'name'), LISTED)
def test_another_server_does_not_deviate(database: Open, kind: str, name: str) -> None:
    deviation = DEVIATIONS[kind][name]
    assert repr(found(database('given').tasks, deviation)) == repr(deviation.expected)


# --- everything else


def answer(collection: Any, case: Any, ids: list[Any]) -> Any:
    """The answer to a case: with documents given by the ids of the cases, if there is no projection."""
    options = {'collation': case.collation} if case.collation else {}
    if case.op == 'distinct':
        return collection.distinct(case.key, case.filter, **options)
    if case.op == 'count':
        asked = {'query': case.filter, 'skip': case.skip, 'limit': case.limit, **options}
        return collection.database.command('count', collection.name, **asked)['n']
    sort = list(case.sort.items()) if case.sort else None
    rows = list(collection.find(case.filter, case.projection, sort=sort, skip=case.skip, limit=case.limit, **options))
    if case.projection is not None:
        return [{name: value for name, value in row.items() if not str(value).startswith(MADE)} for row in rows]
    return [cases_module().msg_id(ids.index(row['_id'])) for row in rows]


MADE = 'made '
"""How the ids begin of documents that have none."""


def verdict(collection: Any, case: Any, ids: list[Any]) -> str:
    """'' where the server's answer is the recorded one, else what it did instead."""
    try:
        given = answer(collection, case, ids)
    except (PyMongoError, TypeError) as e:  # pymongo itself refuses a key that is no text
        return '' if case.error else f'{case} refused: {e}'
    if case.error:
        return f'{case} answered {given!r}'
    return '' if cases_module().agrees(case, given) else f'{case} gave {given!r}'


@pytest.mark.skipif(not FOLDER.exists(), reason=f'the conformance cases are not there ({FOLDER})')
@pytest.mark.parametrize('kind', KINDS)
def test_all_other_answers_are_those_of_mongodb(database: Open, kind: str) -> None:
    opened, wrong, agreeing = database(kind), list[str](), 0
    for number, (documents, cases) in enumerate(cases_module().load()):
        stored = [{'_id': f'{MADE}{i}', **document} for i, document in enumerate(documents)]
        asked = [case for case in cases if not concerned(kind, case, documents)]
        collection = opened[f'documents{number}']
        if stored and asked:
            collection.insert_many(stored)
        verdicts = [verdict(collection, case, [document['_id'] for document in stored]) for case in asked]
        wrong += filter(None, verdicts)
        agreeing += verdicts.count('')
    assert not wrong, '\n'.join(wrong)
    assert agreeing >= AGREEING[kind]


def concerned(kind: str, case: Any, documents: list[Any]) -> bool:
    return bool(
        deviations(
            kind,
            case.filter,
            documents,
            projection=case.projection,
            paths=case.sort or (),
            distinct=case.key,
            collation=case.collation,
        )
    )
