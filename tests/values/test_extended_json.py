"""Relaxed Extended JSON, as commands print it."""

import json
from datetime import UTC, datetime, timedelta, timezone
from typing import Any

import pytest

from mqsql.values.extended_json import dumps, revive

AT = datetime(2026, 11, 22, 20, 15, tzinfo=UTC)


@pytest.mark.parametrize(
    ('value', 'text'),
    [
        (None, 'null'),
        (AT, '{"$date":"2026-11-22T20:15:00Z"}'),
        (AT.replace(microsecond=500_000), '{"$date":"2026-11-22T20:15:00.500Z"}'),
        (AT.replace(microsecond=1), '{"$date":"2026-11-22T20:15:00.000001Z"}'),
        (AT.astimezone(timezone(timedelta(hours=9))), '{"$date":"2026-11-22T20:15:00Z"}'),
        (b'\xff', '{"$binary":{"base64":"/w==","subType":"00"}}'),
        (float('nan'), '{"$numberDouble":"NaN"}'),
        ([float('inf'), {'a': -float('inf')}], '[{"$numberDouble":"Infinity"},{"a":{"$numberDouble":"-Infinity"}}]'),
        (2**80, '1208925819614629174706176'),
        ('ä\x00"', '"ä\\u0000\\""'),
        ('\ud800', '"\\ud800"'),
        ([1.0, -0.0, True], '[1.0,-0.0,true]'),
        ((b'1',), '[{"$binary":{"base64":"MQ==","subType":"00"}}]'),
        ({'a': {'b': [AT, float('nan')]}}, '{"a":{"b":[{"$date":"2026-11-22T20:15:00Z"},{"$numberDouble":"NaN"}]}}'),
    ],
)
def test_values_as_json(value: Any, text: str) -> None:
    assert dumps(value) == text
    assert json.loads(dumps(value, indent=2)) == json.loads(text)


@pytest.mark.parametrize(
    'value', [AT, AT.replace(microsecond=123_456), b'\xff\x00', [1, {'a': AT}], {'a': b'', 'b': 'x'}]
)
def test_what_is_printed_is_read_again(value: Any) -> None:
    assert revive(json.loads(dumps(value))) == value


def test_what_json_cannot_hold_is_refused() -> None:
    with pytest.raises(TypeError, match='JSON cannot hold'):
        dumps(object())
