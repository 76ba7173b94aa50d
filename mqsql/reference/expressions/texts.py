"""Expressions on text.

Lengths and positions count code points (…CP) or bytes of UTF-8 (…Bytes). Case is that of ASCII, as in MongoDB.
"""

import math
import re
from collections.abc import Callable, Mapping
from datetime import datetime
from string import ascii_lowercase, ascii_uppercase
from typing import Any

from mqsql.errors import short_repr
from mqsql.reference.allowance import listing, writing
from mqsql.reference.bits import INT64
from mqsql.reference.expressions.calls import Arguments, by_name, function, in_turn, null_first
from mqsql.reference.expressions.clocks import format_date
from mqsql.reference.expressions.core import (
    Constant,
    Evaluate,
    MeaninglessError,
    Operator,
    Reader,
    Variables,
    guard,
    is_null,
)
from mqsql.reference.expressions.numbers import number, position
from mqsql.reference.patterns import Regex, TextTest, own_options, regex_test
from mqsql.reference.place import Place
from mqsql.reference.values import is_number

LOWER = str.maketrans(ascii_uppercase, ascii_lowercase)
UPPER = str.maketrans(ascii_lowercase, ascii_uppercase)
MAX_TRIMMED = 4096
BLANKS = '\0 \t\n\v\f\r\xa0\u1680\u2000\u2001\u2002\u2003\u2004\u2005\u2006\u2007\u2008\u2009\u200a'


def text(value: Any) -> str:
    """The value, which must be text."""
    if not isinstance(value, str):
        raise MeaninglessError(f'takes text, not {short_repr(value)}')
    return value


def as_text(value: Any) -> str:
    """The value as text where an operator takes numbers and dates too; a float is cut to six digits; nothing for null."""
    if is_null(value):
        return ''
    if isinstance(value, datetime):
        return format_date(value)
    if isinstance(value, float):
        return f'{value:g}'
    return str(value) if is_number(value) else text(value)


def number_as_text(value: float) -> str:
    """The shortest text of the number; a whole floating-point number has no point."""
    return repr(value).removesuffix('.0').replace('inf', 'Infinity').replace('nan', 'NaN')


def encode(value: str) -> bytes:
    """The text in UTF-8, lone surrogates too."""
    writing(value)
    return value.encode('utf-8', 'surrogatepass')


def _cut(value: Any) -> int:
    # Of all operators only this one takes numbers that are not whole.
    if not math.isfinite(number(value)) or int(value) not in INT64:
        raise MeaninglessError(f'takes numbers of 64 bits, not {short_repr(value)}')
    return int(value)


def _substring_bytes(value: Any, start: Any, length: Any) -> str:
    data, first, count = encode(as_text(value)), _cut(start), _cut(length)
    if first < 0:
        raise MeaninglessError(f'takes a start of at least 0, not {short_repr(start)}')
    end = len(data) if count < 0 else first + count
    for cut in (first, end):
        if 0x80 <= data[cut : cut + 1][:1].ljust(1, b'\0')[0] < 0xC0:
            raise MeaninglessError('cuts a character of UTF-8')
    return data[first:end].decode('utf-8', 'surrogatepass')


def _substring(value: Any, start: Any, length: Any) -> str:
    first, count = position(start), position(length)
    if first < 0 or count < 0:
        raise MeaninglessError('takes a start and a length of at least 0')
    writing(whole_text := as_text(value))
    return whole_text[first : first + count]


def _index(of: Callable[[str], Any], find: Callable[[Any, Any, int, int], int]) -> Operator:
    def call(value: Any, part: Any, start: Any = 0, end: Any = ...) -> int:
        writing(text(value))
        whole_text, wanted = of(value), of(text(part))
        first, last = position(start), position(end) if end is not ... else len(whole_text)
        if first < 0 or last < 0:
            raise MeaninglessError('takes positions of at least 0')
        return -1 if last < first else find(whole_text, wanted, first, min(last, len(whole_text)))

    return null_first(call, 2, 4)


def _find_bytes(data: bytes, wanted: bytes, first: int, last: int) -> int:
    return data.find(wanted, first, last) if first <= last else -1


