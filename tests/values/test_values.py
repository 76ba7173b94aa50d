"""A value counts as the plain value of its class: in records and queries, in every store, in compiler and reference."""

import array
import re
from collections import OrderedDict, UserDict, deque
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta, tzinfo
from decimal import Decimal
from enum import Enum, IntEnum
from fractions import Fraction
from itertools import count, repeat
from pathlib import Path
from types import MappingProxyType
from typing import Any, NamedTuple
from uuid import UUID

import numpy as np
import pytest
from store_files import with_indexes

import mqsql
from mqsql import reference
from mqsql.errors import MqsqlError
from mqsql.schema import DOCUMENT, STRING, ColumnType, Index, Table
from mqsql.storage import Store
from mqsql.values.plain import MAX_ITEMS, listed

pytestmark = pytest.mark.usefixtures('local_zone')


class Label(str, Enum):  # noqa: UP042 - a StrEnum has the __str__ of str
    """The kind of text that programs label tasks with."""

    TRAIN = 'train'
    KEY = 'label'
    COLUMN = 'content'
    PATH = 'content.a'
    IN = '$in'
    GLOB = 't*'


class Grade(IntEnum):
    """An integer with a name."""

    ONE = 1
    DOWN = -1


class Liar(str):
    """A text whose methods say something else."""

    def __str__(self) -> str:
        return 'a lie'

    def __repr__(self) -> str:
        return 'a lie'

    __format__ = __str__  # type: ignore[assignment]

    def __iter__(self) -> Iterator[str]:
        return iter('a lie')

    def split(self, *_: object) -> list[str]:
        return ['a lie']

    def encode(self, *_: object) -> bytes:
        return b'a lie'


class LyingInt(int):
    """An integer whose methods say something else."""

    def __int__(self) -> int:
        return 99

    __index__ = __int__

    def __str__(self) -> str:
        return '99'


class LyingFloat(float):
    """A number whose methods say something else."""

    def __float__(self) -> float:
        return 99.0


class LyingDict(dict[str, Any]):
    """A dict whose methods say something else."""

    def items(self) -> Any:
        return [1, 2]

    def __iter__(self) -> Iterator[str]:
        return iter(['a lie'])

    def __len__(self) -> int:
        return 99

    def get(self, *_: object) -> Any:
        return 'a lie'


class LyingList(list[Any]):
    """A list whose methods say something else."""

    def __iter__(self) -> Iterator[Any]:
        return iter(['a lie'])

    def __len__(self) -> int:
        return -1


class LyingDatetime(datetime):
    """A time whose methods say something else."""

    def astimezone(self, *_: object) -> Any:
        return 'a lie'

    def utcoffset(self) -> Any:
        return 'a lie'


class Pair(NamedTuple):
    """A tuple with names."""

    a: int
    b: int


class Indexed:
    """What counts as an integer, as NumPy's do."""

    def __init__(self, value: int) -> None:
        self.value = value

    def __index__(self) -> int:
        return self.value


RECORD: dict[str, Any] = {
    'label': 'train',
    'started': datetime(2026, 1, 1, tzinfo=UTC),
    'content': {'a': 'train', 'n': 1, 'f': 2.5, 'list': [1, 2], 'yes': True, 'raw': b'ab', 'x': {'y': 1}},
}


def found(store: Store, query: Any, **options: Any) -> list[str]:
    """The ids that the store, the compiler and the reference find; all must be the same."""
    ids = [record['msg_id'] for record in store.find(query, [], **options)]
    assert ids == [record['msg_id'] for record in reference.find(list(store.find_records({})), query, [], **options)]
    return ids


# --- subclasses


