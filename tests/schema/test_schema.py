"""What records and tables take, what they make of it, and what they refuse."""

import enum
import math
import re
from datetime import UTC, datetime, timedelta, timezone, tzinfo
from itertools import product
from typing import Any, Self

import pytest
from systems import in_zone, needs_tzset

import mqsql
from mqsql.errors import QueryError, RecordError, UnknownNameError
from mqsql.schema import BUFFERS, DOCUMENT, STRING, TASKS, TIMESTAMP, ColumnType, Index, Table
from mqsql.values.canonical import MAX_DEPTH, to_utc, type_bracket
from mqsql.values.codec import encode_document, encode_text, encode_timestamp

NOON = datetime(2026, 11, 22, 12, tzinfo=UTC)


class Colour(enum.IntEnum):
    RED = 1


def same(a: Any, b: Any) -> bool:
    """Equal, and of the same types all the way down; NaN is itself."""
    return repr(a) == repr(b)


# --- kinds


@pytest.mark.parametrize(
    ('kind', 'given', 'canonical'),
    [
        (STRING, 'é\0', 'é\0'),
        (STRING, b'7f-engine', '7f-engine'),
        (TIMESTAMP, NOON, NOON),
        (TIMESTAMP, NOON.astimezone(timezone(timedelta(hours=-9))), NOON),
        (TIMESTAMP, '2026-11-22T13:00:00+01:00', NOON),
        (TIMESTAMP, '2026-11-22T12:00:00Z', NOON),
        (TIMESTAMP, '2026-11-22T12:00', NOON),
        (TIMESTAMP, '2026-11-22', NOON.replace(hour=0)),
        (DOCUMENT, {'a': (1, 2.0, True, None)}, {'a': [1, 2.0, True, None]}),
        (DOCUMENT, [bytearray(b'a'), memoryview(b'b')], [b'a', b'b']),
        (DOCUMENT, {'t': NOON.astimezone(timezone(timedelta(hours=2)))}, {'t': NOON}),
        (DOCUMENT, {'t': '2026-11-22T12:00:00Z'}, {'t': '2026-11-22T12:00:00Z'}),
        (DOCUMENT, [Colour.RED, math.nan, -0.0, 10**30], [1, math.nan, -0.0, 10**30]),
        (BUFFERS, (b'a', bytearray(b'b'), memoryview(b'c')), [b'a', b'b', b'c']),
        (BUFFERS, [], []),
    ],
)
def test_a_kind_makes_values_canonical(kind: ColumnType, given: object, canonical: object) -> None:
    assert same(kind.coerce(given), canonical)


@needs_tzset
@pytest.mark.usefixtures('local_zone')
def test_a_naive_time_is_local_and_its_fold_says_which_of_two() -> None:
    twice = datetime(2026, 10, 25, 2, 30)
    assert TIMESTAMP.coerce(twice) == datetime(2026, 10, 25, 0, 30, tzinfo=UTC)
    assert TIMESTAMP.coerce(twice.replace(fold=1)) == datetime(2026, 10, 25, 1, 30, tzinfo=UTC)
    assert TIMESTAMP.coerce(datetime(2026, 7, 1, 12)) == datetime(2026, 7, 1, 10, tzinfo=UTC)


@needs_tzset
@pytest.mark.usefixtures('local_zone')
def test_a_text_without_a_zone_is_in_utc_wherever_the_process_is() -> None:
    assert TIMESTAMP.coerce('2026-07-01T12:00:00') == datetime(2026, 7, 1, 12, tzinfo=UTC)
    with mqsql.open(':memory:') as store:
        store.add_record('m', {'started': '2026-07-01T12:00:00'})
        for same in ('2026-07-01T12:00:00', '2026-07-01T12:00:00Z', {'$lte': '2026-07-01T12:00'}):
            assert store.count({'started': same}) == 1
        assert store.count({'$expr': {'$eq': ['$started', {'$toDate': '2026-07-01T12:00:00'}]}}) == 1


