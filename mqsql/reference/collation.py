"""`collation`: how texts compare in a query. Imports `errors`, and `place`, `values` of the reference.

Of MongoDB's collations (manual, "Collation") those of English, in three strengths: 1 compares letters, 2 accents too, 3 case
too, lower case first. Letters compare by the code points of the decomposed, case-folded text; other languages, and the
options that this does not say, are refused.
"""

import re
import unicodedata
from collections.abc import Mapping
from typing import Any

from mqsql.errors import shown
from mqsql.reference.place import Place, read_whole
from mqsql.reference.values import Fold, same_text

LOCALES = ('en', 'en_US')
OPTIONS = ('locale', 'strength', 'numericOrdering')


def read_collation(collation: object, place: Place) -> Fold:
    """What a text stands for in comparisons; None and the locale "simple" are no collation."""
    if collation is None:
        return same_text
    if not isinstance(collation, Mapping):
        raise place.error(f'takes a dict, not {shown(collation)}')
    if odd := [name for name in collation if name not in OPTIONS]:
        raise place.error(f'{shown(odd[0])} is not supported, only {", ".join(OPTIONS)}')
    if collation.get('locale') == 'simple' and len(collation) == 1:
        return same_text
    if collation.get('locale') not in LOCALES:
        raise place.at('locale').error(f'takes {", ".join(LOCALES)} or simple, not {shown(collation.get("locale"))}')
    return _fold(_strength(collation, place.at('strength')), _numeric(collation, place.at('numericOrdering')))


def _strength(collation: Mapping[Any, Any], place: Place) -> int:
    strength = read_whole(collation.get('strength', 3), place, 1)
    if strength > 3:
        raise place.error(f'takes 1, 2 or 3, not {strength}')
    return strength


def _numeric(collation: Mapping[Any, Any], place: Place) -> bool:
    numeric = collation.get('numericOrdering', False)
    if not isinstance(numeric, bool):
        raise place.error(f'takes a boolean, not {shown(numeric)}')
    return numeric


def _fold(strength: int, numeric: bool) -> Fold:
    def fold(text: str) -> Any:
        levels = (_letters(text), _folded(text), _decomposed(text).swapcase())[:strength]
        return tuple(map(_numbers, levels)) if numeric else levels

    return fold


def _decomposed(text: str) -> str:
    return unicodedata.normalize('NFD', text)


def _folded(text: str) -> str:
    return _decomposed(_decomposed(text).casefold())


def _letters(text: str) -> str:
    return ''.join(char for char in _folded(text) if not unicodedata.combining(char))


def _numbers(text: str) -> tuple[Any, ...]:
    """The text in turns of other text and digits, which compare by their value: as (count of digits, digits)."""
    parts = re.split('([0-9]+)', text)
    return tuple((len(part.lstrip('0')), part.lstrip('0')) if i % 2 else part for i, part in enumerate(parts))
