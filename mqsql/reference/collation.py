"""`collation`: how texts compare in a query.

Of MongoDB's collations (manual, "Collation") those of English, in three strengths: 1 compares letters, 2 accents too, 3 case
too, lower case first. Punctuation comes before symbols, then currencies, digits and letters, and letters compare by the code
points of the decomposed, case-folded text; other languages, and the options that this does not say, are refused.
"""

import re
import unicodedata
from collections.abc import Mapping
from typing import Any

from mqsql import limits
from mqsql.errors import short_repr
from mqsql.reference.place import Place, read_whole
from mqsql.reference.values import Fold, same_text
from mqsql.values.decomposed import decomposed

LOCALES = ('en', 'en_US')
OPTIONS = ('locale', 'strength', 'numericOrdering')


def read_collation(collation: object, place: Place) -> Fold:
    """The form of a text in comparisons; None and the locale "simple" are no collation."""
    if collation is None:
        return same_text
    if not isinstance(collation, Mapping):
        raise place.error(f'takes a dict, not {short_repr(collation)}')
    if odd := [name for name in collation if name not in OPTIONS]:
        raise place.error(f'{short_repr(odd[0])} is not supported, only {", ".join(OPTIONS)}')
    if collation.get('locale') == 'simple' and len(collation) == 1:
        return same_text
    if collation.get('locale') not in LOCALES:
        raise place.at('locale').error(
            f'takes {", ".join(LOCALES)} or simple, not {short_repr(collation.get("locale"))}'
        )
    return _fold(_strength(collation, place.at('strength')), _numeric(collation, place.at('numericOrdering')))


def _strength(collation: Mapping[Any, Any], place: Place) -> int:
    strength = read_whole(collation.get('strength', 3), place, 1)
    if strength > 3:
        raise place.error(f'takes 1, 2 or 3, not {short_repr(strength)}')
    return strength


def _numeric(collation: Mapping[Any, Any], place: Place) -> bool:
    numeric = collation.get('numericOrdering', False)
    if not isinstance(numeric, bool):
        raise place.error(f'takes a boolean, not {short_repr(numeric)}')
    return numeric


def _fold(strength: int, numeric: bool) -> Fold:
    def fold(text: str) -> Any:
        plain = _decomposed(text)
        folded = _decomposed(plain.casefold())
        levels = [''.join(char for char in folded if not unicodedata.combining(char)), folded, plain.swapcase()]
        return tuple(_ranks(level, numeric) for level in levels[:strength])

    return fold


SIGNS = '\t\n\v\f\r\x85 _-,;:!?.\'"()[]{}@*/\\&#%`^+<=>|~$'
"""The signs of ASCII in the order of the Unicode Collation Algorithm; they come before digits and letters."""

TAKEN_APART = str.maketrans(
    {'ß': 's\u0361s', 'ẞ': 'S\u0361S', 'æ': 'a\u0361e', 'Æ': 'A\u0361E', 'œ': 'o\u0361e', 'Œ': 'O\u0361E'}
    | {'ø': 'o\u0338', 'Ø': 'O\u0338', 'đ': 'd\u0335', 'Đ': 'D\u0335', 'ħ': 'h\u0335', 'Ħ': 'H\u0335'}
    | {'ł': 'l\u0335', 'Ł': 'L\u0335'}
)
"""Letters that count as others with an accent, but are no such by Unicode's decompositions."""


def _decomposed(text: str) -> str:
    return decomposed(text).translate(TAKEN_APART)


def _ranks(text: str, numeric: bool) -> tuple[Any, ...]:
    """The characters' places; with `numeric` those of a number's digits as one: its length, then the digits."""
    parts = re.findall('[0-9]+|[^0-9]', text) if numeric else list(text)
    counted = [
        part for part in limits.checked(parts) if part in SIGNS or unicodedata.category(part[0]) not in ('Cc', 'Cf')
    ]
    return tuple(_number(part) if numeric and part[0] in '0123456789' else (_rank(part),) for part in counted)


def _number(digits: str) -> tuple[int, int, str]:
    value = digits.lstrip('0')
    return _rank('0'), len(value), value


def _rank(char: str) -> int:
    place = SIGNS.index(char) if char in SIGNS else len(SIGNS) + ord(char)
    return _group(char) * 0x200000 + place


def _group(char: str) -> int:
    """Blanks and punctuation, symbols, currencies, digits and letters, accents."""
    if unicodedata.combining(char):
        return 4
    category = unicodedata.category(char)
    if category[0] in 'ZP' or (category == 'Cc' and char in SIGNS):
        return 0
    return 2 if category == 'Sc' else 1 if category[0] == 'S' else 3
