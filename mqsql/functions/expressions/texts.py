"""Operators on text, and regular expressions."""

import sys
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from typing import Any

from mqsql import patterns
from mqsql.functions.expressions.core import ExprContext, Operands, Operator, Run, Variables
from mqsql.functions.expressions.folding import computed, constant_operand, fold_operands
from mqsql.functions.expressions.formats import ISO, formatted
from mqsql.functions.expressions.operands import GetArg, eager, lazy, named
from mqsql.functions.expressions.tree import Call, Expression, Literal
from mqsql.functions.expressions.values import (
    MANY,
    ExpressionError,
    is_nullish,
    is_number,
    need_text,
    need_whole,
    wrong,
)
from mqsql.limits import budget
from mqsql.limits.budget import made_text
from mqsql.patterns import FLAGS, IGNORED, MAX_REGEX

_LOWER = str.maketrans('ABCDEFGHIJKLMNOPQRSTUVWXYZ', 'abcdefghijklmnopqrstuvwxyz')
_UPPER = {small: big for big, small in _LOWER.items()}
_MAX_TRIM = 4096  # MongoDB's limit
_TEXT = 60  # bytes of a short text
_SPACE = '\0\t\n\v\f\r \xa0\u1680' + ''.join(map(chr, range(0x2000, 0x200B)))


def number_text(value: int | float) -> str:
    """A number as $toString has it: of a float the fewest digits that mean it, no point behind a whole one."""
    if isinstance(value, int):
        return str(value)
    if value != value or value in (float('inf'), float('-inf')):
        return 'NaN' if value != value else 'Infinity' if value > 0 else '-Infinity'
    return repr(value).removesuffix('.0')


def as_text(value: Any) -> str:
    """What text operators take for text: also dates, numbers, of a float six digits as C's %g, and nothing for null."""
    if is_nullish(value):
        return ''
    if isinstance(value, str):
        return value
    if isinstance(value, datetime):
        return formatted(value.astimezone(UTC).replace(tzinfo=None), 0, ISO + 'Z')
    if is_number(value):
        return f'{value:g}' if isinstance(value, float) else str(value)
    raise wrong('text', value)


def _concat(values: Iterator[Any]) -> Any:
    texts = []
    for value in values:
        if is_nullish(value):
            return None
        texts.append(made_text(need_text(value)))
    return ''.join(texts)


def _compare(left: Any, right: Any) -> int:
    a, b = (made_text(as_text(value)).translate(_UPPER).encode('utf-8', 'surrogatepass') for value in (left, right))
    return (a > b) - (a < b)


def _bytes(text: str) -> bytes:
    return made_text(text).encode('utf-8', 'surrogatepass')


# --- parts


def _count(value: Any, what: str) -> int:
    if not is_number(value) or value != value or not -(2**63) <= value < 2**63:
        raise wrong(what, value)
    return int(value)


def _sub_bytes(value: Any, start: Any, length: Any) -> str:
    raw = _bytes(as_text(value))
    first, size = _count(start, 'a position'), _count(length, 'a length')
    if first < 0:
        raise wrong('a position of at least 0', start)
    end = len(raw) if size < 0 else first + size
    if any(raw[i] & 0xC0 == 0x80 for i in (first, end) if i < len(raw)):
        raise ExpressionError('the bytes begin or end inside a character')
    return raw[first:end].decode('utf-8', 'surrogatepass')


def _sub_characters(value: Any, start: Any, length: Any) -> str:
    text = made_text(as_text(value))
    first, size = need_whole(start), need_whole(length)
    if first < 0 or size < 0:
        raise wrong('a position and a length of at least 0', start if first < 0 else length)
    return text[first : first + size]


def _index(find: Callable[[str, str, int, int], int]) -> Operator:
    def search(text: str, part: Any, start: Any = 0, end: Any = MANY - 1) -> int:
        need_text(part)
        first, last = need_whole(start, 'a position'), need_whole(end, 'a position')
        if first < 0 or last < 0:
            raise wrong('positions of at least 0', min(first, last))
        return find(text, part, first, last)

    def run(values: Iterator[Any]) -> Any:
        value = next(values)
        return None if is_nullish(value) else search(made_text(need_text(value)), *values)

    return lazy(run)


def _find_bytes(text: str, part: str, first: int, last: int) -> int:
    return _bytes(text).find(_bytes(part), first, last)


def _find_characters(text: str, part: str, first: int, last: int) -> int:
    # As MongoDB has it, the part begins before the end, but may reach beyond it.
    if not text and not part and not first:
        return 0
    found = text.find(part, first)
    return found if found < min(last, len(text)) else -1