class AsOnWindows(datetime):
    """A datetime on a system that tells the local time of few years only; on Windows these are 1970 to 3000."""

    def astimezone(self, tz: tzinfo | None = None) -> Self:
        if self.tzinfo is None and not 2000 <= self.year < 2400:
            raise OSError(22, 'Invalid argument')
        return super().astimezone(tz)


DAYS = [(month, day) for month in (3, 4, 10, 11) for day in range(1, 32) if (month, day) not in {(4, 31), (11, 31)}]


@needs_tzset
@pytest.mark.parametrize(
    'zone',
    ['UTC0', '<+0545>-5:45', 'CET-1CEST,M3.5.0,M10.5.0/3', 'EST5EDT,M3.2.0,M11.1.0', 'AEST-10AEDT,M10.1.0,M4.1.0/3'],
)
def test_a_naive_time_is_read_where_the_system_does_not_know_its_year(zone: str) -> None:
    with in_zone(zone):
        for year, (month, day), hour, fold in product((1970, 1999, 2400, 2999), DAYS, range(5), (0, 1)):
            fields = (year, month, day, hour, 30, 0, 7)
            assert to_utc(AsOnWindows(*fields, fold=fold)) == to_utc(datetime(*fields, fold=fold))


@needs_tzset
@pytest.mark.usefixtures('local_zone')
def test_there_the_rules_of_later_years_hold_for_all() -> None:
    assert to_utc(AsOnWindows(1, 1, 1, 1)) == datetime(1, 1, 1, tzinfo=UTC)
    assert to_utc(AsOnWindows(1969, 7, 1, 12)) == datetime(1969, 7, 1, 10, tzinfo=UTC)
    assert to_utc(AsOnWindows(9999, 12, 31, 23)) == datetime(9999, 12, 31, 22, tzinfo=UTC)
    with pytest.raises(ValueError, match='outside the years 1 to 9999'):
        to_utc(AsOnWindows(1, 1, 1))


def test_a_canonical_time_has_no_fold() -> None:
    assert TIMESTAMP.coerce(NOON.replace(fold=1)).fold == 0


@pytest.mark.parametrize(
    ('record', 'path'),
    [
        ({'queue': 5}, 'queue'),
        ({'queue': b'\xff'}, 'queue'),
        ({'label': {1, 2}}, 'label'),
        ({'started': 5}, 'started'),
        ({'started': 'yesterday'}, 'started'),
        ({'started': datetime.max.replace(tzinfo=timezone(timedelta(hours=-1)))}, 'started'),
        ({'content': 'text'}, 'content'),
        ({'content': {'a': [1, {2: 3}]}}, 'content.a[1]'),
        ({'content': {'a': [1, {'b': object()}]}}, 'content.a[1].b'),
        ({'content': [{1, 2}]}, 'content[0]'),
        ({'content': {'a': 1 << 20_000}}, 'content.a'),
        ({'buffers': b'a'}, 'buffers'),
        ({'buffers': [b'a', 'b']}, 'buffers[1]'),
        ({'buffers': 5}, 'buffers'),
    ],
)
def test_what_a_column_cannot_hold_is_refused_with_its_path(record: dict[str, Any], path: str) -> None:
    with pytest.raises(RecordError) as caught:
        TASKS.normalize(record)
    assert caught.value.path == path


def test_a_document_has_an_end() -> None:
    deep: Any = 1
    for _ in range(MAX_DEPTH):
        deep = [deep]
    assert TASKS.normalize({'content': deep}) == {'content': deep}
    loop: list[Any] = []
    loop.append(loop)
    for endless in ([deep], loop):
        with pytest.raises(RecordError, match='nested deeper'):
            TASKS.normalize({'content': endless})


# --- records


def test_aliases_are_resolved_and_none_is_missing() -> None:
    record = TASKS.normalize({'complete': NOON, 'pyin': 'x', 'pyout': None, 'pyerr': {}})
    assert record == {'completed': NOON, 'execute_input': 'x', 'execute_result': None, 'error': {}}


