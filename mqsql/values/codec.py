"""How canonical values are stored, and read back: equality and order of what is stored are those of the values.

Timestamps are microseconds since 1970 UTC. Documents are compact JSON text:

    datetime             {"$date":"2026-11-22T20:15:00.000001Z"}    fixed width, so that text order is time order
    bytes                {"$binary":{"base64":"…","subType":"00"}}
    nan, inf, big ints   {"$numberDouble":"…"}                      see `numbers`
    a key like "$date"   "$$date"                                   so a key with one $ is always ours

These are MongoDB's Extended JSON (relaxed, version 2), but for integers past 64 bits, which it does not have.

Text is stored as itself, but for four kinds of code point that SQLite's text functions, its JSON or UTF-8 cannot carry:
NUL, lone surrogates, and the two characters that announce them. Each becomes a pair, chosen so that code point order stays:

    U+0000 -> U+0001 U+F1000     U+0001 -> U+0001 U+F1001
    U+D7FF -> U+D7FF U+FD7FF     U+D800 -> U+D7FF U+FD800     and so on to U+DFFF
"""

import base64
import math
import re
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any, TypeGuard

import orjson

from mqsql.errors import short_repr
from mqsql.values.canonical import EPOCH as EPOCH
from mqsql.values.canonical import INT64 as INT64
from mqsql.values.canonical import MAX_DEPTH, to_utc
from mqsql.values.libraries import UnstorableError
from mqsql.values.numbers import BETWEEN_BIGS, exact, from_number_text, number_text, within_64_bits

NUMBER_TAG = '{"$numberDouble":"'
DATE_TAG = '{"$date":"'
DATE_LENGTH = len('2026-11-22T20:15:00.000001Z')

Stored = str | int | bytes | float | None


class DamagedError(ValueError):
    """A stored value is not one of its column's kind, since another program stored it; the message completes "the value …"."""


UNDECODABLE = (ValueError, TypeError, KeyError, AttributeError, OverflowError, RecursionError)
"""What the steps of decoding raise for such a value."""

MICROSECOND = timedelta(microseconds=1)

# --- text

_PLANE = 0xF0000
_CONTROLS = 0xF1000
_SPECIAL = re.compile('[\x00\x01\ud7ff-\udfff]')
_PAIR = re.compile('\x01[\U000f1000\U000f1001]|\ud7ff[\U000fd7ff-\U000fdfff]')


def encode_text(text: str) -> str:
    """The text that SQLite stores for a str; nearly always the str itself."""
    # None of the special ones is printable, and that is known faster.
    return text if text.isprintable() or not _SPECIAL.search(text) else text.translate(_PAIRS)


def encode_texts(texts: list[str]) -> list[str]:
    """What `encode_text` gives for each; looks through many at once."""
    found: list[str] = []
    for start in range(0, len(texts), JOINED):
        some = texts[start : start + JOINED]
        together = ''.join(some)
        plain = together.isascii() and '\x00' not in together and '\x01' not in together
        found += some if plain else map(encode_text, some)
    return found


JOINED = 1_000
"""Texts that are looked through at once; more would leave the processor's cache."""


def decode_text(stored: str) -> str:
    """The str that `encode_text` was given."""
    try:
        return _PAIR.sub(_from_pair, stored) if '\x01' in stored or '\ud7ff' in stored else stored
    except TypeError:
        raise DamagedError(f'is no text but {short_repr(stored)}') from None


def encode_end(prefix: str) -> str:
    """The least text after all that are stored for texts with this beginning, which ends neither with U+D7FF nor U+10FFFF."""
    stored = encode_text(prefix)
    return stored[:-1] + chr(ord(stored[-1]) + 1)


def second_of_pair(code: int) -> int:
    """The code point that follows the lead in the pair of a special code point."""
    return code + (_CONTROLS if code <= 1 else _PLANE)


_PAIRS = {
    code: ('\x01' if code <= 1 else '\ud7ff') + chr(second_of_pair(code)) for code in (0, 1, *range(0xD7FF, 0xE000))
}
"""What `encode_text` puts in place of each special code point."""


def _from_pair(found: re.Match[str]) -> str:
    lead, second = found[0][0], found[0][1]
    return chr(ord(second) - (_CONTROLS if lead == '\x01' else _PLANE))


# --- timestamps


def encode_timestamp(moment: datetime) -> int:
    """Microseconds since 1970 UTC."""
    return (moment - EPOCH) // MICROSECOND


def decode_timestamp(stored: int) -> datetime:
    """The aware datetime in UTC."""
    try:
        if type(stored) is int:
            return EPOCH + timedelta(0, 0, stored)  # by position, which takes a quarter less than by name
    except OverflowError:
        pass
    raise DamagedError(f'is no count of microseconds of the years 1 to 9999 but {short_repr(stored)}')


