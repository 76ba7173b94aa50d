"""Records of words, and queries for them under a collation, to draw.

The texts are made of what compiler and reference both know to the last: ASCII, and letters with the usual accents.
"""

from collections.abc import Iterator
from typing import Any

from mqsql.schema import TASKS, Record
from mqsql.testing.drawing.draws import Draws
from mqsql.testing.drawing.finds import find_options
from mqsql.testing.drawing.operands import somewhere
from mqsql.testing.drawing.places import places
from mqsql.testing.drawing.projections import projection
from mqsql.testing.drawing.queries import query
from mqsql.testing.drawing.scope import Scope

WORDS = ['', ' ', *'a A á Á b B ab aB a_b A_B a-b a.b a10 a09 a9 A9 10 9 é e\u0301 E a\0b ß SS æ Æ ae'.split()]
LETTERS = frozenset(''.join(WORDS) + 'BEÄ')
COLLATIONS = [
    {'locale': 'en', 'strength': strength, 'numericOrdering': numeric}
    for strength in (2, 1, 3)
    for numeric in (False, True)
]
UNCOLLATED = {'$regex', '$options', '$glob', '$type', '$jsonSchema', '$comment'}
"""Operators whose texts are not compared."""


def value(d: Draws, depth: int = 2) -> Any:
    """A word, or what holds words; now and then a number."""
    form = d.pick(range(8)) if depth else 0
    if form < 4:
        return d.pick(WORDS)
    if form == 4:
        return d.pick([1, 2.5, None])
    inner = d.several(0, 3, lambda: value(d, depth - 1))
    return inner if form < 7 else dict(zip('ab', inner, strict=False))


def record(d: Draws, i: int) -> Record:
    """A record of few columns and few paths."""
    content = {name: value(d) for name in 'ab' if not d.once_in(6)}
    return {TASKS.key: f'm{i}', 'label': d.pick([*WORDS, None]), 'content': content}


def texts(value: Any) -> Iterator[str]:
    """The texts that a query compares with."""
    match value:
        case str():
            yield value
        case bytes():
            yield value.decode('latin-1')
        case list():
            yield from (text for item in value for text in texts(item))
        case dict():
            inner = [item for name, item in value.items() if name not in UNCOLLATED]
            yield from (text for item in inner for text in texts(item))


def is_worded(query: Any) -> bool:
    """Whether its texts are made as the words are, or are paths of an expression."""
    return all(text.startswith('$') or LETTERS.issuperset(text) for text in texts(query))


def is_collated(value: Any) -> bool:
    """Whether compiler and reference order its texts alike under every collation."""
    return all(text.isascii() or LETTERS.issuperset(text) for text in texts(value))


Asked = tuple[dict[str, Any], str, dict[str, Any], dict[str, Any]]
"""A query, a key, options, the collation among them, and a projection."""


def asked(d: Draws, scope: Scope, most: int = 6) -> tuple[list[Record], list[Asked]]:
    """A collection of words, and what is asked of it."""
    records = [record(d, i) for i in range(d.pick([4, 5, 6, 7, 8]))]
    known = places(records, scope)

    def one() -> Asked:
        options = find_options(d, known) | {'collation': d.pick(COLLATIONS)}
        return query(d, known), somewhere(d, known).key, options, projection(d, known)

    drawn = d.several(1, most, one)
    return records, [each for each in drawn if is_worded(each[0]) and is_worded(each[3])]
