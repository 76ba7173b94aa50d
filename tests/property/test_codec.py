"""What is stored: every value comes back exactly, and order and equality are those of the values."""

import math
from datetime import UTC, datetime, timedelta, timezone, tzinfo
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.strategies import SearchStrategy
from stores import holding, plain
from tables import TABLE, collections

from mqsql.schema import ANY, BOOLEAN, DOCUMENT, NUMBER, STRING, TIMESTAMP, Record
from mqsql.schema.columns import decode_all, decoder, encoder
from mqsql.testing.drawing.values import ALL
from mqsql.values.codec import DamagedError, decode_text, encode_text, encode_texts, encode_timestamp
from mqsql.values.numbers import number_text

pytestmark = pytest.mark.usefixtures('local_zone')


@pytest.mark.parametrize('kind', [STRING, NUMBER, BOOLEAN, TIMESTAMP, DOCUMENT, ANY])
@given(data=st.data())
def test_values_come_back_exactly(kind: Any, data: st.DataObject) -> None:
    value = kind.coerce(data.draw(ALL.by_kind[kind]))
    assert repr(decoder(kind)(encoder(kind)(value))) == repr(value)


@pytest.mark.parametrize('odd', ['a', '\0', '\x01', '\ud7ff', '\udfff'])
@pytest.mark.parametrize('position', [0, 999, 1_000, 2_499])
def test_many_texts_are_decoded_as_each_is(odd: str, position: int) -> None:
    texts = [f't{i}' for i in range(2_500)]
    texts[position] = odd
    assert encode_texts(texts) == [encode_text(text) for text in texts]
    assert decode_all(decode_text, encode_texts(texts)) == texts
    with pytest.raises(DamagedError, match="is no text but b'x'"):
        decode_all(decode_text, [*texts[1:position], b'x'])


@given(ALL.by_kind[DOCUMENT])
def test_a_value_is_stored_the_same_beside_one_that_json_lacks(document: Any) -> None:
    encode: Any = encoder(DOCUMENT)
    assert encode([document, math.nan]) == f'[{encode(document)},{{"$numberDouble":"NaN"}}]'


@given(collections(least=1))
def test_records_come_back_exactly(collection: list[Record]) -> None:
    with holding(collection) as store:
        for record in collection:
            given_back = store.get_record(record['msg_id'])
            expected = dict.fromkeys(TABLE.all_keys) | TABLE.normalize(record)
            assert repr(plain(given_back)) == repr(plain(expected))


def utf8(text: str) -> bytes:
    return encode_text(text).encode()


@given(st.lists(ALL.texts, min_size=2))
def test_stored_texts_are_in_the_order_of_code_points(texts: list[str]) -> None:
    assert sorted(texts, key=utf8) == sorted(texts)
    assert len({utf8(text) for text in texts}) == len(set(texts))


@given(st.lists(ALL.moments, min_size=2))
def test_stored_times_are_in_the_order_of_time(given_moments: list[datetime]) -> None:
    moments = [TIMESTAMP.coerce(moment) for moment in given_moments]
    assert sorted(moments, key=encode_timestamp) == sorted(moments)
    assert sorted(moments, key=lambda moment: str(encoder(DOCUMENT)([moment])) or '') == sorted(moments)


zones = [
    UTC,
    timezone(timedelta(hours=-5)),
    timezone(timedelta(seconds=20)),
    timezone(timedelta(microseconds=7)),
    ZoneInfo('Europe/Berlin'),
]
naive = st.datetimes(datetime(1, 1, 2), datetime(9999, 12, 30))


@given(naive | naive.map(lambda moment: moment.replace(microsecond=0)), st.sampled_from(zones), st.integers(0, 1))
def test_times_are_stored_in_utc_to_the_microsecond(moment: datetime, zone: tzinfo, fold: int) -> None:
    moment = moment.replace(tzinfo=zone, fold=fold)
    utc = moment.astimezone(UTC).replace(fold=0)
    text = utc.replace(tzinfo=None).isoformat(timespec='microseconds')
    assert repr(TIMESTAMP.coerce(moment)) == repr(utc)
    assert encoder(DOCUMENT)([moment]) == f'[{{"$date":"{text}Z"}}]'
    assert encoder(TIMESTAMP)(moment) == (utc - datetime(1970, 1, 1, tzinfo=UTC)) // timedelta(microseconds=1)


big_integers = st.integers(2**63) | st.integers(max_value=-(2**63) - 1)
beyond_json: SearchStrategy[Any] = st.sampled_from([10**400, -(10**400), float('inf'), float('-inf')]) | big_integers


@given(st.lists(beyond_json, min_size=2))
def test_stored_numbers_that_json_lacks_are_in_the_order_of_numbers(numbers: list[float]) -> None:
    assert sorted(numbers, key=number_text) == sorted(numbers)
    assert len({number_text(number) for number in numbers}) == len(set(numbers))
