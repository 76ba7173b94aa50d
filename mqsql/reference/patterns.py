"""Tests of text: $regex with $options, compiled patterns, $glob. Imports `errors`, `place` of the reference.

Regular expressions are Python's (`re`), with the options i, m, s and x of MongoDB's manual, "$regex".
"""

import re
import warnings
from collections.abc import Callable
from fnmatch import fnmatchcase
from typing import Any, NamedTuple

from mqsql.errors import shown
from mqsql.reference.place import Place
from mqsql.schema.types import UnstorableError, read_text

TextTest = Callable[[Any], bool]

FLAGS = {'i': re.IGNORECASE, 'm': re.MULTILINE, 's': re.DOTALL, 'x': re.VERBOSE, 'u': re.NOFLAG}
MAX_PATTERN = 32_761  # MongoDB's limit
MAX_GLOB = 10_000


class Regex(NamedTuple):
    """The operands of $regex and of the $options beside it, empty where there are none."""

    pattern: object
    options: object
    options_follow: bool = False


def regex_test(regex: Regex, place: Place) -> TextTest:
    """Whether a value is text in which the pattern is found."""
    pattern, flags = regex.pattern, _flags(regex.options, place.at('$options'))
    if isinstance(pattern, re.Pattern):
        # MongoDB notices an empty $options too, unless it has read it before the pattern.
        if (regex.options or regex.options_follow) and pattern.flags & sum(FLAGS.values()):
            raise place.error('options stand both in the pattern and in $options')
        return pattern_test(_compile(pattern.pattern, pattern.flags | flags, place) if flags else pattern, place)
    if not isinstance(pattern, str):
        raise place.error(f'takes text or a compiled pattern, not {shown(pattern)}')
    return pattern_test(_compile(pattern, flags, place), place)


def pattern_test(pattern: 're.Pattern[Any]', place: Place) -> TextTest:
    """Whether a value is text in which the compiled pattern is found."""
    if not isinstance(pattern.pattern, str):
        raise place.error(f'a pattern for bytes cannot be searched for in text: {shown(pattern)}')
    if '\0' in pattern.pattern:
        raise place.error('a pattern cannot hold NUL')
    if len(pattern.pattern) > MAX_PATTERN:
        raise place.error(f'a pattern of more than {MAX_PATTERN} characters')
    return lambda value: isinstance(value, str) and pattern.search(value) is not None


def _flags(options: object, place: Place) -> int:
    if not isinstance(options, str) or not set(options) <= set(FLAGS):
        raise place.error(f'takes text of the letters {" ".join(FLAGS)}, not {shown(options)}')
    return sum(FLAGS[letter] for letter in set(options))


def _compile(pattern: str, flags: int, place: Place) -> 're.Pattern[str]':
    try:
        with warnings.catch_warnings():
            warnings.simplefilter('ignore')  # what a later Python may read otherwise is no concern of the query's
            return re.compile(pattern, flags)
    except (re.error, ValueError, OverflowError, RecursionError) as e:
        raise place.error(f'{shown(pattern)} is not a regular expression: {e}') from None


def glob_test(operand: object, place: Place) -> TextTest:
    """Whether a value is text that Python's fnmatch.fnmatchcase takes."""
    try:
        pattern = read_text(operand)
    except UnstorableError as e:
        raise place.error(str(e)) from None
    if len(pattern) > MAX_GLOB:
        raise place.error(f'a pattern of more than {MAX_GLOB} characters')
    return lambda value: isinstance(value, str) and fnmatchcase(value, pattern)