def test_one_column_is_given_once() -> None:
    with pytest.raises(RecordError, match='same column'):
        TASKS.normalize({'complete': None, 'completed': None})


@pytest.mark.parametrize('record', [None, 5, [], 'abc', {'statred': None}, {5: None}])
def test_what_is_no_record_is_refused(record: object) -> None:
    with pytest.raises(RecordError):
        TASKS.normalize(record)


# --- tables


def test_the_default_keys_leave_out_buffers_and_the_key_comes_first() -> None:
    assert TASKS.all_keys[0] == TASKS.default_keys[0] == 'msg_id'
    assert set(TASKS.all_keys) - set(TASKS.default_keys) == {'buffers', 'result_buffers'}
    assert set(TASKS.all_keys) == set(TASKS.columns)


def test_an_unknown_column_is_named_with_the_nearest() -> None:
    assert TASKS.column('complete') == 'completed'
    with pytest.raises(UnknownNameError, match="did you mean 'started'"):
        TASKS.column('statred')
    with pytest.raises(QueryError, match='a key is text'):
        TASKS.column(5)


@pytest.mark.parametrize(
    'definition',
    [
        {'key': 'b'},
        {'key': 'at'},
        {'columns': {'a': STRING, 'x.y': STRING}},
        {'columns': {'a': STRING, '$x': STRING}},
        {'columns': {'a': STRING, '': STRING}},
        {'aliases': {'z': 'nowhere'}},
        {'aliases': {'$z': 'at'}},
        {'indexes': (Index(('nowhere',)),)},
    ],
)
def test_a_definition_that_contradicts_itself_is_refused(definition: dict[str, Any]) -> None:
    sound: dict[str, Any] = {'name': 'things', 'columns': {'a': STRING, 'at': TIMESTAMP}, 'key': 'a'}
    assert Table(**sound).all_keys == ('a', 'at')
    with pytest.raises(ValueError, match="table 'things'"):
        Table(**{**sound, **definition})


@pytest.mark.parametrize('name', ['', 'e0', 'O', 'b', 'sqlite_x', 'JSON_EACH', 'a\0'])
def test_a_name_that_a_statement_needs_is_no_tables(name: str) -> None:
    with pytest.raises(ValueError, match=re.escape(f'a table cannot be named {name!r}')):
        Table(name, {'a': STRING}, 'a')


# --- what is stored


@pytest.mark.parametrize(
    ('value', 'stored'),
    [
        ({'a': [1, 2.0, True, None, 'é']}, '{"a":[1,2.0,true,null,"é"]}'),
        (NOON + timedelta(microseconds=1), '{"$date":"2026-11-22T12:00:00.000001Z"}'),
        (b'ab', '{"$binary":{"base64":"YWI=","subType":"00"}}'),
        (math.nan, '{"$numberDouble":"NaN"}'),
        (-math.inf, '{"$numberDouble":"-Infinity"}'),
        ({'$date': 1}, '{"$$date":1}'),
        (-0.0, '-0.0'),
        (2**63 - 1, '9223372036854775807'),
    ],
)
def test_documents_are_stored_as_extended_json(value: object, stored: str) -> None:
    assert encode_document(value) == stored


def test_times_are_stored_as_microseconds_and_usual_text_as_itself() -> None:
    assert encode_timestamp(datetime(1970, 1, 1, 0, 0, 1, 5, tzinfo=UTC)) == 1_000_005
    assert encode_timestamp(datetime(1969, 12, 31, 23, 59, 59, tzinfo=UTC)) == -1_000_000
    assert encode_text('É\n😀"\\') == 'É\n😀"\\'


@pytest.mark.parametrize(
    ('value', 'name'),
    [
        (None, 'null'),
        (True, 'boolean'),
        (1, 'number'),
        (1.5, 'number'),
        ('a', 'string'),
        ({}, 'object'),
        ([], 'array'),
        (b'', 'binary'),
        (NOON, 'date'),
    ],
)
def test_a_value_has_one_bracket(value: object, name: str) -> None:
    assert type_bracket(value) == name
