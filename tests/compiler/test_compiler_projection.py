"""Projections in SQL: what is returned of a record, and what is said of a projection that has no meaning."""

import re
from collections.abc import Iterator
from typing import Any

import pytest

import mqsql
from mqsql import reference
from mqsql.values.paths import MAX_STEPS

NESTED = {'a': {'l': [1, 2]}}
RECORD = {
    'msg_id': 'm',
    'label': 'a',
    'buffers': [b'x', b'y', b'z'],
    'content': {
        'l': [1, 2, 3, 4],
        'o': [{'a': 1, 'b': 2}, {'a': 3}, 5],
        's': 'text',
        'z': {'l': [6, 7], 'o': [{'a': 3}]},
        'nested': [[NESTED], NESTED],
    },
}


@pytest.fixture(scope='module')
def store() -> Iterator[mqsql.Store]:
    with mqsql.open(':memory:') as store:
        store.add_record('m', RECORD)
        yield store


@pytest.mark.parametrize(
    ('wanted', 'content'),
    [
        ({'content.s': 1}, {'s': 'text'}),
        ({'content': {'s': True, 'z': {'o': 1}}}, {'s': 'text', 'z': {'o': [{'a': 3}]}}),
        ({'content.o.a': 1.5}, {'o': [{'a': 1}, {'a': 3}]}),
        ({'content.o': 0, 'content.z': False, 'content.l': 0.0, 'content.nested': 0}, {'s': 'text'}),
        ({'content.s': 1, 'content.l': {'$slice': 2}}, {'l': [1, 2], 's': 'text'}),
        ({'content.s': 1, 'content.l': {'$slice': -3}}, {'l': [2, 3, 4], 's': 'text'}),
        ({'content.s': 1, 'content.l': {'$slice': 2**63 - 1}}, {'l': [1, 2, 3, 4], 's': 'text'}),
        ({'content.s': 1, 'content.l': {'$slice': 0}}, {'l': [], 's': 'text'}),
        ({'content.s': 1, 'content.l': {'$slice': [1, 2]}}, {'l': [2, 3], 's': 'text'}),
        ({'content.s': 1, 'content.l': {'$slice': [-3, 2]}}, {'l': [2, 3], 's': 'text'}),
        ({'content.s': 1, 'content.l': {'$slice': [-9, 2]}}, {'l': [1, 2], 's': 'text'}),
        ({'content.s': {'$slice': 1}, 'content.z': 1}, {'s': 'text', 'z': RECORD['content']['z']}),  # type: ignore[index]
        ({'content.l': {'$elemMatch': {'$gt': 2}}}, {'l': [3]}),
        ({'content.l': {'$elemMatch': {'$gt': 9}}}, {}),
        ({'content.o': {'$elemMatch': {'a': 3}}, 'content.l': {'$elemMatch': {'$gt': 2}}}, {'l': [3], 'o': [{'a': 3}]}),
        ({'content': {'n': {'$add': [1, 2]}}}, {'n': 3}),
        ({'content': {'n': {'$slice': ['$content.l', 2]}}}, {'n': [1, 2]}),
        ({'content': {'s': 1, 'z': {'n': {'$size': '$content.l'}}}}, {'s': 'text', 'z': {'n': 4}}),
        ({'content': {'o': {'n': '$label'}}}, {'o': [{'n': 'a'}, {'n': 'a'}, {'n': 'a'}]}),
        ({'content': {'o': {'a': 1, 'n': '$label'}}}, {'o': [{'a': 1, 'n': 'a'}, {'a': 3, 'n': 'a'}, {'n': 'a'}]}),
        ({'content': {'s': {'x': '$label'}}}, {'s': {'x': 'a'}}),
        ({'content': {'new': {'x': {'y': '$label'}}}}, {'new': {'x': {'y': 'a'}}}),
        (
            {'content.nested.a.l': {'$slice': 1}, 'content.s': 1},
            {'s': 'text', 'nested': [[NESTED], {'a': {'l': [1]}}]},
        ),
        ({'content': {'s': '$queue'}}, {}),
    ],
)
def test_what_stays_of_a_document(store: mqsql.Store, wanted: Any, content: Any) -> None:
    (found,) = store.find({}, projection=wanted)
    assert repr(found['content']) == repr(content)


@pytest.mark.parametrize(
    ('beside', 'kept'),
    [({}, {'n': 1}), ({'content.o.n': 0}, {}), ({'content.o.n': 1}, {'n': 1}), ({'content.o.n': 'x'}, {'n': 'x'})],
)
def test_a_slice_does_not_reach_through_an_array_that_is_directly_in_another(
    beside: dict[str, Any], kept: dict[str, Any]
) -> None:
    item = {'l': [1, 2, 3], 'n': 1}
    whole, cut = {'l': [1, 2, 3], **kept}, {'l': [2], **kept}
    content, expected = {'o': [item, [item, [item]]]}, {'o': [cut, [whole, [whole]]]}
    record = {'msg_id': 'm', 'content': content}
    projection = {'content.o.l': {'$slice': [1, 1]}, **beside}
    with mqsql.open(':memory:') as store:
        store.add_record('m', record)
        (found,) = store.find({}, projection=projection)
    assert found['content'] == expected
    assert reference.find([record], {}, projection=projection)[0]['content'] == expected


