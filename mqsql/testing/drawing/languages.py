"""Which part of the query language to draw: all of it, what MongoDB finds by, or what IPython Parallel documents."""

from collections.abc import Iterable
from dataclasses import dataclass, replace

from mqsql.errors import did_you_mean

COMPARING = ('$eq', '$ne', '$gt', '$gte', '$lt', '$lte', '$in', '$nin')
OF_FIELDS = ('$exists', '$type', '$size', '$not', '$all', '$elemMatch', '$mod', '$regex', '$options')
OF_BITS = ('$bitsAllSet', '$bitsAnySet', '$bitsAllClear', '$bitsAnyClear')
LOGICAL = ('$and', '$or', '$nor', '$comment')
OF_MQSQL = ('$ge', '$le', '$glob', '$expr', '$jsonSchema')


@dataclass(frozen=True)
class Language:
    """A part of the query language: the operators, and whether the other names of columns are drawn."""

    name: str
    operators: frozenset[str]
    aliases: bool = False


DOCUMENTED = Language('documented', frozenset({*COMPARING, '$glob'}))
"""What IPython Parallel promises of every database of a hub: tests of columns with values of their type, or None.

These are the operators that its documentation names, but for `$ge` and `$le`, which it explains as `>` and `<`; and `$gt`,
`$lt` and `$glob`, which each of its databases has.
"""

FIND = Language('find', frozenset({*COMPARING, *OF_FIELDS, *OF_BITS, *LOGICAL}))
"""MongoDB's language of find without `$expr`, `$jsonSchema` and collations."""

FULL = Language('full', frozenset({*FIND.operators, *OF_MQSQL}), aliases=True)
"""All that mqsql answers."""

LANGUAGES = {language.name: language for language in (DOCUMENTED, FIND, FULL)}


def language_of(name: str, without: Iterable[str] = ()) -> Language:
    """The language of a name, without some operators; ValueError for an unknown name says what there is."""
    if name not in LANGUAGES:
        raise ValueError(f'language is {", ".join(map(repr, LANGUAGES))}, not {name!r}')
    if isinstance(without, str):
        raise ValueError(f'without is a list of operators, such as [{without!r}], not a text')
    language = LANGUAGES[name]
    if unknown := frozenset(without) - FULL.operators:
        raise ValueError(f'without: {did_you_mean("operator", min(unknown), sorted(FULL.operators))}')
    return replace(language, operators=language.operators - frozenset(without))