@pytest.mark.parametrize('text', [Label.TRAIN, Liar('train'), np.str_('train')])
def test_a_label_of_a_class_of_its_own_is_stored_and_found_as_its_text(store: Store, text: Any) -> None:
    store.add_record(text, {'label': text, 'content': {text: [text, {'deep': text}]}})
    (record,) = store.find_records({})
    assert (record['msg_id'], record['label']) == ('train', 'train')
    assert record['content'] == {'train': ['train', {'deep': 'train'}]}
    assert {type(key) for key in record['content']} == {type(record['label'])} == {str}
    assert store.get_record(text)['label'] == 'train'
    for test in (
        text, {'$eq': text}, {'$in': [text]}, {'$in': {text}}, {'$nin': ['x']}, {'$ne': 'x'}, {'$gte': text}, {'$glob': text},
        {'$regex': text}, {'$regex': text, '$options': Liar('i')}, {'$all': [text]}, {'$not': {'$ne': text}}, re.compile(text),
    ):  # fmt: skip
        assert found(store, {'label': test}) == ['train']
        assert found(store, {'content.train': test}) == ['train']
    assert found(store, {'label': {'$ne': text}}) == found(store, {'label': {'$nin': [text]}}) == []
    store.update_record(text, {'label': Label.KEY})
    assert store.distinct(Label.KEY) == ['label']
    store.drop_matching_records({'label': {'$ne': Label.KEY}})
    assert store.count() == 1
    store.drop_record(text)


@with_indexes
def test_names_of_a_class_of_their_own_are_their_text(store: Store) -> None:
    store.add_record('m1', {Label.KEY: 'train', Label.COLUMN: {'a': 1}})
    assert found(store, {Label.KEY: {Label.IN: ['train']}}) == ['m1']
    assert found(store, {Liar('label'): {Liar('$glob'): Label.GLOB}}) == ['m1']
    assert found(store, {Liar('$or'): [{Label.KEY: 'train'}]}) == ['m1']
    assert found(store, {Label.PATH: 1}, sort=[(Label.KEY, Grade.DOWN)], limit=Grade.ONE) == ['m1']
    assert list(store.find({}, [Label.KEY])) == [{'msg_id': 'm1', 'label': 'train'}]
    assert list(store.find({}, Label.KEY)) == [{'msg_id': 'm1', 'label': 'train'}]
    assert list(store.find({}, projection={Label.KEY: Grade.ONE})) == [{'msg_id': 'm1', 'label': 'train'}]
    assert list(store.find({}, projection={Liar('x'): Liar('$label')})) == [{'msg_id': 'm1', 'x': 'train'}]
    assert found(store, {'$expr': {Liar('$eq'): [Liar('$label'), Label.TRAIN]}}) == ['m1']
    assert found(
        store, {'$jsonSchema': {Liar('required'): [Label.KEY], 'properties': {Label.KEY: {'enum': [Label.TRAIN]}}}}
    ) == ['m1']
    assert found(store, {'label': 'TRAIN'}, collation={Liar('locale'): Liar('en'), 'strength': Grade.ONE}) == ['m1']
    assert store.create_index([(Label.PATH, Grade.DOWN)]) == 'content.a_-1'
    store.drop_index(Liar('content.a_-1'))


