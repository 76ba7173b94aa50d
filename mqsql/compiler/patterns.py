"""$regex, $options and $glob, and patterns where values may stand. Imports the compiler's lower layers only."""

import re
from fnmatch import translate
from typing import Any

from sqlglot import exp

from mqsql.compiler.glob import MAX_PATTERN, to_sqlite
from mqsql.compiler.place import Place
from mqsql.compiler.predicate import NEVER, Predicate
from mqsql.compiler.sql import Condition, Value, call, number, slot, text
from mqsql.errors import shown
from mqsql.schema import TIMESTAMP
from mqsql.schema.codec import encode_text
from mqsql.schema.types import UnstorableError, read_text

MAX_REGEX = 32_761
"""Characters of the longest pattern that MongoDB compiles."""

# --- $regex

FLAGS = {'i': re.IGNORECASE, 'm': re.MULTILINE, 's': re.DOTALL, 'x': re.VERBOSE, 'u': re.NOFLAG}


_REGEX = ['$regex', '$options']


def read_regex(place: Place, operand: object) -> Predicate:
    """Text or a compiled pattern, with the sibling $options."""
    place.refuse_buffers()
    options = _read_options(place)
    if isinstance(operand, re.Pattern):
        siblings = place.siblings or {}
        # An empty $options sets none; MongoDB notices it behind $regex.
        twice = siblings.get('$options') or [name for name in siblings if name in _REGEX] == _REGEX
        if twice and operand.flags & ~re.UNICODE:
            raise place.error('takes options in the pattern or in $options, not in both')
        source: object = operand.pattern
        flags = options or operand.flags & ~re.UNICODE
    else:
        source, flags = operand, options
    return _found(place, source, flags)


def match_pattern(place: Place, pattern: 're.Pattern[Any]') -> Predicate:
    """A compiled pattern where a value may stand: the field offers text that it finds."""
    place.refuse_buffers()
    return _found(place, pattern.pattern, pattern.flags & ~re.UNICODE)


def _found(place: Place, source: object, flags: int) -> Predicate:
    if not isinstance(source, str) or '\0' in source or len(source) > MAX_REGEX:
        raise place.error(f'takes a pattern of text without NUL, at most {MAX_REGEX:,} characters, not {shown(source)}')
    try:
        re.compile(source, flags)
    except (re.error, OverflowError, RecursionError, ValueError) as e:
        raise place.error(f'the pattern {shown(source)} cannot be compiled: {e}') from None
    return place.test('$regex', '', flags, encode_text(source)) if place.field.kind is not TIMESTAMP else NEVER


def _read_options(place: Place) -> int:
    options = (place.siblings or {}).get('$options', '')
    if not isinstance(options, str) or set(options) - set(FLAGS):
        raise place.error(f'$options takes letters of "imsxu", not {shown(options)}')
    return sum({FLAGS[letter] for letter in options})


def lower_regex(value: Value, form: str, slots: tuple[str, ...]) -> Condition:
    """SQL of $regex: SQLite has no regular expressions, so a function of the connection."""
    return value.of_type(('text',), call('mqsql_regex', slot(slots[0]), slot(slots[1]), value.sql))


def read_options(place: Place, operand: object) -> Predicate | None:
    """Read with $regex, refused alone."""
    if '$regex' not in (place.siblings or {}):
        raise place.error('stands only beside $regex')
    return None


# --- $glob


def read_glob(place: Place, operand: object) -> Predicate:
    """A pattern of `fnmatch.fnmatchcase`, put into SQLite's own GLOB, or else into a regular expression."""
    place.refuse_buffers()
    try:
        pattern = read_text(operand)
    except UnstorableError as e:
        raise place.error(str(e)) from None
    if len(pattern) > MAX_PATTERN:
        raise place.error(f'takes a pattern of at most {MAX_PATTERN:,} characters, not {len(pattern):,}')
    if place.field.kind is TIMESTAMP:
        return NEVER
    sqlite = to_sqlite(pattern)
    if sqlite is None:
        return place.test('$regex', '', 0, encode_text(r'\A' + translate(pattern)))
    return place.test('$glob', sqlite.form, sqlite.pattern)


def lower_glob(value: Value, form: str, slots: tuple[str, ...]) -> Condition:
    """SQL of $glob; where the pattern counts characters, the pairs that stand for one are first made one."""
    subject = characters(value.sql) if form == 'characters' else value.sql
    return value.of_type(('text',), exp.Glob(this=subject, expression=slot(slots[0])))


def characters(stored: exp.Expr) -> exp.Expr:
    """Stored text with one code point for each of its characters: the leads of pairs are taken out."""
    for lead in (1, 0xD7FF):
        stored = call('replace', stored, call('char', number(lead)), text(''))
    return stored
