"""`matches` and `matcher` on plain dicts: MongoDB's answers, and what differs from records of a table."""

import re
from collections import OrderedDict
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from conformance import EXCEPTIONS, FOLDER, load_documents

import mqsql
from mqsql.errors import QueryError, RecordError, UnknownNameError

GROUPS = load_documents()

NOW = datetime.now(UTC)

# a document, a query, whether it matches
RULES: list[tuple[Any, Any, bool]] = [
    ({}, {}, True),
    ({'_id': 1, 'a': 2}, {'_id': 1}, True),
    ({'a': None}, {'a': {'$exists': True}}, True),  # in a table it would be missing
    ({}, {'a': {'$exists': True}}, False),
    ({'a': None}, {'a': None}, True),
    ({}, {'a': None}, True),
    ({'a': None}, {'$jsonSchema': {'properties': {'a': {'bsonType': 'null'}}, 'required': ['a']}}, True),
    ({'a': [1, 5]}, {'a': 5}, True),
    ({'a': [{'b': 1}, 2]}, {'a.b': 1}, True),
    ({'a': [{'b': 1}]}, {'a.0.b': 1}, True),
    ({'': {'': 1}}, {'.': 1}, True),
    ({'complete': 1}, {'complete': 1}, True),  # names of a task record mean nothing here
    ({'completed': 1}, {'complete': 1}, False),
    ({'started': 5, 'buffers': [b'a']}, {'started': {'$gt': 4}, 'buffers': b'a'}, True),
    ({'buffers': [b'a']}, {'$expr': {'$eq': ['$$ROOT', {'buffers': [b'a']}]}}, True),
    ({'a': 5, 'b': 3}, {'$expr': {'$gt': ['$a', '$$CURRENT.b']}}, True),
    ({'b': 3}, {'$expr': {'$gt': ['$a', '$b']}}, False),
    ({'a': 1}, {'$expr': {'$lt': ['$$NOW', '$a']}}, False),
    ({'a': 1, 'b': 2}, {'$jsonSchema': {'properties': {'a': {}}, 'additionalProperties': False}}, False),
    ({'a': [[1]]}, {'$jsonSchema': {'patternProperties': {'a': {'enum': [[[1]]]}}}}, True),
    ({'a': [1, 1]}, {'$jsonSchema': {'additionalProperties': {'uniqueItems': True}}}, False),
    ({'a': NOW}, {'a': {'$gt': (NOW - timedelta(1)).astimezone()}}, True),
    ({'a': datetime.now()}, {'a': {'$gte': NOW}}, True),  # a naive time is local
    (OrderedDict(a=(1, 2)), {'a': [1, 2]}, True),
    ({'a': 'train-7'}, {'a': re.compile('^TRAIN', re.IGNORECASE)}, True),
    ({'a': 'train-7'}, {'a': {'$glob': 't*'}}, True),
]


@pytest.mark.parametrize(('document', 'query', 'expected'), RULES)
def test_a_document_matches(document: Any, query: Any, expected: bool) -> None:
    assert mqsql.matches(document, query) is expected
    assert mqsql.matches(document, {'$nor': [query]}) is not expected


def test_a_matcher_filters() -> None:
    documents: list[dict[str, Any]] = [{'a': 1}, {'a': 'x'}, {'a': [0, 2]}]
    assert list(filter(mqsql.matcher({'a': {'$gte': 1}}), documents)) == [{'a': 1}, {'a': [0, 2]}]


def test_texts_compare_by_the_collation() -> None:
    letters = {'locale': 'en', 'strength': 1}
    assert mqsql.matches({'a': 'É'}, {'a': 'e'}, letters)
    assert list(filter(mqsql.matcher({'a': 'e'}, collation=letters), [{'a': 'E'}, {'a': 'f'}])) == [{'a': 'E'}]
    assert not mqsql.matches({'a': 'É'}, {'a': 'e'})


