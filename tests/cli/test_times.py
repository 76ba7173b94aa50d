"""Times and spans in options."""

import math
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta

import pytest
from systems import in_zone, needs_tzset

from mqsql.cli.times import read_moment, read_span

NOW = datetime(2026, 3, 29, 12, 30, tzinfo=UTC)  # the day on which Berlin's clocks changed to summer


@pytest.fixture(autouse=True)
def _zone() -> Iterator[None]:
    with in_zone('Europe/Berlin'):
        yield


@pytest.mark.parametrize(
    ('text', 'seconds'),
    [
        ('30s', 30),
        ('15m', 900),
        ('1h', 3600),
        ('1h30m', 5400),
        ('2D 12h', 216_000),
        ('1w', 604_800),
        ('1.5h', 5400),
        ('0s', 0),
    ],
)
def test_spans(text: str, seconds: float) -> None:
    assert read_span(text) == timedelta(seconds=seconds)


@pytest.mark.parametrize('text', ['', '5', 'h', '1y', '-1h', '1h-', '1e3s', 'yesterday'])
def test_what_is_no_span(text: str) -> None:
    with pytest.raises(ValueError, match='is no span of time; write 30s, 15m'):
        read_span(text)


@pytest.mark.parametrize('text', ['9' * 20 + 'w', '9' * 400 + 's'])
def test_a_span_longer_than_time(text: str) -> None:
    assert math.isinf(float('9' * 400))
    with pytest.raises(ValueError, match='is longer than time goes back'):
        read_span(text)
    with pytest.raises(ValueError, match='is longer than time goes back'):
        read_moment(text, NOW)


@needs_tzset
@pytest.mark.parametrize(
    ('text', 'expected'),
    [
        ('now', '2026-03-29T12:30Z'),
        ('1h', '2026-03-29T11:30Z'),
        ('1d', '2026-03-28T12:30Z'),
        ('1d2h', '2026-03-28T10:30Z'),
        ('today', '2026-03-28T23:00Z'),
        ('Yesterday', '2026-03-27T23:00Z'),
        ('01:30', '2026-03-29T00:30Z'),
        ('9:15', '2026-03-29T07:15Z'),
        ('09:15:20', '2026-03-29T07:15:20Z'),
        ('2026-11-22', '2026-11-21T23:00Z'),
        ('2026-11-22 20:15', '2026-11-22T19:15Z'),
        ('2026-07-22T20:15', '2026-07-22T18:15Z'),
        ('2026-11-22T20:15:00.5Z', '2026-11-22T20:15:00.5Z'),
        ('2026-11-22T20:15+01:00', '2026-11-22T19:15Z'),
    ],
)
def test_moments(text: str, expected: str) -> None:
    assert read_moment(text, NOW) == datetime.fromisoformat(expected)


@pytest.mark.parametrize('text', ['', 'foo', '25:00', '2026-13-01', '5', '1h ago', '0001-01-01T00:00:00+23:00'])
def test_what_is_no_moment(text: str) -> None:
    with pytest.raises(ValueError, match='is no time; write 30s'):
        read_moment(text, NOW)