# --- numbers and booleans of columns of their own


NAN = 'NaN'
"""Stored for NaN, which SQLite would make NULL; all text is above the numbers in its order."""


def encode_number(number: int | float) -> int | float | str:
    """An integer of 64 bits or a float as it is, but for NaN."""
    return number if number == number else NAN


def decode_number(stored: int | float | str) -> int | float:
    """The number that `encode_number` was given."""
    if type(stored) is int or type(stored) is float:
        return stored
    if stored == NAN:
        return math.nan
    raise DamagedError(f'is no number but {short_repr(stored)}')


def encode_bound(number: float) -> str:
    """Text that orders as a number, but NaN, does among the texts of the tagged numbers."""
    return NUMBER_TAG + BETWEEN_BIGS if within_64_bits(number) else encode_document(exact(number))


def encode_list(stored: list[Any]) -> str:
    """The JSON array of stored values that are no bytes; infinities are numbers beyond all floats there."""
    text = orjson.dumps(stored).decode()
    if 'null' not in text:
        return text
    return orjson.dumps([_INFINITIES.get(v, v) if type(v) is float else v for v in stored]).decode()


_INFINITIES = {math.inf: orjson.Fragment('9e999'), -math.inf: orjson.Fragment('-9e999')}


def encode_boolean(value: bool) -> int:
    """1 or 0."""
    return int(value)


def decode_boolean(stored: int) -> bool:
    """The bool of 1 or 0."""
    if type(stored) is int and stored in (0, 1):
        return stored == 1
    raise DamagedError(f'is neither 0 nor 1 but {short_repr(stored)}')


# --- documents


QUOTE = '\x01\U000f1002'


def encode_key(key: str) -> str:
    """A key in stored JSON: text without double quotes, which JSON paths of SQLite before 3.45 cannot name."""
    if key.startswith('$'):
        key = '$' + key
    return encode_text(key).replace('"', QUOTE)


def decode_key(stored: str) -> str:
    """The key that `encode_key` was given."""
    key = decode_text(stored.replace(QUOTE, '"'))
    return key[1:] if key.startswith('$') else key


def encode_document(value: object) -> str:
    """Compact JSON for any canonical value of a Document, scalars included."""
    return encode_plain(value) or orjson.dumps(_to_json(value)).decode()


def decode_document(stored: str, cut: Callable[[Any], Any] | None = None) -> Any:
    """The value that `encode_document` was given; DamagedError if it was given none.

    `cut` makes smaller JSON of the JSON, as lists and dicts with encoded keys: what it leaves out is not decoded.
    """
    try:
        # Every value that needs more than JSON shows one of these in the text.
        tagged = '"$' in stored
        escaped = '\\' in stored and has_escapes(stored)
        coded = escaped or '\ud7ff' in stored or (tagged and '"$$' in stored)
        value = orjson.loads(stored)
        if len(stored) > SHORT and stored.count('[') + stored.count('{') > MAX_DEPTH:
            _check_depth(value)
        if cut is not None:
            value = cut(value)
        if not (coded or tagged) or (not coded and decode_dates(value) == stored.count('"$')):
            return value
        return _from_json(value, coded)
    except UNDECODABLE as e:
        if not isinstance(stored, str):
            raise DamagedError(f'is no text but {short_repr(stored)}') from None
        raise DamagedError(f'is no JSON as mqsql stores it: {e or type(e).__name__}') from None


def has_escapes(stored: str) -> bool:
    """Whether JSON has an escape for what begins a pair or a tag; only that of U+0001 is one of mqsql's own."""
    return '\\u' in stored and ('\\u0001' in stored or '\\u0024' in stored or '\\ud7ff' in stored.lower())


def decode_dates(value: Any) -> int:
    """Decode the dates among the fields of a document in place, and count them: few documents have a tag elsewhere."""
    count = 0
    if type(value) is dict:
        for key, field in value.items():
            if type(field) is dict and len(field) == 1 and '$date' in field:
                value[key] = from_date_text(field['$date'])
                count += 1
    return count


SHORT = 2 * MAX_DEPTH
"""Characters of text that cannot be nested deeper than a document may be."""

_LEVELS = 254  # that orjson writes
_STORED_LEVELS = MAX_DEPTH + 6  # including the levels of tags


def _check_depth(value: Any) -> None:
    for _ in range(_LEVELS - _STORED_LEVELS):
        value = [value]
    try:
        orjson.dumps(value)
    except TypeError:
        raise ValueError(f'it is nested deeper than {_STORED_LEVELS} levels') from None