@pytest.mark.parametrize(
    ('value', 'plain'),
    [
        (LyingInt(5), 5),
        (LyingFloat(2.5), 2.5),
        (LyingDict(a=1), {'a': 1}),
        (LyingList([1, 2]), [1, 2]),
        (Pair(1, 2), [1, 2]),
        (OrderedDict(b=1, a=2), {'b': 1, 'a': 2}),
        (UserDict({'a': 1}), {'a': 1}),
        (MappingProxyType({'a': 1}), {'a': 1}),
        (LyingDatetime(2026, 1, 1, tzinfo=UTC), datetime(2026, 1, 1, tzinfo=UTC)),
        (type('Raw', (bytes,), {'__bytes__': lambda self: b'a lie'})(b'ab'), b'ab'),
        (type('Raw', (bytearray,), {})(b'ab'), b'ab'),
        (memoryview(b'ab'), b'ab'),
        (memoryview(b'abcd').cast('B', [2, 2]), b'abcd'),
        (Indexed(5), 5),
        (np.int64(5), 5),
        (np.uint8(5), 5),
        (np.bool_(True), True),
        (np.float32(2.5), 2.5),
        (np.float16(2.5), 2.5),
        (np.float64(2.5), 2.5),
        (np.str_('a'), 'a'),
        (np.bytes_(b'a'), b'a'),
        (np.array(5), 5),
        (np.array([1, 2]), [1, 2]),
        (np.array(['a', None], dtype=object), ['a', None]),
        (np.array([[1, 2], [3, 4]]), [[1, 2], [3, 4]]),
        (np.array([True, False]), [True, False]),
        (UUID(int=5), '00000000-0000-0000-0000-000000000005'),
    ],
    ids=lambda value: type(value).__name__,
)  # fmt: skip
def test_a_value_is_stored_and_found_as_what_it_is(store: Store, value: Any, plain: Any) -> None:
    store.add_record('m1', {'content': {'a': value, 'b': [{'c': value}]}})
    content = store.get_record('m1')['content']
    assert repr(content) == repr({'a': plain, 'b': [{'c': plain}]})
    for query in ({'content.a': value}, {'content.a': {'$in': [value]}}, {'content.b.c': {'$eq': value}}):
        assert found(store, query) == ['m1']
    assert found(store, {'content.a': {'$nin': [value]}}) == []
    assert found(store, {'$expr': {'$eq': ['$content.a', {'$literal': value}]}}) == ['m1']


@pytest.mark.parametrize('integer', [np.int64, np.uint16, Indexed, LyingInt, lambda n: np.array(n)])
@with_indexes
def test_what_counts_as_an_integer_is_one_wherever_a_number_is_asked_for(
    store: Store, integer: Callable[[int], Any]
) -> None:
    for i in range(3):
        store.add_record(f'm{i}', RECORD | {'content': {'n': i, 'list': [1, 2, 3], 'raw': 5}})
    one, two = integer(1), integer(2)
    assert found(store, {}, sort=[('content.n', one)], skip=one, limit=one) == ['m1']
    assert found(store, {}, sort={'content.n': one}) == ['m0', 'm1', 'm2']
    for query in (
        {'content.n': two}, {'content.n': {'$gt': one}}, {'content.n': {'$in': [two]}},
        {'content.n': {'$mod': [integer(3), two]}},
        {'content.n': {'$bitsAllSet': two}}, {'content.n': {'$bitsAllSet': [one]}}, {'$expr': {'$eq': ['$content.n', two]}},
        {'$expr': {'$eq': [{'$arrayElemAt': ['$content.list', '$content.n']}, integer(3)]}},
        {'$jsonSchema': {'properties': {'content': {'properties': {'n': {'minimum': two}}}}}},
    ):  # fmt: skip
        assert found(store, query) == ['m2']
    assert len(found(store, {'content.list': {'$size': integer(3)}})) == 3
    assert len(found(store, {'content.n': {'$type': integer(16)}})) == 3
    assert found(store, {'content.n': {'$exists': integer(0)}}) == []
    sliced = store.find_one({}, projection={'content.list': {'$slice': [one, one]}})
    assert sliced
    assert sliced['content']['list'] == [2]
    assert store.count({}, limit=two) == 2
    assert len(found(store, {}, collation={'locale': 'en', 'strength': two})) == 3
    store.create_index([('content.n', one)])


def test_numpy_says_yes_and_no(store: Store) -> None:
    store.add_record('m1', RECORD)
    assert found(store, {'content.yes': np.bool_(True)}) == ['m1']
    assert found(store, {'content.yes': {'$exists': np.bool_(False)}}) == []
    assert list(store.find({}, projection={'label': np.True_})) == [{'msg_id': 'm1', 'label': 'train'}]
    assert found(store, {}, collation={'locale': 'en', 'numericOrdering': np.False_}) == ['m1']
    with pytest.raises(mqsql.QueryError, match='limit'):
        found(store, {}, limit=np.True_)


