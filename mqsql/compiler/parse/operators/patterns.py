"""$regex, $options and $glob, and compiled patterns in place of values."""

import re
from typing import Any

from mqsql import patterns
from mqsql.compiler.parse.context import ParseContext
from mqsql.compiler.tree.params import Encoding, OperandType, Param
from mqsql.compiler.tree.predicate import MATCH_NONE, MEMBER, Predicate, all_of
from mqsql.errors import short_repr
from mqsql.functions.glob import MAX_PATTERN
from mqsql.patterns import FLAGS, IGNORED, MAX_REGEX
from mqsql.patterns.prefix import prefix_of
from mqsql.schema import STRING, ColumnType
from mqsql.values.canonical import coerce_string
from mqsql.values.libraries import UnstorableError

SHOWN_PATH = 200

# --- $regex

_REGEX = ['$regex', '$options']


def parse_regex(place: ParseContext, operand: object) -> Predicate:
    """Text or a compiled pattern, with the sibling $options."""
    place.refuse_buffers()
    options = _parse_options(place)
    if not isinstance(operand, re.Pattern):
        return _found(place, operand, options)
    siblings = place.siblings or {}
    # An empty $options sets none; MongoDB notices it behind $regex.
    twice = siblings.get('$options') or [name for name in siblings if name in _REGEX] == _REGEX
    if twice and options_of(operand):
        raise place.error('takes options in the pattern or in $options, not in both')
    return _found(place, operand.pattern, options or options_of(operand))


def match_pattern(place: ParseContext, pattern: 're.Pattern[Any]') -> Predicate:
    """A compiled pattern in place of a value: the field offers text in which it is found."""
    place.refuse_buffers()
    return _found(place, pattern.pattern, options_of(pattern))


def options_of(pattern: 're.Pattern[Any]') -> str:
    """The options of a compiled pattern. Its others, such as re.ASCII, say what patterns mean in Python."""
    return ''.join(letter for letter, flag in FLAGS.items() if pattern.flags & flag)


def _found(place: ParseContext, source: object, options: str) -> Predicate:
    if not isinstance(source, str) or '\0' in source or len(source) > MAX_REGEX:
        raise place.error(
            f'takes a pattern of text without NUL, at most {MAX_REGEX:,} characters, not {short_repr(source)}'
        )
    source = str.__str__(source)
    try:
        patterns.compile(source, options)
    except patterns.PatternError as e:
        raise place.error(f'the pattern {short_repr(source)} cannot be compiled: {e}') from None
    if not _may_be_text(place.field.kind):
        return MATCH_NONE
    # The names of fields are not stored as other text is.
    prefix = prefix_of(source, options) if place.field != MEMBER else None
    begins = [] if prefix is None else [_begins(place, prefix.text)]
    if prefix and prefix.all:
        return begins[0]
    # The place is for the message about a text that asks too much of the pattern.
    how = Param(f'{options}:{place.path[:SHOWN_PATH]}', Encoding.PATTERN_OPTIONS)
    return all_of([*begins, place.test('$regex', OperandType.PLAIN, how, Param(source, Encoding.PATTERN))])


def _begins(place: ParseContext, text: str) -> Predicate:
    """The field offers text that begins so: a range of an index."""
    return place.test('$regex', OperandType.PREFIX, Param(text, Encoding.STRING), Param(text, Encoding.AFTER))


def _may_be_text(kind: ColumnType) -> bool:
    return kind.mixed or kind is STRING


def _parse_options(place: ParseContext) -> str:
    options = (place.siblings or {}).get('$options', '')
    if not isinstance(options, str) or set(options) - {*FLAGS, IGNORED}:
        raise place.error(f'$options takes letters of "imsxu", not {short_repr(options)}')
    return ''.join(letter for letter in FLAGS if letter in options)


def parse_options(place: ParseContext, operand: object) -> Predicate | None:
    """Read with $regex, refused alone."""
    if '$regex' not in (place.siblings or {}):
        raise place.error('is allowed only with $regex')
    return None


# --- $glob


def parse_glob(place: ParseContext, operand: object) -> Predicate:
    """A pattern of `fnmatch.fnmatchcase`, matched by the database if it can, or else by a function."""
    place.refuse_buffers()
    try:
        pattern = coerce_string(operand)
    except UnstorableError as e:
        raise place.error(str(e)) from None
    if len(pattern) > MAX_PATTERN:
        raise place.error(f'takes a pattern of at most {MAX_PATTERN:,} characters, not {len(pattern):,}')
    if not _may_be_text(place.field.kind):
        return MATCH_NONE
    form = place.glob_type(pattern)
    return place.test('$glob', form, Param(pattern, Encoding.STRING if form is OperandType.FUNCTION else Encoding.GLOB))