@pytest.mark.parametrize(
    ('wanted', 'record'),
    [
        ({'label': 1}, {'msg_id': 'm', 'label': 'a'}),
        ({'msg_id': 1}, {'msg_id': 'm'}),
        ({'label': 1, 'msg_id': 0}, {'label': 'a'}),
        ({'pyerr': 1, 'buffers': 1}, {'msg_id': 'm', 'pyerr': None, 'buffers': RECORD['buffers']}),
        ({'label': 1, 'buffers': {'$slice': -1}}, {'msg_id': 'm', 'label': 'a', 'buffers': [b'z']}),
        ({'header': {'x': '$label'}}, {'msg_id': 'm', 'header': {'x': 'a'}}),
        ({'twice': {'$concat': ['$label', '$label']}}, {'msg_id': 'm', 'twice': 'aa'}),
        ({'label': '$queue'}, {'msg_id': 'm', 'label': None}),
        ({'queue': '$label'}, {'msg_id': 'm', 'queue': 'a'}),
        ({'queue': 1}, {'msg_id': 'm', 'queue': None}),
        ({'received': {'$literal': 1}, 'error': {'a': 1}}, {'msg_id': 'm', 'received': 1, 'error': None}),
        ({'buffers': {'$literal': [1]}}, {'msg_id': 'm', 'buffers': [1]}),
    ],
)
def test_which_columns_are_returned(store: mqsql.Store, wanted: Any, record: Any) -> None:
    (found,) = store.find({}, projection=wanted)
    assert {name: list(value) if name == 'buffers' else value for name, value in found.items()} == record
    assert list(found) == list(record)


def test_an_exclusion_returns_the_rest_under_the_columns_names() -> None:
    keys = mqsql.compile({}).keys
    assert mqsql.compile({}, projection={'pyerr': 0, 'content.a': 0}).keys == tuple(k for k in keys if k != 'error')
    assert mqsql.compile({}, projection={'msg_id': 0}).keys == keys[1:]
    assert mqsql.compile({}, projection={'pyerr.a': {'$slice': 1}}).keys == keys


def nested(levels: int) -> Any:
    wanted: Any = 1
    for _ in range(levels):
        wanted = {'a': wanted}
    return wanted


def test_a_path_has_so_many_steps() -> None:
    deepest = {'content': nested(MAX_STEPS)}
    assert mqsql.compile({}, projection=deepest).keys == ('msg_id', 'content')
    for wanted in (
        {'content': nested(MAX_STEPS + 1)},
        {'content': nested(10_000)},
        {'.'.join(['content', *'a' * 51]): 1},
    ):
        with pytest.raises(mqsql.QueryError, match=f'projection.content.a.*: a path has at most {MAX_STEPS} steps'):
            mqsql.compile({}, projection=wanted)


@pytest.mark.parametrize(
    ('wanted', 'message'),
    [
        ([5], 'projection: a key is text, not 5 (int)'),
        ({5: 1}, 'projection: a key is text, not 5 (int)'),
        ({'content': {5: 1}}, 'projection.content: a key is text, not 5 (int)'),
        ({'content..a': 1}, "projection.content..a: a path cannot have the step ''"),
        ({'content.$': 1}, "projection.content.$: a path cannot have the step '$'"),
        ({'lable.x': {'$add': [1, 2]}}, "projection.lable.x: unknown key 'lable', did you mean 'label'?"),
        ({'lable': 1}, "projection.lable: unknown key 'lable', did you mean 'label'?"),
        ({'queue.x': 1}, "projection.queue.x: 'queue.x': 'queue' holds strings, and no path leads into them"),
        ({'content': {}}, 'projection.content: takes 1, 0, $slice, $elemMatch or a dict that is not empty'),
        ({'msg_id': {'$slice': 1}}, 'projection.msg_id: takes 1 or 0 for the key'),
        ({'label': 1, 'queue': 0}, 'projection: inclusion and exclusion do not mix'),
        ({'content': 1, 'content.a': 1}, "projection: a path leads through the end of another: 'content.a'"),
        ({'content.a.b': 1, 'content.a': 1}, "projection: a path leads through the end of another: 'content.a'"),
        ({'content.a': {'$slice': 'x'}}, "projection.content.a.$slice: takes n or [skip, n], not 'x' (str)"),
        ({'content.a': {'$slice': True}}, 'projection.content.a.$slice: takes n or [skip, n], not True (bool)'),
        ({'content.a': {'$slice': 2**63}}, f'projection.content.a.$slice: takes n or [skip, n], not {2**63} (int)'),
        ({'content.a': {'$slice': [1, 0]}}, 'projection.content.a.$slice: takes a count above 0, not 0'),
        ({'content.a.b': {'$elemMatch': {}}}, 'projection.content.a.b: $elemMatch takes a field of the document'),
        ({'content.a': {'$elemMatch': {'$expr': 1}}}, 'projection.content.a: $expr is not allowed in a projection'),
        ({'content.a': {'$elemMatch': 5}}, 'projection.content.a.$elemMatch: takes a dict of operators or a query'),
        (
            {'content.a': {'$elemMatch': {'b': {'$x': 1}}}},
            "projection.content.a.$elemMatch.b.$x: unknown operator '$x'",
        ),
        ({'label': {'$concat': [5, '$nix']}}, 'projection.label.$concat[1]: '),
    ],
)
def test_a_bad_projection_is_named(wanted: Any, message: str) -> None:
    with pytest.raises(mqsql.QueryError, match=re.escape(message)):
        mqsql.compile({}, projection=wanted)


def test_keys_and_projection_are_not_given_together() -> None:
    with pytest.raises(mqsql.QueryError, match='projection: give keys or projection, not both'):
        mqsql.compile({}, ['label'], projection={'label': 1})