@pytest.mark.parametrize(
    'items',
    [
        lambda: {1, 2}, lambda: frozenset({1}), lambda: deque([1]), lambda: range(3), lambda: {1: 'a'}.keys(),
        lambda: {'a': 1}.values(), lambda: array.array('i', [1]), lambda: (n for n in (1, 2)), lambda: map(int, '12'),
        lambda: np.array([1, 2]), lambda: [np.int64(1)], lambda: (1, 2), lambda: LyingList([1]),
        lambda: memoryview(array.array('i', [1])).tolist(),
    ],
)  # fmt: skip
def test_the_values_of_in_come_from_any_iterable(store: Store, items: Callable[[], Any]) -> None:
    store.add_record('m1', RECORD)
    assert [record['msg_id'] for record in store.find({'content.n': {'$in': items()}}, [])] == ['m1']
    assert store.count({'content.n': {'$nin': items()}}) == 0
    assert store.count({'$or': [{'content.n': {'$not': {'$in': items()}}}]}) == 0


# --- times


def test_a_date_is_its_first_moment_in_local_time(store: Store) -> None:
    day, midnight = date(2026, 7, 1), datetime(2026, 7, 1)
    store.add_record('m1', {'started': day, 'content': {'day': day}})
    record = store.get_record('m1')
    assert record['started'] == record['content']['day'] == midnight.astimezone(UTC)
    for same in (day, midnight, midnight.astimezone(UTC).isoformat()):
        assert found(store, {'started': same}) == ['m1']
    assert found(store, {'content.day': {'$in': [day]}}) == ['m1']
    assert found(store, {'started': {'$gte': day, '$lt': date(2026, 7, 2)}}) == ['m1']


def test_a_time_of_numpy_is_one_if_it_has_whole_microseconds(store: Store) -> None:
    store.add_record('m1', {'started': np.datetime64('2026-07-01T10:00:00.000001')})
    assert found(store, {'started': datetime(2026, 7, 1, 10, 0, 0, 1)}) == ['m1']
    assert found(store, {'started': np.datetime64('2026-07-01T10:00:00.000001000', 'ns')}) == ['m1']
    for value in (np.datetime64('2026-07-01T10:00:00.000000001'), np.datetime64('NaT', 's'), np.datetime64(10**6, 'Y')):
        with pytest.raises(mqsql.QueryError, match=r'^started: '):
            store.count({'started': value})


def test_nanoseconds_are_not_dropped_without_a_word(store: Store) -> None:
    # As pandas.Timestamp has them.
    moment = type('Timestamp', (datetime,), {'nanosecond': 5})(2026, 7, 1)
    with pytest.raises(mqsql.RecordError, match=r"started: .* has nanoseconds.*; write value.floor\('us'\)"):
        store.add_record('m1', {'started': moment})


class Zone(tzinfo):
    """A time zone that does not know itself."""

    def __init__(self, offset: Any) -> None:
        self.offset = offset

    def utcoffset(self, _: object) -> Any:
        if isinstance(self.offset, Exception):
            raise self.offset
        return self.offset

    dst = tzname = utcoffset


@pytest.mark.parametrize('offset', ['garbage', timedelta(days=3), 5, RuntimeError('no zone')])
def test_a_time_zone_that_fails_is_named(store: Store, offset: Any) -> None:
    moment = datetime(2026, 1, 1, tzinfo=Zone(offset))
    for record in ({'started': moment}, {'content': {'a': moment}}):
        with pytest.raises(mqsql.RecordError, match=r'the time zone of .* cannot be read'):
            store.add_record('m1', record)
    for query in ({'started': moment}, {'content.a': {'$in': [moment]}}):
        with pytest.raises(mqsql.QueryError, match=r'the time zone of .* cannot be read'):
            store.count(query)


# --- what has no form here


@dataclass
class Point:
    """A class of a user."""

    x: int = 1


class Colour(Enum):
    """An Enum that is nothing else."""

    RED = 'red'


class ObjectId:
    """The name of a document in MongoDB."""

    __module__ = 'bson.objectid'


