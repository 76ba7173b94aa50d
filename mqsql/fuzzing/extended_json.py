"""MongoDB's Extended JSON: what JSON has no words for is an object of one key, such as `{"$date": "2026-01-01T00:00:00Z"}`.

Written is the relaxed form, except that integers beyond 2**53 are `$numberLong`; read is the canonical form, too.
"""

import json
import math
import re
from base64 import b64decode, b64encode
from collections.abc import Callable, Mapping
from datetime import UTC, datetime, timedelta
from typing import Any

from mqsql.fuzzing.outcomes import Foreign

EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
EXACT = 2**53
FLAGS = {'i': re.I, 'm': re.M, 's': re.S, 'x': re.X}


def dumps(value: Any) -> str:
    """The value as one line."""
    return json.dumps(encode(value), ensure_ascii=True, allow_nan=False)


def loads(text: str) -> Any:
    """The value of a text; ValueError if it is no JSON."""
    return decode(json.loads(text))


def encode(value: Any) -> Any:
    """The value in JSON's types."""
    match value:
        case bool() | str() | None:
            return value
        case Mapping():
            return {str(key): encode(part) for key, part in value.items()}
        case list() | tuple():
            return [encode(part) for part in value]
        case int():
            return value if abs(value) <= EXACT else {'$numberLong': str(value)}
        case float():
            return value if math.isfinite(value) else {'$numberDouble': _not_finite(value)}
        case datetime():
            return {'$date': _moment(value)}
        case bytes():
            return {'$binary': {'base64': b64encode(value).decode(), 'subType': '00'}}
        case re.Pattern():
            options = ''.join(letter for letter, flag in FLAGS.items() if value.flags & flag)
            return {'$regularExpression': {'pattern': value.pattern, 'options': options}}
        case Foreign():
            return {'$foreign': str(value)}
    raise TypeError(f'Extended JSON has no {type(value).__name__}')


def _not_finite(value: float) -> str:
    return 'NaN' if math.isnan(value) else 'Infinity' if value > 0 else '-Infinity'


def _moment(moment: datetime) -> str:
    known = moment if moment.tzinfo else moment.replace(tzinfo=UTC)
    return known.astimezone(UTC).isoformat().replace('+00:00', 'Z')


def decode(value: Any) -> Any:
    """What JSON's types stand for."""
    if isinstance(value, list):
        return [decode(part) for part in value]
    if not isinstance(value, dict):
        return value
    if len(value) == 1:
        ((key, inner),) = value.items()
        if key in _READERS:
            return _READERS[key](inner)
    return {key: decode(part) for key, part in value.items()}


def _read_date(inner: Any) -> datetime:
    if isinstance(inner, str):
        return datetime.fromisoformat(inner)
    return EPOCH + timedelta(milliseconds=decode(inner))


def _read_pattern(inner: Any) -> re.Pattern[str]:
    flags = sum(FLAGS[letter] for letter in inner.get('options', ''))
    return re.compile(inner['pattern'], flags)


_READERS: Mapping[str, Callable[[Any], Any]] = {
    '$numberInt': int,
    '$numberLong': int,
    '$numberDouble': float,
    '$date': _read_date,
    '$binary': lambda inner: b64decode(inner['base64']),
    '$regularExpression': _read_pattern,
}
