"""MongoDB's Extended JSON, relaxed, version 2: the JSON in which commands print records and read queries.

    datetime             {"$date": "2026-11-22T20:15:00.000001Z"}    as many digits of a second as it has: none, three or six
    bytes                {"$binary": {"base64": "…", "subType": "00"}}
    nan, inf             {"$numberDouble": "NaN"}
    integers             as they are, also those past 64 bits, which Extended JSON does not have

A query may also have `$numberInt`, `$numberLong`, `$uuid`, `$regularExpression`, and the older forms of `$date` and `$binary`.
"""

import base64
import binascii
import json
import math
import re
from collections.abc import Callable, Iterable
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID

from mqsql.errors import QueryError, short_repr

EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


# --- values → JSON


def dumps(value: Any, *, indent: int | None = None) -> str:
    """A value of a record, or a structure of such values, as JSON."""
    separators = (',', ': ') if indent else (',', ':')
    options: Any = {'default': _extended, 'allow_nan': False, 'indent': indent, 'separators': separators}
    try:
        text = json.dumps(value, ensure_ascii=False, **options)
    except ValueError:
        value = _finite(value)
        text = json.dumps(value, ensure_ascii=False, **options)
    try:
        text.encode()
    except UnicodeEncodeError:  # a lone surrogate, which JSON has escapes for
        text = json.dumps(value, **options)
    return text


def iso(moment: datetime) -> str:
    """A time in UTC, as ISO 8601."""
    moment = moment.astimezone(UTC).replace(tzinfo=None)
    digits = (
        'seconds' if not moment.microsecond else 'milliseconds' if not moment.microsecond % 1000 else 'microseconds'
    )
    return f'{moment.isoformat(timespec=digits)}Z'


def _extended(value: object) -> Any:
    """What stands in JSON for a value that JSON does not have."""
    if isinstance(value, datetime):
        return {'$date': iso(value)}
    if isinstance(value, bytes | bytearray | memoryview):
        return {'$binary': {'base64': base64.b64encode(value).decode(), 'subType': '00'}}
    if isinstance(value, Iterable):  # buffers, which are read from the database when they are used
        return list(value)
    raise TypeError(f'JSON cannot hold {short_repr(value)}')


def _finite(value: Any) -> Any:
    """The same with NaN and infinities as Extended JSON has them."""
    if isinstance(value, float) and not math.isfinite(value):
        return {'$numberDouble': 'NaN' if math.isnan(value) else 'Infinity' if value > 0 else '-Infinity'}
    if isinstance(value, dict):
        return {key: _finite(item) for key, item in value.items()}
    if isinstance(value, list | tuple):
        return [_finite(item) for item in value]
    return value


# --- JSON → values


def revive(value: Any, path: str = '') -> Any:
    """The values that are meant by what JSON gave; QueryError for a malformed one names its place in the query."""
    if isinstance(value, list):
        return [revive(item, f'{path}[{i}]') for i, item in enumerate(value)]
    if not isinstance(value, dict):
        return value
    name = next(iter(value), '')
    if name in READERS and len(value) == 1:
        return _read(name, value[name], path)
    if name == '$binary' and value.keys() == {'$binary', '$type'}:
        return _read(name, {'base64': value['$binary'], 'subType': value['$type']}, path)
    return {key: revive(item, f'{path}.{key}' if path else key) for key, item in value.items()}


def _read(name: str, operand: Any, path: str) -> Any:
    wanted, read = READERS[name]
    try:
        return read(operand)
    except (ValueError, TypeError, KeyError, AttributeError, OverflowError, re.error, binascii.Error):
        raise QueryError(f'takes {wanted}, not {short_repr(operand)}', f'{path}.{name}' if path else name) from None


def _date(operand: Any) -> datetime:
    if isinstance(operand, dict):
        (number,) = operand.items()
        if number[0] != '$numberLong':
            raise ValueError
        operand = int(number[1])
    if isinstance(operand, str):
        moment = datetime.fromisoformat(operand)
        # As in MongoDB, and as where a query has a text in place of a time.
        return moment.astimezone(UTC) if moment.tzinfo else moment.replace(tzinfo=UTC)
    if type(operand) is not int:
        raise TypeError
    return EPOCH + timedelta(milliseconds=operand)


def _binary(operand: Any) -> bytes | str:
    given = base64.b64decode(operand['base64'], validate=True)
    return str(UUID(bytes=given)) if int(str(operand.get('subType', '00')), 16) == 4 else given


def _integer(operand: Any) -> int:
    if not isinstance(operand, str):
        raise TypeError
    return int(operand)


def _double(operand: Any) -> float:
    if not isinstance(operand, str):
        raise TypeError
    return float(operand)


_FLAGS = {'i': re.IGNORECASE, 'm': re.MULTILINE, 's': re.DOTALL, 'x': re.VERBOSE, 'u': re.UNICODE}


def _pattern(operand: Any) -> 're.Pattern[str]':
    flags = re.NOFLAG
    for letter in operand.get('options', ''):
        flags |= _FLAGS[letter]
    return re.compile(operand['pattern'], flags)


READERS: dict[str, tuple[str, Callable[[Any], Any]]] = {
    '$date': ("a time such as '2026-11-22T20:15:00Z', or milliseconds since 1970", _date),
    '$binary': ('{"base64": …, "subType": "00"}', _binary),
    '$numberInt': ('an integer as text', _integer),
    '$numberLong': ('an integer as text', _integer),
    '$numberDouble': ('a number as text', _double),
    '$regularExpression': ('{"pattern": …, "options": "ims"}; for what only PCRE2 has write {"$regex": …}', _pattern),
    '$uuid': ('the text of a UUID', lambda operand: str(UUID(operand))),
}
"""What each wrapper takes, and what reads it."""
