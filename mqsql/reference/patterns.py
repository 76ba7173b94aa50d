"""Tests of text: $regex with $options, compiled patterns, $glob.

Regular expressions are PCRE2's, with the options i, m, s and x of MongoDB's manual, "$regex".
"""

import re
from collections.abc import Callable
from typing import Any, NamedTuple

from mqsql import limits, patterns
from mqsql.errors import short_repr
from mqsql.reference.globs import glob
from mqsql.reference.place import Place
from mqsql.values.canonical import coerce_string
from mqsql.values.libraries import UnstorableError

TextTest = Callable[[Any], bool]

FLAGS = {'i': re.IGNORECASE, 'm': re.MULTILINE, 's': re.DOTALL, 'x': re.VERBOSE, 'u': re.NOFLAG}
MAX_PATTERN = 32_761  # MongoDB's limit
MAX_GLOB = 10_000


class Regex(NamedTuple):
    """The operands of $regex and of its $options, empty where there are none."""

    pattern: object
    options: object
    options_follow: bool = False


def regex_test(regex: Regex, place: Place) -> TextTest:
    """Whether a value is text in which the pattern is found."""
    pattern, options = regex.pattern, _options(regex.options, place.at('$options'))
    if isinstance(pattern, re.Pattern):
        # MongoDB notices an empty $options too, unless it has read it before the pattern.
        if (regex.options or regex.options_follow) and own_options(pattern):
            raise place.error('options are both in the pattern and in $options; give one of them')
        pattern, options = pattern.pattern, options | own_options(pattern)
    return _test(pattern, options, place)


def pattern_test(pattern: 're.Pattern[Any]', place: Place) -> TextTest:
    """Whether a value is text in which the compiled pattern is found."""
    return _test(pattern.pattern, own_options(pattern), place)


def own_options(pattern: 're.Pattern[Any]') -> set[str]:
    """The letters of a compiled pattern's options; what else Python knows of it changes nothing."""
    return {letter for letter, flag in FLAGS.items() if pattern.flags & flag}


def _options(options: object, place: Place) -> set[str]:
    if not isinstance(options, str) or not set(options) <= set(FLAGS):
        raise place.error(f'takes text of the letters {" ".join(FLAGS)}, not {short_repr(options)}')
    return set(options) - {'u'}


def _test(source: object, options: set[str], place: Place) -> TextTest:
    pattern = _compile(source, options, place)

    def test(value: Any) -> bool:
        try:
            return isinstance(value, str) and pattern.found_in(value)
        except patterns.PatternError as e:
            raise place.error(str(e)) from None

    return test


def _compile(source: object, options: set[str], place: Place) -> patterns.Pattern:
    if not isinstance(source, str):
        raise place.error(f'takes text or a compiled pattern for text, not {short_repr(source)}')
    if '\0' in source:
        raise place.error('a pattern cannot hold NUL')
    if len(source) > MAX_PATTERN:
        raise place.error(f'a pattern of more than {MAX_PATTERN} characters')
    try:
        return patterns.compile(str.__str__(source), ''.join(sorted(options)))
    except patterns.PatternError as e:
        raise place.error(f'{short_repr(source)} is not a regular expression: {e}') from None


def glob_test(operand: object, place: Place) -> TextTest:
    """Whether a value is text that Python's fnmatch.fnmatchcase takes."""
    try:
        pattern = coerce_string(operand)
    except UnstorableError as e:
        raise place.error(str(e)) from None
    if len(pattern) > MAX_GLOB:
        raise place.error(f'a pattern of more than {MAX_GLOB} characters')
    matches = glob(pattern)

    def test(value: Any) -> bool:
        limits.check()
        return isinstance(value, str) and matches(value)

    return test
