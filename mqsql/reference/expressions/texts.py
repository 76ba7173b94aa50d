"""Expressions on text. Imports `errors`, and `patterns`, `place`, `numbers`, `dates` and `core` of the reference.

Lengths and positions count code points (…CP) or bytes of UTF-8 (…Bytes). Case is that of ASCII, as in MongoDB.
"""

import math
import re
from collections.abc import Callable, Mapping
from datetime import datetime
from string import ascii_lowercase, ascii_uppercase
from typing import Any

from mqsql.errors import shown
from mqsql.reference.bits import INT64
from mqsql.reference.expressions.core import (
    Evaluate,
    MeaninglessError,
    Operator,
    Reader,
    Variables,
    function,
    guard,
    in_turn,
    is_null,
    keyword_function,
    null_if_missing,
)
from mqsql.reference.expressions.dates import format_date
from mqsql.reference.expressions.numbers import number, position
from mqsql.reference.patterns import Regex, TextTest, regex_test
from mqsql.reference.values import is_number

LOWER = str.maketrans(ascii_uppercase, ascii_lowercase)
UPPER = str.maketrans(ascii_lowercase, ascii_uppercase)
BLANKS = '\0 \t\n\v\f\r\xa0\u1680\u2000\u2001\u2002\u2003\u2004\u2005\u2006\u2007\u2008\u2009\u200a'


def text(value: Any) -> str:
    """The value, which must be text."""
    if not isinstance(value, str):
        raise MeaninglessError(f'takes text, not {shown(value)}')
    return value


def as_text(value: Any) -> str:
    """The value as text where an operator takes numbers and dates too; nothing for null."""
    if is_null(value):
        return ''
    if isinstance(value, datetime):
        return format_date(value)
    return number_as_text(value) if is_number(value) else text(value)


def number_as_text(value: float) -> str:
    """The shortest text that stands for the number; a whole floating-point number has no point."""
    return repr(value).removesuffix('.0').replace('inf', 'Infinity').replace('nan', 'NaN')


def encode(value: str) -> bytes:
    """The text in UTF-8, lone surrogates too."""
    return value.encode('utf-8', 'surrogatepass')


def _cut(value: Any) -> int:
    # Of all operators only this one takes numbers that are not whole.
    if not math.isfinite(number(value)) or int(value) not in INT64:
        raise MeaninglessError(f'takes numbers of 64 bits, not {shown(value)}')
    return int(value)


def _substring_bytes(value: Any, start: Any, length: Any) -> str:
    data, first, count = encode(as_text(value)), _cut(start), _cut(length)
    if first < 0:
        raise MeaninglessError(f'takes a start of at least 0, not {shown(start)}')
    part = data[first:] if count < 0 else data[first : first + count]
    try:
        return part.decode('utf-8', 'surrogatepass')
    except UnicodeDecodeError:
        raise MeaninglessError('cuts a character of UTF-8') from None


def _substring(value: Any, start: Any, length: Any) -> str:
    first, count = position(start), position(length)
    if first < 0 or count < 0:
        raise MeaninglessError('takes a start and a length of at least 0')
    return as_text(value)[first : first + count]


def _index(of: Callable[[str], Any]) -> Operator:
    def find(value: Any, part: Any, start: Any = 0, end: Any = ...) -> int | None:
        if is_null(value):
            return None
        whole_text, wanted = of(text(value)), of(text(part))
        first, last = position(start), position(end) if end is not ... else len(whole_text)
        if first < 0 or last < 0:
            raise MeaninglessError('takes positions of at least 0')
        return int(whole_text.find(wanted, first, last)) if first <= len(whole_text) else -1

    return function(find, 2, 4, nullable=False)


def _split(value: Any, separator: Any) -> list[str]:
    if not text(separator):
        raise MeaninglessError('takes a separator that is not empty')
    return text(value).split(separator)


def _trim(strip: Callable[[str, str], str]) -> Operator:
    def call(value: Any, characters: Any) -> str | None:
        subject = text(value)
        return None if is_null(characters) else strip(subject, text(characters))

    def read(operand: Any, reader: Reader) -> Evaluate:
        given = {'chars': BLANKS, **operand} if isinstance(operand, Mapping) else operand
        return keyword_function(call, ('input', 'chars'), nullable=('input',))(given, reader)

    return read


def _replace(count: int) -> Operator:
    def call(*values: Any) -> str | None:
        texts = [text(value) for value in values if not is_null(value)]
        return texts[0].replace(texts[1], texts[2], count) if len(texts) == len(values) else None

    return keyword_function(call, ('input', 'find', 'replacement'))


def _compare_without_case(left: Any, right: Any) -> int:
    a, b = as_text(left).translate(UPPER), as_text(right).translate(UPPER)
    return (a > b) - (a < b)


def _regex_match(operand: Any, reader: Reader) -> Evaluate:
    given = reader.named_parts(operand, ('input', 'regex'), ('options',))
    value = reader.at('input').read(given['input'])
    search = _read_regex(given['regex'], given.get('options', ''), reader)
    return lambda variables: guard(_search, reader.place, value(variables), search(variables))


def _search(subject: Any, test: TextTest | None) -> bool:
    if is_null(subject):
        return False
    searched = text(subject)
    return test is not None and test(searched)


def _read_regex(pattern: Any, options: Any, reader: Reader) -> Callable[[Variables], TextTest | None]:
    """The test of a pattern, read at once if it is there as text; None where an expression gives null for it."""
    if _is_constant(pattern) and _is_constant(options):
        constant = regex_test(Regex(pattern, options), reader.place)
        return lambda variables: constant
    read_pattern, read_options = reader.at('regex').read(pattern), reader.at('options').read(options)

    def search(variables: Variables) -> TextTest | None:
        regex = Regex(read_pattern(variables), null_if_missing(read_options(variables)) or '')
        return None if is_null(regex.pattern) else regex_test(regex, reader.place)

    return search


def _is_constant(expression: Any) -> bool:
    return isinstance(expression, re.Pattern) or (isinstance(expression, str) and not expression.startswith('$'))


TEXTS: Mapping[str, Operator] = {
    '$concat': in_turn(text, ''.join),
    '$toLower': function(lambda value: as_text(value).translate(LOWER), nullable=False),
    '$toUpper': function(lambda value: as_text(value).translate(UPPER), nullable=False),
    '$strLenCP': function(lambda value: len(text(value)), nullable=False),
    '$strLenBytes': function(lambda value: len(encode(text(value))), nullable=False),
    '$substr': function(_substring_bytes, 3, 3, nullable=False),
    '$substrBytes': function(_substring_bytes, 3, 3, nullable=False),
    '$substrCP': function(_substring, 3, 3, nullable=False),
    '$indexOfBytes': _index(encode),
    '$indexOfCP': _index(str),
    '$split': function(_split, 2, 2),
    '$trim': _trim(str.strip),
    '$ltrim': _trim(str.lstrip),
    '$rtrim': _trim(str.rstrip),
    '$replaceOne': _replace(1),
    '$replaceAll': _replace(-1),
    '$strcasecmp': function(_compare_without_case, 2, 2, nullable=False),
    '$regexMatch': _regex_match,
}