def _find_characters(value: str, wanted: str, first: int, last: int) -> int:
    # MongoDB's $indexOfCP tries each position before the last one; what it finds may end behind.
    tried = range(first, last) if value or wanted else range(first, 1)
    return next((i for i in tried if value.startswith(wanted, i)), -1)


def _split(value: Any, separator: Any) -> list[str]:
    if not text(separator):
        raise MeaninglessError('takes a separator that is not empty')
    pieces = text(value).count(separator) + 1
    listing(pieces, 60)
    writing(value)
    return value.split(separator)  # type: ignore[no-any-return]


def _trim(strip: Callable[[str, str], str]) -> Operator:
    def call(given: Arguments) -> str | None:
        if is_null(value := given('input')):
            return None
        subject, characters = text(value), given('chars', BLANKS)
        if is_null(characters):
            return None
        if len(encode(text(characters))) > MAX_TRIMMED:
            raise MeaninglessError(f'takes the characters to trim in at most {MAX_TRIMMED} bytes')
        writing(subject)
        return strip(subject, characters)

    return by_name(call, ('input',), ('chars',))


def _replace(count: int) -> Operator:
    names = ('input', 'find', 'replacement')

    def call(given: Arguments) -> str | None:
        texts = [text(value) for value in map(given, names) if not is_null(value)]
        if len(texts) < len(names):
            return None
        subject, found, replacement = texts
        writing(subject)
        writing(replacement, times=subject.count(found))
        return subject.replace(found, replacement, count)

    return by_name(call, names)


def _translated(value: Any, table: dict[int, int]) -> str:
    writing(whole_text := as_text(value))
    return whole_text.translate(table)


def _join(*texts: str) -> str:
    writing(*texts)
    return ''.join(texts)


def _compare_without_case(left: Any, right: Any) -> int:
    a, b = (_translated(value, UPPER) for value in (left, right))
    return (a > b) - (a < b)


def _regex_match(operand: Any, reader: Reader) -> Evaluate:
    given = reader.named_parts(operand, (), ('input', 'regex', 'options'))
    value = reader.at('input').read(given.get('input'))
    pattern = given.get('regex')
    regex = Constant(pattern) if isinstance(pattern, re.Pattern) else reader.at('regex').read(pattern)
    options = reader.at('options').read(given.get('options'))

    def test(variables: Variables) -> Any:
        return guard(_text_test, reader.place, regex(variables), options(variables), reader.place)

    reader.folded(test, [regex, options])  # finds what is wrong with a constant pattern
    return reader.folded(
        lambda variables: guard(_search, reader.place, value(variables), test(variables)), [value, regex, options]
    )


def _text_test(pattern: Any, options: Any, place: Place) -> TextTest | None:
    letters = '' if is_null(options) else text(options)
    if '\0' in letters:
        raise MeaninglessError('takes options without NUL')
    if isinstance(pattern, re.Pattern) and own_options(pattern) and not is_null(options):
        raise MeaninglessError('options are both in the pattern and in options; give one of them')
    return None if is_null(pattern) else regex_test(Regex(pattern, letters), place)


def _search(subject: Any, test: TextTest | None) -> bool:
    if is_null(subject):
        return False
    searched = text(subject)
    return test is not None and test(searched)


TEXTS: Mapping[str, Operator] = {
    '$concat': in_turn(text, _join),
    '$toLower': function(lambda value: _translated(value, LOWER), nullable=False),
    '$toUpper': function(lambda value: _translated(value, UPPER), nullable=False),
    '$strLenCP': function(lambda value: len(text(value)), nullable=False),
    '$strLenBytes': function(lambda value: len(encode(text(value))), nullable=False),
    '$substr': function(_substring_bytes, 3, 3, nullable=False),
    '$substrBytes': function(_substring_bytes, 3, 3, nullable=False),
    '$substrCP': function(_substring, 3, 3, nullable=False),
    '$indexOfBytes': _index(encode, _find_bytes),
    '$indexOfCP': _index(str, _find_characters),
    '$split': function(_split, 2, 2),
    '$trim': _trim(str.strip),
    '$ltrim': _trim(str.lstrip),
    '$rtrim': _trim(str.rstrip),
    '$replaceOne': _replace(1),
    '$replaceAll': _replace(-1),
    '$strcasecmp': function(_compare_without_case, 2, 2, nullable=False),
    '$regexMatch': _regex_match,
}