@pytest.mark.parametrize(
    ('query', 'error', 'message'),
    [
        ({'a': {'$gtt': 1}}, UnknownNameError, "a: unknown operator '$gtt', did you mean '$gt'?"),
        ({'$id': 1}, UnknownNameError, "unknown operator '$id'"),
        ({'$where': 'true'}, QueryError, '$where: $where runs JavaScript'),
        ({'a': {'$gt': {1, 2}}}, QueryError, 'a.$gt: mqsql has no type for {1, 2}'),
        ({'a': {'$elemMatch': {'$expr': 1}}}, QueryError, 'a.$elemMatch.$expr'),
        ({'$expr': '$'}, QueryError, "$expr: a path cannot have the step ''"),
        ({'$expr': '$$a'}, UnknownNameError, "unknown variable '$$a'"),
        ({'$expr': {'$divide': [1, 0]}}, QueryError, 'divides by zero'),
        ({'$and': []}, QueryError, '$and: takes a non-empty list'),
        ([], QueryError, 'a query is a dict'),
        (None, QueryError, 'a query is a dict'),
    ],
)
def test_a_query_without_a_meaning_is_refused_at_once(query: Any, error: type[QueryError], message: str) -> None:
    with pytest.raises(error) as raised:
        mqsql.matcher(query)
    assert type(raised.value) is error
    assert message in str(raised.value)


def test_a_collation_without_a_meaning_is_refused() -> None:
    with pytest.raises(QueryError, match=r'collation\.locale: takes en'):
        mqsql.matcher({}, {'locale': 'xx'})


@pytest.mark.parametrize(
    ('document', 'message'),
    [
        ([{'a': 1}], 'a document is a dict, not'),
        (None, 'a document is a dict, not None'),
        ({1: 2}, 'a key is text, not 1'),
        ({'a': {'b': [0, {1}]}}, r'a\.b\[1\]: mqsql has no type for'),
    ],
)
def test_a_document_that_no_record_can_hold_is_refused(document: Any, message: str) -> None:
    with pytest.raises(RecordError, match=message):
        mqsql.matches(document, {})


def test_an_expression_without_a_result_is_an_error_of_the_query() -> None:
    match = mqsql.matcher({'$expr': {'$gt': [{'$add': ['$a', 1]}, 2]}})
    assert match({'a': 5})
    with pytest.raises(QueryError, match=r'\$expr.*\$add'):
        match({'a': 'x'})


def test_a_document_that_holds_itself_is_refused() -> None:
    document: dict[str, Any] = {}
    document['a'] = document
    with pytest.raises(RecordError, match='or holds itself'):
        mqsql.matches(document, {'a': 1})


@pytest.mark.skipif(not GROUPS, reason=f'the conformance cases are not there ({FOLDER})')
@pytest.mark.parametrize('source', GROUPS)
def test_answers_are_those_of_mongodb(source: str) -> None:
    wrong = []
    for documents, cases in GROUPS[source]:
        for case in cases:
            found = positions(documents, case)
            if case.id not in EXCEPTIONS and not agrees(case, found):
                wrong.append(f'{case} gave {found}')
    assert not wrong, '\n'.join(wrong)


def positions(documents: list[Any], case: Any) -> list[int] | str:
    """Where the documents are that match, or the error."""
    try:
        match = mqsql.matcher(case.filter, case.collation)
        return [i for i, document in enumerate(documents) if match(document)]
    except QueryError as e:
        return f'refused: {e}'


def agrees(case: Any, found: list[int] | str) -> bool:
    """Whether positions or an error are as recorded; by their number where that is all there is."""
    if case.error or isinstance(found, str):
        return bool(case.error) and isinstance(found, str)
    length = max(0, len(found) - case.skip)
    length = min(length, case.limit) if case.limit else length
    if case.op == 'count':
        return bool(case.expected == length)
    if len(case.expected) != length:
        return False
    return case.projection is not None or set(case.expected) <= set(found)
