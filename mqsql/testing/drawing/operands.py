"""Draws the parts of a query: a place, an operand that occurs there, a pattern for its texts."""

import re
from collections.abc import Sequence
from dataclasses import replace
from typing import Any

from mqsql.schema import BOOLEAN, BUFFERS
from mqsql.testing.drawing.draws import Draws
from mqsql.testing.drawing.places import Place, as_given, columns, near
from mqsql.testing.drawing.values import PATTERNS, USUAL_TEXTS


def somewhere(d: Draws, known: list[Place], depth: int = 0) -> Place:
    """A place of the collection, or one beside it: a longer path, an alias, a column that may be empty."""
    place = replace(d.pick(known), depth=depth)
    if not d.once_in(5):
        return place
    scope = place.scope
    if place.kind.mixed and not d.once_in(3):
        return replace(place, key=f'{place.key}.{d.draw(scope.values.path_steps)}', values=(None,))
    aliases = scope.table.aliases if scope.language.aliases else {}
    alias = next((alias for alias, column in aliases.items() if column == place.key), None)
    return replace(place, key=alias) if alias else replace(d.pick(columns(scope)), depth=depth)


def operand(d: Draws, place: Place) -> Any:
    """What a column of the place's kind compares with: mostly a value that is there, or one near it."""
    values = place.scope.values
    if place.kind is BUFFERS:
        return None
    if not place.values or d.once_in(8):
        return d.draw(values.operands[place.kind])
    value = d.pick(place.values)
    if not d.once_in(3):
        return value
    others = [other for other in near(value, values.tick) if place.kind is not BOOLEAN or isinstance(other, bool)]
    return d.pick([value, *others, *(as_given(place.kind, value) if values.odd else [])])


def short_text(d: Draws, place: Place) -> str:
    """A text that is there, with no NUL in it, or another."""
    there = [v for v in place.values if isinstance(v, str) and len(v) < 5 and '\0' not in v]
    return d.pick(there or USUAL_TEXTS)


def pattern(d: Draws, place: Place) -> str:
    """A regular expression."""
    return _filled(d, place, place.scope.values.patterns)


def _filled(d: Draws, place: Place, patterns: Sequence[str]) -> str:
    return d.pick(patterns).replace('{}', literal(short_text(d, place)))


def literal(text: str) -> str:
    """A regular expression for the text, without lone surrogates, which it cannot hold."""
    return re.escape(re.sub('[\ud800-\udfff]', '', text))


def compiled(d: Draws, place: Place) -> re.Pattern[str]:
    """A regular expression as the value that it may be."""
    patterns = [one for one in place.scope.values.patterns if one in PATTERNS]
    return re.compile(_filled(d, place, patterns), d.pick([0, re.I, re.M, re.S, re.I | re.S]))


GLOBS = ['{}*', '*{}', '?{}', '{}', '[!{}]*', '[a-{}]*', '*[{}', '{}?', '*', '?', '[!a]*', 'a*']


def glob(d: Draws, place: Place, patterns: Sequence[str] = GLOBS) -> str | bytes:
    """A pattern of `fnmatch`; a text takes the place of the braces."""
    if place.scope.values.odd and d.once_in(12):
        return b'a*'
    return d.pick(patterns).replace('{}', short_text(d, place))
