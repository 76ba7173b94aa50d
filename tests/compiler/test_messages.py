"""Messages are short and printable and name the place, whatever was given."""

import pickle
from collections.abc import Callable
from typing import Any

import pytest

import mqsql
from mqsql import reference
from mqsql.errors import LONGEST, MqsqlError, did_you_mean, named, short_repr
from mqsql.storage import Store

LONG = 200_000
NAMES = {
    'long': 'x' * LONG,
    'a lone surrogate': 'a\ud800b',
    'controls': 'a\0\x1b[31m\r\nb',
    'a line separator': 'a\u2028b',
    'a direction': 'a\u202eb',
    'a deep path': '.'.join(['step'] * 10_000),
    'a long path': '.'.join(['x' * 1000] * 40),
}


def is_fit(error: BaseException) -> None:
    """The message can be printed anywhere, in a line that a person reads."""
    for text in (str(error), *map(str, error.args)):
        assert text.encode('utf-8')
        assert text.isprintable()
        assert len(text) <= 500
    assert pickle.loads(pickle.dumps(str(error))) == str(error)


def queries(name: Any) -> list[Any]:
    """Queries that are refused, with the name in all places."""
    return [
        {name: 1}, {f'queue.{name}': 1}, {f'content.{name}': {'$gtt': 1}}, {f'${name}': 1}, {'label': {f'${name}': 1}},
        {f'content.{name}': {'$gt': 1, 'b': 1}}, {'label': {'$in': [{'$gt': name}]}}, {'started': name},
        {'$expr': f'${name}'}, {'$expr': f'$content.{name}..a'}, {'$expr': f'$${name}'}, {'$expr': {f'${name}': 1}},
        {'$expr': {'$add': [1], name: 1}}, {'$expr': {'$let': {'vars': {name: 1}, 'in': '$$nope'}}},
        {'content.a': {'$type': name}},
        {'$jsonSchema': {name: 1}}, {'$jsonSchema': {'properties': {name: {}}}}, {'$jsonSchema': {'type': name}},
        {'$jsonSchema': {'properties': {'content': {'properties': {name: {'type': 'x'}}}}}},
        {'content.a': {'$regex': f'({name}'}},
        {'content.a': {'$regex': 'a', '$options': name}}, {'content.a': {'$elemMatch': {name: {'$gtt': 1}}}}, name, [name],
        {'$and': [{'$or': [{f'content.{name}': {'$size': name}}]}]}, {'content': {name: {1, 2}}}, {'content': {name: {1: 2}}},
    ]  # fmt: skip


OPTIONS: list[Callable[[str], dict[str, Any]]] = [
    lambda name: {'keys': name},
    lambda name: {'keys': [f'content.{name}..a']},
    lambda name: {'keys': [f'queue.{name}']},
    lambda name: {'keys': [f'content.{name}', f'content.{name}.b', 'queue.a']},
    lambda name: {'sort': name},
    lambda name: {'sort': [(f'content.{name}', 2)]},
    lambda name: {'sort': f'queue.{name}'},
    lambda name: {'projection': {name: 1, 'queue.x': 0}},
    lambda name: {'projection': {f'content.{name}': 1, 'content': 1}},
    lambda name: {'projection': {'label': f'${name}'}},
    lambda name: {'projection': {f'content.{name}': {'$slice': name}}},
    lambda name: {'collation': {'locale': name}},
    lambda name: {'collation': {name: 1}},
    lambda name: {'limit': name},
]


@pytest.mark.parametrize('name', NAMES.values(), ids=NAMES.keys())
def test_a_name_of_any_kind_and_length_makes_a_message_that_fits(store: Store, name: str) -> None:
    for query in queries(name):
        for ask in (store.count, mqsql.compile, lambda query: reference.find([], query)):
            try:
                ask(query)
            except MqsqlError as e:
                is_fit(e)
    for options in OPTIONS:
        for find in (store.find, lambda **asked: reference.find([], **asked)):
            with pytest.raises(MqsqlError) as refused:
                find(**options(name))
            is_fit(refused.value)


@pytest.mark.parametrize('name', NAMES.values(), ids=NAMES.keys())
def test_a_record_with_such_a_name_is_refused_in_a_message_that_fits(store: Store, name: str) -> None:
    store.add_record('m1', {})
    calls: list[Callable[[], Any]] = [
        lambda: store.update_record('m1', {name: 1}),
        lambda: store.update_record('m1', {'content': {name: object()}}),
        lambda: store.update_record('m1', {'content': {name: {'a': {1: 2}}}}),
        lambda: store.update_record('m1', {'started': name}),
        lambda: store.update_record(name, {'label': 'a'}),
        lambda: store.get_record(name),
        lambda: store.drop_record(name),
        lambda: store.add_record('m2', {'msg_id': name}),
        lambda: store.create_index(name),
        lambda: store.create_index(f'content.{name}..a'),
        lambda: store.create_index([(name, 1), ('label', 2)]),
        lambda: store.drop_index(name),
        lambda: store.distinct(name),
        lambda: store.distinct(f'queue.{name}'),
    ]
    for call in calls:
        with pytest.raises(MqsqlError) as refused:
            call()
        is_fit(refused.value)


def test_a_long_path_is_cut_in_the_message_and_longer_in_the_error() -> None:
    path = 'content.' + 'x' * 300
    with pytest.raises(mqsql.QueryError) as refused:
        mqsql.compile({path: {'$gtt': 1}})
    assert refused.value.path == f'{path}.$gtt'
    assert str(refused.value).startswith('content.xxx')
    assert str(refused.value).endswith("x.$gtt: unknown operator '$gtt', did you mean '$gt'?")


def test_what_is_shown_is_cut_and_printable() -> None:
    assert len(short_repr('a' * LONG)) < 100
    assert short_repr('a\ud800\0') == r"'a\ud800\x00' (str)"
    assert len(short_repr(type('x' * LONG, (), {})())) < 200
    assert short_repr(type('a\nb', (), {'__repr__': lambda self: 'one\ntwo\ud800'})()) == r'one\ntwo\ud800 (a\nb)'
    assert named('a' * 79) == "'" + 'a' * 78 + '…'
    assert did_you_mean('key', 'x\ud800' * LONG, ['label']).isprintable()
    assert len(str(mqsql.StorageError('a' * LONG))) == LONGEST


BIG = 10**5000  # Python refuses to print it

BIG_NUMBERS: list[dict[str, Any]] = [
    {'limit': -BIG},
    {'skip': BIG},
    {'sort': {'label': BIG}},
    {'collation': {'locale': 'en', 'strength': BIG}},
    {'projection': {'content.a': {'$slice': BIG}}},
    {'filter': {'label': BIG}},
    {'filter': {'content.a': {'$size': -BIG}}},
    {'filter': {'content.a': {'$mod': [BIG, 1]}}},
    {'filter': {'content.a': {'$type': BIG}}},
    {'filter': {'content.a': {'$bitsAllSet': [BIG]}}},
    {'filter': {'$jsonSchema': {'minItems': -BIG}}},
    *({'filter': {'$expr': {name: [-BIG]}}} for name in ('$sqrt', '$ln', '$log10')),
]


@pytest.mark.parametrize('options', BIG_NUMBERS, ids=lambda options: '-'.join(options))
def test_a_number_that_python_cannot_print_is_named(store: Store, options: dict[str, Any]) -> None:
    for find in (store.find, lambda **asked: reference.find([], **asked)):
        with pytest.raises(mqsql.QueryError) as refused:
            find(**options)
        is_fit(refused.value)