@pytest.mark.parametrize(
    ('value', 'advice'),
    [
        (Colour.RED, 'write value.value'),
        (Decimal('1.5'), 'write float(value), or str(value)'),
        (Fraction(1, 3), 'write float(value)'),
        (timedelta(1), 'write value.total_seconds()'),
        (datetime.min.time(), 'write value.isoformat()'),
        (Path('a'), 'write str(value)'),
        ({1, 2}, 'write a list: list(value)'),
        (deque([1]), 'write a list: list(value)'),
        (range(3), 'write a list: list(value)'),
        (1j, 'write [value.real, value.imag]'),
        (Point(), 'write dataclasses.asdict(value)'),
        (ObjectId(), 'write str(value)'),
        (np.timedelta64(1, 's'), 'mqsql has no type for'),
        (np.complex64(1), 'mqsql has no type for'),
        (np.ma.masked_array([1, 2], mask=[True, False]), 'write value.filled(…) or value.compressed()'),
        (np.ma.masked, 'value.filled(…)'),
        (np.array([(1, 2)], dtype=[('a', int), ('b', int)]), 'mqsql has no type for'),
        (object(), 'mqsql has no type for'),
    ],
    ids=lambda value: type(value).__name__,
)
def test_what_has_no_form_is_refused_with_what_to_write(store: Store, value: Any, advice: str) -> None:
    with pytest.raises(mqsql.RecordError, match='^' + re.escape('content.a[0]')) as refused:
        store.add_record('m1', {'content': {'a': [value]}})
    assert advice in str(refused.value)
    for query in (
        {'content.a': value},
        {'$or': [{'content.a': {'$gt': value}}]},
        {'$expr': {'$eq': ['$content.a', value]}},
    ):
        for ask in (store.count, mqsql.compile, lambda query: reference.find([], query)):
            with pytest.raises(mqsql.QueryError) as no_query:
                ask(query)
            assert advice in str(no_query.value)
            assert no_query.value.path


def test_a_regular_expression_of_bson_is_a_pattern(store: Store) -> None:
    regex = type('Regex', (), {'__module__': 'bson.regex', 'pattern': 'TRA', 'flags': re.IGNORECASE})
    store.add_record('m1', RECORD)
    assert found(store, {'label': regex()}) == found(store, {'label': {'$in': [regex()]}}) == ['m1']


# --- objects that are not what they seem


class NoPairs(UserDict[str, Any]):
    """A Mapping whose items are no pairs."""

    def items(self) -> Any:
        return [1, 2]


class Endless(Mapping[str, Any]):
    """A Mapping that never ends."""

    def __getitem__(self, key: str) -> Any:
        return 1

    def __iter__(self) -> Iterator[str]:
        return map(str, count())

    def __len__(self) -> int:
        return 1


class Broken:
    """An object of which nothing can be read."""

    def _fail(self, *_: object) -> Any:
        raise RuntimeError('broken')

    __index__ = __iter__ = __len__ = __bool__ = __eq__ = __hash__ = __repr__ = __getattr__ = _fail


class BrokenKey(str):
    """A key that cannot be compared."""

    def __eq__(self, other: object) -> bool:
        raise RuntimeError('no equality')

    def __hash__(self) -> int:
        return 7


def failing() -> Iterator[int]:
    """A generator that fails."""
    yield 1
    raise LookupError('lost')


class NoClass:
    """An object that does not say what it is."""

    @property  # type: ignore[misc]
    def __class__(self) -> Any:
        raise RuntimeError('no class')


# Made where they are used: pytest itself looks at what it is given.
ODD: dict[str, Callable[[], Any]] = {
    'no pairs': lambda: NoPairs(a=1),
    'broken': Broken,
    'broken inside': lambda: {'a': Broken()},
    'broken in a list': lambda: [Broken()],
    'a generator that fails': failing,
    'an iterator without an end': lambda: repeat(1),
    'no class': NoClass,
}