def _split(value: Any, separator: Any) -> Any:
    if is_nullish(value) or is_nullish(separator):
        return None
    if not need_text(separator):
        raise ExpressionError('takes a separator that is not empty')
    parts = need_text(value).count(separator) + 1
    budget.make(parts * _TEXT + sys.getsizeof(value))
    budget.step(parts + (len(value) >> 8))
    return value.split(separator)


def _trimmed(strip: Callable[[str, str], str]) -> Operator:
    def run(ask: GetArg) -> Any:
        if is_nullish(value := ask('input')):
            return None
        text, chars = made_text(need_text(value)), ask('chars', _SPACE)
        if is_nullish(chars):
            return None
        if len(_bytes(need_text(chars))) > _MAX_TRIM:
            raise wrong(f'at most {_MAX_TRIM:,} bytes of characters to trim', chars)
        return strip(text, chars)

    return named(run)


def _replace(times: int, text: str, part: str, other: str) -> str:
    found = text.count(part) if times < 0 else times
    budget.make(sys.getsizeof(text) + found * sys.getsizeof(other))
    budget.step((len(text) >> 8) + (found >> 4))
    return text.replace(part, other, times)


def _replaced(times: int) -> Operator:
    def run(ask: GetArg) -> Any:
        values = [ask(name) for name in ('input', 'find', 'replacement')]
        texts = [need_text(value) for value in values if not is_nullish(value)]
        return _replace(times, *texts) if len(texts) == len(values) else None

    return named(run)


# --- regular expressions


def _regex_match(context: ExprContext, operands: Operands) -> Run:
    given, regex, options = map(operands.or_null, ('input', 'regex', 'options'))

    def run(variables: Variables) -> bool:
        value, pattern = given.run(variables), _read_pattern(regex.run(variables), options.run(variables))
        text = None if is_nullish(value) else need_text(value)
        return text is not None and pattern is not None and _found(pattern, text)

    return run


def _fold_regex_match(context: ExprContext, call: Call) -> Expression:
    """The pattern is read if it is constant, whatever the text."""
    folded = fold_operands(context, call)
    parts = {step: part for step, part in folded.operands if step != '.input'}
    if all(isinstance(part, Literal) for part in parts.values()):
        regex, options = (constant_operand(folded, name) or Literal(None) for name in ('regex', 'options'))
        context.located(lambda variables: _read_pattern(regex.value, options.value))({})
    return computed(context, folded)


def _found(pattern: patterns.Pattern, text: str) -> bool:
    try:
        return pattern.found_in(text)
    except patterns.PatternError as e:
        raise ExpressionError(str(e)) from None


def _read_pattern(regex: Any, options: Any) -> patterns.Pattern | None:
    letters = '' if is_nullish(options) else need_text(options)
    if '\0' in letters:
        raise wrong('options without NUL', options)
    return None if is_nullish(regex) else _pattern(need_text(regex), letters)


def _pattern(source: str, options: str) -> patterns.Pattern:
    if set(options) - {*FLAGS, IGNORED}:
        raise wrong('options of the letters "imsxu"', options)
    if '\0' in source or len(source) > MAX_REGEX:
        raise wrong(f'a pattern without NUL, at most {MAX_REGEX:,} characters,', source)
    try:
        return patterns.compile(source, ''.join(letter for letter in FLAGS if letter in options))
    except patterns.PatternError as e:
        raise ExpressionError(f'the pattern {source[:80]!r} cannot be compiled: {e}') from None


TEXTS: dict[str, Operator] = {
    '$concat': lazy(_concat),
    '$toLower': eager(lambda value: made_text(as_text(value)).translate(_LOWER)),
    '$toUpper': eager(lambda value: made_text(as_text(value)).translate(_UPPER)),
    '$strcasecmp': eager(_compare),
    '$strLenCP': eager(lambda value: len(need_text(value))),
    '$strLenBytes': eager(lambda value: len(_bytes(need_text(value)))),
    '$substr': eager(_sub_bytes),
    '$substrBytes': eager(_sub_bytes),
    '$substrCP': eager(_sub_characters),
    '$indexOfBytes': _index(_find_bytes),
    '$indexOfCP': _index(_find_characters),
    '$split': eager(_split),
    '$trim': _trimmed(str.strip),
    '$ltrim': _trimmed(str.lstrip),
    '$rtrim': _trimmed(str.rstrip),
    '$replaceOne': _replaced(1),
    '$replaceAll': _replaced(-1),
    '$regexMatch': Operator(_regex_match, _fold_regex_match),
}
