"""Queries that search a label or a content for a pattern, in each way that MongoDB has."""

import re
from collections.abc import Callable
from typing import Any

Query = dict[str, Any]
Ask = Callable[[str, str], Query]


def inline(pattern: str, options: str) -> str:
    """The pattern with its options inside, behind what PCRE2 takes at the beginning only."""
    settings = re.match(r'(\(\*UCP\))?', pattern)[0]  # type: ignore[index]
    return f'{settings}(?{options}){pattern[len(settings) :]}' if options else pattern


def valid(schema: Query) -> Query:
    return {'$jsonSchema': {'required': ['label'], 'properties': schema}}


def named(pattern: str, options: str) -> Query:
    """An object has a name in which the pattern is found: not all such names have null."""
    schema = {'patternProperties': {inline(pattern, options): {'type': 'null'}}}
    return {'label': {'$exists': True}, '$nor': [valid({'content': {'properties': {'names': schema}}})]}


WAYS: dict[str, Ask] = {
    'column': lambda p, o: {'label': {'$regex': p, '$options': o}},
    'path': lambda p, o: {'content.text': {'$regex': p, '$options': o + 'u'}},
    'negated': lambda p, o: {'label': {'$exists': True}, '$nor': [{'label': {'$not': {'$regex': p, '$options': o}}}]},
    '$regexMatch': lambda p, o: {'$expr': {'$regexMatch': {'input': '$label', 'regex': p, 'options': o}}},
    'pattern': lambda p, o: valid({'label': {'pattern': inline(p, o)}}),
    'pattern in a path': lambda p, o: valid({'content': {'properties': {'text': {'pattern': inline(p, o)}}}}),
    'patternProperties': named,
}