@pytest.mark.parametrize('make', ODD.values(), ids=ODD.keys())
def test_an_object_that_fails_is_refused_with_its_place(store: Store, make: Callable[[], Any]) -> None:
    store.add_record('m1', RECORD)
    with pytest.raises(mqsql.RecordError, match=r'^content'):
        store.update_record('m1', {'content': {'a': make()}})
    for query in (
        {'content.a': make()},
        {'content.a': {'$gt': make()}},
        {'label': {'$in': [make()]}},
        {'$and': [make()]},
        {'$expr': make()},
    ):
        for ask in (store.count, mqsql.compile, lambda query: reference.find([], query)):
            with pytest.raises(mqsql.QueryError):
                ask(query)
    for options in (
        {'keys': make()},
        {'sort': make()},
        {'limit': make()},
        {'skip': make()},
        {'projection': make()},
        {'collation': make()},
    ):
        with pytest.raises(mqsql.QueryError):
            store.find({}, **options)
    with pytest.raises(mqsql.QueryError):
        store.create_index([make()])


def test_what_an_object_raises_is_the_cause_of_the_refusal(store: Store) -> None:
    with pytest.raises(mqsql.QueryError, match=r'label.\$in: .* cannot be read: LookupError: lost') as refused:
        store.count({'label': {'$in': failing()}})
    assert isinstance(refused.value.__cause__, LookupError)


def test_an_iterator_without_an_end_is_refused(store: Store) -> None:
    for endless in ({'content.a': {'$in': count()}}, {'content': Endless()}, Endless()):
        with pytest.raises(mqsql.QueryError, match=f'at most {MAX_ITEMS:,} items'):
            store.count(endless)


def test_a_set_may_have_more_items_than_an_iterator() -> None:
    assert len(listed(set(range(MAX_ITEMS + 2)))) == MAX_ITEMS + 2


def test_a_key_is_its_text_whatever_it_equals(store: Store) -> None:
    store.add_record('m1', {'content': {BrokenKey('a'): 1}, BrokenKey('label'): 'x'})
    assert store.get_record('m1')['content'] == {'a': 1}
    assert found(store, {BrokenKey('content.a'): {BrokenKey('$eq'): 1}}) == ['m1']
    with pytest.raises(mqsql.RecordError, match=r"has the key 'a' .* twice"):
        store.update_record('m1', {'content': {BrokenKey('a'): 1, 'a': 2}})


def test_a_query_that_holds_itself_is_refused_at_once(store: Store) -> None:
    loop: dict[str, Any] = {}
    loop['$and'] = UserDict({'$or': [loop] * 5}), [loop] * 5
    for ask in (store.count, mqsql.compile, lambda query: reference.find([], query)):
        with pytest.raises(MqsqlError):
            ask(loop)


class Names(str, Enum):  # noqa: UP042 - a StrEnum has the __str__ of str
    """Names of a table of a program's own."""

    TABLE = 'runs'
    KEY = 'run'
    STATE = 'state'
    NOTES = 'notes'
    ALIAS = 'status'
    PATH = 'notes.a'
    URL = ':memory:'


def test_a_table_may_be_named_by_a_class_of_texts() -> None:
    columns: dict[str, ColumnType] = {Names.KEY: STRING, Names.STATE: STRING, Names.NOTES: DOCUMENT}
    indexes = (Index((Names.STATE,)), Index((Names.PATH,), (-1,)))
    table = Table(Names.TABLE, columns, Names.KEY, {Names.ALIAS: Names.STATE}, indexes)
    with mqsql.open(Names.URL, table=table) as store:
        store.add_record('r1', {Names.ALIAS: 'done', Names.NOTES: {'a': 1}})
        assert store.get_record('r1') == {'run': 'r1', 'state': 'done', 'notes': {'a': 1}}
        assert list(store.list_indexes()) == ['state_1', 'notes.a_-1']
        assert store.distinct(Names.ALIAS, {Names.PATH: 1}) == ['done']
        assert 'FROM runs' in store.explain({Names.STATE: 'done'}).sql
