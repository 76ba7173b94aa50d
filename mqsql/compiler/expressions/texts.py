"""Operators on text, and regular expressions. Imports `core`; of the compiler, what patterns are."""

import re
from collections.abc import Callable
from datetime import UTC, datetime
from functools import lru_cache
from typing import Any

from mqsql.compiler.expressions.core import (
    ExpressionError,
    Operator,
    is_nullish,
    is_number,
    limited,
    need_text,
    need_whole,
    wrong,
)
from mqsql.compiler.expressions.dates import ISO, formatted
from mqsql.compiler.expressions.operands import MANY, named, positional
from mqsql.compiler.patterns import FLAGS, MAX_REGEX

_LOWER = str.maketrans('ABCDEFGHIJKLMNOPQRSTUVWXYZ', 'abcdefghijklmnopqrstuvwxyz')
_UPPER = {small: big for big, small in _LOWER.items()}
_SPACE = '\0\t\n\v\f\r \xa0\u1680' + ''.join(map(chr, range(0x2000, 0x200B)))


def number_text(value: int | float) -> str:
    """A number as MongoDB prints it: 15 digits, if those do, of a float, no point behind a whole one."""
    if isinstance(value, int):
        return str(value)
    if value != value or value in (float('inf'), float('-inf')):
        return 'NaN' if value != value else 'Infinity' if value > 0 else '-Infinity'
    text = repr(value)
    return text.removesuffix('.0')


def as_text(value: Any) -> str:
    """What text operators take for text: also numbers and dates, and nothing for null."""
    if is_nullish(value):
        return ''
    if isinstance(value, str):
        return value
    if isinstance(value, datetime):
        return formatted(value.astimezone(UTC).replace(tzinfo=None), 0, ISO + 'Z')
    if is_number(value):
        return number_text(value)
    raise wrong('text', value)


def _concat(*values: Any) -> Any:
    texts = []
    for value in values:
        if is_nullish(value):
            return None
        texts.append(need_text(value))
    return limited(''.join(texts))


def _compare(left: Any, right: Any) -> int:
    a, b = (as_text(value).translate(_UPPER).encode('utf-8', 'surrogatepass') for value in (left, right))
    return (a > b) - (a < b)


def _bytes(text: str) -> bytes:
    return text.encode('utf-8', 'surrogatepass')


# --- parts


def _count(value: Any, what: str) -> int:
    if not is_number(value) or value != value or abs(value) >= 2**63:
        raise wrong(what, value)
    return int(value)


def _sub_bytes(value: Any, start: Any, length: Any) -> str:
    raw = _bytes(as_text(value))
    first, size = _count(start, 'a position'), _count(length, 'a length')
    if first < 0:
        raise wrong('a position of at least 0', start)
    part = raw[first:] if size < 0 else raw[first : first + size]
    try:
        return part.decode('utf-8', 'surrogatepass')
    except UnicodeDecodeError:
        raise ExpressionError('the bytes begin or end inside a character') from None


def _sub_characters(value: Any, start: Any, length: Any) -> str:
    text = as_text(value)
    first, size = need_whole(start), need_whole(length)
    if first < 0 or size < 0:
        raise wrong('a position and a length of at least 0', start if first < 0 else length)
    return text[first : first + size]


def _index(measure: Callable[[str], Any]) -> Operator:
    def run(value: Any, part: Any, start: Any = 0, *ends: Any) -> Any:
        if is_nullish(value):
            return None
        whole, wanted = measure(need_text(value)), measure(need_text(part))
        first = need_whole(start, 'a position')
        last = need_whole(ends[0], 'a position') if ends else len(whole)
        if first < 0 or last < 0:
            raise wrong('positions of at least 0', min(first, last))
        return whole.find(wanted, first, last) if first <= min(last, len(whole)) else -1

    return positional(run, 2, 4)


def _split(value: Any, separator: Any) -> Any:
    if is_nullish(value) or is_nullish(separator):
        return None
    if not need_text(separator):
        raise ExpressionError('takes a separator that is not empty')
    return need_text(value).split(separator)


def _trimmed(strip: Callable[[str, str], str]) -> Operator:
    def run(input: Any, chars: Any = _SPACE) -> Any:
        if is_nullish(input):
            return None
        text = need_text(input)
        return None if is_nullish(chars) else strip(text, need_text(chars))

    return named(run, 'input', 'chars')


def _replaced(times: int) -> Operator:
    def run(input: Any, find: Any, replacement: Any) -> Any:
        values = (input, find, replacement)
        for value in values:
            if not is_nullish(value):
                need_text(value)
        return None if any(map(is_nullish, values)) else limited(input.replace(find, replacement, times))

    return named(run, 'input find replacement')


# --- regular expressions


def _regex_match(input: Any, regex: Any, options: Any = '') -> bool:
    if not is_nullish(input):
        need_text(input)
    if is_nullish(regex):
        return False
    pattern = _pattern(need_text(regex), need_text('' if is_nullish(options) else options))
    return not is_nullish(input) and pattern.search(input) is not None


@lru_cache(maxsize=256)
def _pattern(source: str, options: str) -> 're.Pattern[str]':
    if set(options) - set(FLAGS):
        raise wrong('options of the letters "imsx"', options)
    if '\0' in source or len(source) > MAX_REGEX:
        raise wrong(f'a pattern without NUL, at most {MAX_REGEX:,} characters,', source)
    try:
        return re.compile(source, sum({FLAGS[letter] for letter in options}))
    except (re.error, OverflowError, RecursionError, ValueError) as e:
        raise ExpressionError(f'the pattern {source[:80]!r} cannot be compiled: {e}') from None


TEXTS: dict[str, Operator] = {
    '$concat': positional(_concat, 0, MANY),
    '$toLower': positional(lambda value: as_text(value).translate(_LOWER), 1),
    '$toUpper': positional(lambda value: as_text(value).translate(_UPPER), 1),
    '$strcasecmp': positional(_compare, 2),
    '$strLenCP': positional(lambda value: len(need_text(value)), 1),
    '$strLenBytes': positional(lambda value: len(_bytes(need_text(value))), 1),
    '$substr': positional(_sub_bytes, 3),
    '$substrBytes': positional(_sub_bytes, 3),
    '$substrCP': positional(_sub_characters, 3),
    '$indexOfBytes': _index(_bytes),
    '$indexOfCP': _index(str),
    '$split': positional(_split, 2),
    '$trim': _trimmed(str.strip),
    '$ltrim': _trimmed(str.lstrip),
    '$rtrim': _trimmed(str.rstrip),
    '$replaceOne': _replaced(1),
    '$replaceAll': _replaced(-1),
    '$regexMatch': named(_regex_match, 'input regex', 'options'),
}
