"""A column that is decoded at once has the values that each of its values is decoded to, and its damage is found."""

from collections.abc import Callable
from datetime import UTC, datetime
from functools import partial
from typing import Any
from unittest.mock import patch

import orjson
import pytest
from hypothesis import given
from hypothesis import strategies as st

from mqsql.schema import ANY, BOOLEAN, DOCUMENT, NUMBER, STRING, TIMESTAMP, ColumnType
from mqsql.schema import columns as decoding
from mqsql.schema.columns import decode_all, decoder
from mqsql.schema.rows import read_row, read_rows
from mqsql.values.canonical import MAX_DEPTH
from mqsql.values.codec import DamagedError, encode_document, encode_text, encode_timestamp

NOON = datetime(2026, 1, 1, 12, 0, 0, 1, UTC)
DEEP = 2 * MAX_DEPTH
DOCUMENTS: list[Any] = [
    {},
    [],
    {'a': 1, 'b': [1.5, None, 'ü']},
    {'date': NOON},
    {'date': NOON, 'other': 'x', 'last': NOON},
    {'a': {'date': NOON}},
    [NOON],
    {'a': '$5', 'date': NOON},
    {'a': '{"$date":"', 'date': NOON},
    {'$date': 'x'},
    {'a': b'bytes', 'n': float('inf'), 'big': 10**30},
    {'a\x01"b': 'c\0', 'text': '\ud800 \ud7ff'},
    {'colours': '\x1b[0m"$"'},
]
STORED: dict[ColumnType, list[Any]] = {
    STRING: ['', 'a', 'ü', '\U0001f600', *map(encode_text, ['\0', '\x01', '\ud800x', '\ud7ff']), 5, 1.5, b'a'],
    TIMESTAMP: [
        *map(encode_timestamp, [NOON, datetime(2106, 2, 7, 6, 28, 16, tzinfo=UTC), datetime(1, 1, 1, tzinfo=UTC)]),
        *[0, 1, -1, (1 << 32) * 1_000_000 - 1, 10**18, 2**62, 1.5, '5', b''],
    ],
    NUMBER: [0, 1, -(2**63), 1.5, 'NaN', 'other', b'1'],
    BOOLEAN: [0, 1, 2, 1.0, 'true', b''],
    DOCUMENT: [
        *map(encode_document, DOCUMENTS),
        *['1', '"a"', 'null', 'no JSON', '[1', '2]', '[1]],[[2]', '', '{},{}', b'{}', 5],
        '{"\\u0024date":"2026-01-01T00:00:00Z"}',
        '{"a":{"\\u0024date":"2026-01-01T00:00:00Z"}}',
        '{"a":{"$date":"2026-01-01T00:00:00"}}',
        '{"a":{"$date":5}}',
        '{"$damaged":0}',
        '{"a":{"$date":"2026-01-01T00:00:00Z","$date":"2026-01-02T00:00:00Z"}}',
        '[' * DEEP + ']' * DEEP,
        orjson.dumps({'text': '[{' * DEEP}).decode(),
    ],
    ANY: ['', 'a', encode_text('\0'), b'{"a":1}', encode_document(DOCUMENTS[3]).encode(), b'no JSON', b'\xff', 5],
}


def outcome(work: Callable[[], Any]) -> str:
    """What it gives, or the error."""
    try:
        return repr(work())
    except DamagedError as e:
        return f'DamagedError: {e}'


@pytest.mark.parametrize('kind', STORED, ids=lambda kind: kind.name)
@given(st.data())
def test_columns(kind: ColumnType, data: st.DataObject) -> None:
    decode = decoder(kind)
    sound = [stored for stored in STORED[kind] if 'DamagedError' not in outcome(partial(decode, stored))]
    values = st.sampled_from([None, *data.draw(st.sampled_from([sound, STORED[kind]]))])
    column = data.draw(st.lists(values, max_size=8))
    one_by_one = outcome(lambda: [None if stored is None else decode(stored) for stored in column])
    assert outcome(lambda: list(decode_all(decode, column))) == one_by_one


@given(st.data())
def test_rows(data: st.DataObject) -> None:
    kinds = [STRING, *data.draw(st.lists(st.sampled_from(list(STORED)), max_size=4))]
    decoders = [(f'c{i}', decoder(kind)) for i, kind in enumerate(kinds)]
    row = st.tuples(*[st.sampled_from([None, *STORED[kind]]) for kind in kinds])
    rows = data.draw(st.lists(row, max_size=10))

    def read(make: Callable[[Callable[..., None]], Any]) -> tuple[str, list[Any]]:
        told: list[Any] = []
        return repr(list(make(lambda *what: told.append(what)))), told

    keyed = data.draw(st.booleans())
    expected = read(lambda tell: [read_row(decoders, row, tell, keyed=keyed) for row in rows])
    assert read(lambda tell: read_rows(decoders, rows, tell, keyed=keyed)) == expected


def sound_columns() -> list[tuple[ColumnType, list[Any]]]:
    """Columns as nearly all are."""
    return [
        (STRING, ['a', None, 'ü']),
        (TIMESTAMP, [encode_timestamp(NOON), None]),
        (NUMBER, [1, None, 1.5]),
        (BOOLEAN, [0, 1, None]),
        (DOCUMENT, [encode_document(document) for document in DOCUMENTS[:5]] + [None, None]),
        (ANY, ['a', None]),
    ]


@pytest.mark.parametrize(('kind', 'column'), sound_columns(), ids=lambda part: getattr(part, 'name', ''))
def test_nearly_all_columns_are_decoded_at_once(kind: ColumnType, column: list[Any]) -> None:
    decode = decoder(kind)
    expected = [None if stored is None else decode(stored) for stored in column]

    def alone(stored: Any) -> None:
        raise AssertionError('decoded alone')

    with patch.dict(decoding._AT_ONCE, {alone: decoding._AT_ONCE[decode]}):
        assert list(decode_all(alone, column)) == expected
