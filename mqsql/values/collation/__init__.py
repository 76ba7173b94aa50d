"""`collation`: how texts compare in a query.

MongoDB compares texts by ICU; here is what English takes of it: the root order at strength 1 (letters), 2 (accents too) or
3 (case and shape too, small letters first), numbers by their digits or by their value.

    elements     what the characters of a text weigh
    root_order   the characters in their order
    lowering     how a statement asks for it
"""

from collections.abc import Mapping, Sequence
from typing import NamedTuple

from mqsql.errors import QueryError, short_repr
from mqsql.values.collation.elements import elements_of
from mqsql.values.plain import read_plain

LOCALES = ('en', 'en_US')
OPTIONS = ('locale', 'strength', 'numericOrdering')


class Collation(NamedTuple):
    """A way in which texts compare, other than by code point."""

    strength: int
    numeric: bool

    @classmethod
    def of(cls, arguments: Sequence[int]) -> 'Collation | None':
        """The collation that a function of the connection is told of; None if it is told nothing."""
        return cls(arguments[0], bool(arguments[1])) if arguments else None

    def key(self, text: str) -> bytes:
        """Bytes that are equal, and ordered, as the texts are; made in a time linear in the text's length."""
        elements = list(elements_of(text, numeric=self.numeric))
        # No weight begins with 0, so the shorter of two that begin alike comes first.
        return b'\0'.join([b''.join([element[level] for element in elements]) for level in range(self.strength)])


# --- reading the option


def read_collation(collation: object) -> Collation | None:
    """The collation that MongoDB's dict says; None for none and for the locale "simple". QueryError for any other."""
    if collation is None:
        return None
    collation = read_plain(collation, 'collation')
    if not isinstance(collation, Mapping):
        raise QueryError(f'takes a dict, not {short_repr(collation)}', 'collation')
    for name, value in collation.items():
        if name not in OPTIONS:
            raise QueryError(
                f'{short_repr(name)} is not supported, nor {short_repr(value)} for it; only {", ".join(OPTIONS)} are',
                'collation',
            )
    if collation.get('locale') == 'simple' and len(collation) == 1:
        return None
    if collation.get('locale') not in LOCALES:
        named = short_repr(collation.get('locale'))
        raise QueryError(f'takes {", ".join(LOCALES)} or, alone, simple, not {named}', 'collation.locale')
    return Collation(
        _read_strength(collation.get('strength', 3)), _read_numeric(collation.get('numericOrdering', False))
    )


def _read_strength(strength: object) -> int:
    if isinstance(strength, bool) or not isinstance(strength, int | float) or strength not in (1, 2, 3):
        raise QueryError(f'takes 1, 2 or 3, not {short_repr(strength)}', 'collation.strength')
    return int(strength)


def _read_numeric(numeric: object) -> bool:
    if not isinstance(numeric, bool):
        raise QueryError(f'takes True or False, not {short_repr(numeric)}', 'collation.numericOrdering')
    return numeric