def encode_plain(value: object) -> str | None:
    """The JSON of a value, canonical or not, that needs nothing but dates beyond JSON, as nearly all do; None for any other.

    In a fifth of the time that reading and encoding take otherwise.
    """
    dates = 0

    def tag(moment: datetime) -> orjson.Fragment:
        nonlocal dates
        dates += 1
        json = orjson.dumps(moment if moment.tzinfo is UTC else to_utc(moment), option=orjson.OPT_UTC_Z)
        # Only whole seconds are shorter.
        return orjson.Fragment(b'{"$date":%b}' % (json if len(json) == _DATE_BYTES else json[:-2] + b'.000000Z"'))

    try:
        _check_plain(value if type(value) in _NESTED else (value,), MAX_DEPTH)
        text = orjson.dumps(value, tag, _EXACT).decode()
    except (TypeError, UnstorableError):  # also orjson's own: a key that is no str, a lone surrogate
        return None
    if text.count('"$') != dates or ('\\' in text and ('\\u000' in text or '\\"' in text)):
        return None
    return text if text.isascii() or '\ud7ff' not in text else None


_EXACT = orjson.OPT_PASSTHROUGH_DATETIME | orjson.OPT_PASSTHROUGH_SUBCLASS | orjson.OPT_PASSTHROUGH_DATACLASS


def _check_plain(value: Any, depth: int) -> None:
    """TypeError if a dict or list has anything but dates beyond JSON, or more levels."""
    for part in value.values() if type(value) is dict else value:
        kind = type(part)
        if kind in _FLAT:
            continue
        if kind in _NESTED and depth:
            if part:
                _check_plain(part, depth - 1)
        elif not ((kind is int and part in INT64) or (kind is float and math.isfinite(part))):
            raise TypeError(kind)


_DATE_BYTES = DATE_LENGTH + 2
_FLAT = frozenset({str, bool, type(None), datetime})
_NESTED = frozenset({dict, list, tuple})


def _to_json(value: Any) -> Any:
    match value:
        case str():
            return encode_text(value)
        case dict():
            return {encode_key(k): _to_json(v) for k, v in value.items()}
        case list():
            return [_to_json(v) for v in value]
        case float() if not math.isfinite(value):
            return {'$numberDouble': number_text(value)}
        case int() if value not in INT64:
            return {'$numberDouble': number_text(value)}
        case datetime():
            return {'$date': value.isoformat(timespec='microseconds')[:26] + 'Z'}
        case bytes():
            return {'$binary': {'base64': base64.b64encode(value).decode(), 'subType': '00'}}
        case _:
            return value


def _from_json(value: Any, coded: bool) -> Any:
    """What was stored as this; `coded` says that there may be texts or keys that are stored as others."""
    kind = type(value)
    if kind is list:
        return [_from_json(v, coded) for v in value]
    if kind is not dict:
        return decode_text(value) if coded and kind is str else value
    if len(value) == 1:
        ((tag, body),) = value.items()
        if tag in _TAGS:
            return _TAGS[tag](body)
    if coded:
        return {decode_key(k): _from_json(v, coded) for k, v in value.items()}
    return {k: _from_json(v, coded) if type(v) is dict or type(v) is list else v for k, v in value.items()}


def is_container(json: Any) -> TypeGuard[dict[str, Any] | list[Any]]:
    """Whether stored JSON, read but not decoded, is an object or an array, and no object that stands for another value."""
    return type(json) is list or (type(json) is dict and not (len(json) == 1 and next(iter(json)) in _TAGS))


def from_date_text(text: str) -> datetime:
    """The time of a date in a document; raises what is in UNDECODABLE."""
    moment = datetime.fromisoformat(text)
    if moment.tzinfo is None:
        raise ValueError(f'a date without a time zone: {text}')
    return moment if moment.tzinfo is UTC else to_utc(moment)


UNSOUND = '{"$damaged":0}'
"""The replacement for values that SQLite's JSON functions or its driver cannot read; it is not the code of any value."""


def _refuse(body: object) -> Any:
    raise ValueError('it is neither JSON nor text in UTF-8')


_TAGS: dict[str, Callable[[Any], Any]] = {
    '$damaged': _refuse,
    '$date': from_date_text,
    '$binary': lambda body: base64.b64decode(body['base64']),
    '$numberDouble': from_number_text,
}

# --- buffers


def decode_ids(stored: str) -> list[int]:
    """The ids of the blobs that a Buffers column names, in their order."""
    try:
        ids = orjson.loads(stored)
    except ValueError:
        ids = None
    if (
        type(stored) is str
        and type(ids) is list
        and _INTEGERS.issuperset(map(type, ids))
        and max(ids, default=0) in INT64
    ):
        return ids
    raise DamagedError(f'is no list of ids of buffers but {short_repr(stored)}')


_INTEGERS = frozenset({int})
