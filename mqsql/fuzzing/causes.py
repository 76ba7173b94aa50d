"""What a defect comes from: a category, and what tells it from the other defects of this category.

It is read from the smallest history that shows the defect. What is left there could not be left out, so the first of the
following that is left is the cause: a null, a time zone, the order of keys, and so on.
"""

import re
from dataclasses import dataclass, field
from enum import StrEnum
from typing import NamedTuple

from mqsql.fuzzing.comparing import Symptom
from mqsql.fuzzing.outcomes import Outcome
from mqsql.fuzzing.shrinking import size
from mqsql.fuzzing.steps import Add, DropMatching, Steps, records
from mqsql.fuzzing.traits import (
    BOOLEAN_AND_NUMBER,
    DISPLAY_DATA,
    DROP,
    DROP_MATCHING,
    EMPTY_LIST,
    EMPTY_QUERY,
    HISTORY,
    INDEX,
    KEY_ORDER,
    KEYS,
    LIMIT,
    MISSING_FIELD,
    MIXED,
    NAIVE,
    NULL_FIELD,
    NULL_INSIDE,
    NULL_OPERAND,
    PATH,
    PATTERN_IN_LIST,
    POSITION,
    PROJECTION,
    REOPEN,
    SEVERAL_KEYS,
    SEVERAL_OPERATORS,
    SKIP,
    SORT,
    UPDATE,
    VALUE_ON_PATH,
    ZONE,
    Traits,
    traits_of,
    type_name,
)
from mqsql.fuzzing.walking import inside
from mqsql.schema import TASKS


class Category(StrEnum):
    """What a defect has to do with."""

    OPERATOR = 'operator'
    NULLS = 'null handling'
    ZONES = 'time zone'
    TYPES = 'type'
    KEY_ORDER = 'key order'
    ORDER = 'order of results'
    PATTERNS = 'patterns'
    PATHS = 'paths and arrays'
    TEXTS = 'text'
    PROJECTION = 'projection'
    LIMIT = 'limit and skip'
    VALUES = 'values'
    WRITES = 'writes'
    INDEXES = 'index'
    REOPENING = 'reopening'
    REFUSAL = 'refusal'
    ARGUMENTS = 'arguments'
    CRASH = 'crash'
    HANG = 'hang'


class Kind(NamedTuple):
    """How a defect shows."""

    symptom: Symptom
    error: str
    step: str


@dataclass(frozen=True)
class Fault:
    """A defect as it shows in one history, the last step of which has the outcome."""

    steps: Steps
    symptom: Symptom
    outcome: Outcome
    extent: str = ''
    """Of other records: whether they are too few, too many, or others."""

    @property
    def kind(self) -> Kind:
        """What must stay the same while it is made smaller: the symptom, the class of the error, and what was asked."""
        error = self.outcome.error if self.symptom is Symptom.ERROR else ''
        return Kind(self.symptom, error, type(self.steps[-1]).__name__)

    @property
    def traits(self) -> Traits:
        """What is in its steps."""
        return traits_of(self.steps)


FAMILIES = {
    **dict.fromkeys(('$gt', '$gte', '$lt', '$lte', '$ge', '$le'), 'comparisons'),
    **dict.fromkeys(('value', '$eq', '$in'), 'equality'),
    **dict.fromkeys(('$ne', '$nin', '$not'), 'negations'),
    **dict.fromkeys(('$regex', '$options', 'pattern', '$glob'), 'patterns'),
    **dict.fromkeys(('$and', '$or', '$nor'), 'logic'),
    **dict.fromkeys(('$bitsAllSet', '$bitsAnySet', '$bitsAllClear', '$bitsAnyClear'), 'bits'),
}
"""Operators that mostly have their defects in common."""

Key = tuple[str, ...]


def operators_of(traits: Traits) -> list[str]:
    """The operators to blame: those of a whole query before others; a value or pattern if there are none."""
    named = sorted(traits & WHOLE) or sorted(trait for trait in traits if trait.startswith('$'))
    return named or sorted(traits & {'value', 'pattern'})


def _families(traits: Traits) -> str:
    for enclosing in ('$not', '$elemMatch'):
        if enclosing in traits:
            return FAMILIES.get(enclosing, enclosing)
    return ', '.join(sorted({FAMILIES.get(one, one) for one in operators_of(traits)}))


def _skeleton(message: str) -> str:
    """The first words of a message, without names and values."""
    words = re.sub(r"""'[^']*'|"[^"]*"|\$\w+|[^A-Za-z ]""", ' ', message).split()
    return ' '.join(words[:WORDS])


WORDS = 5
"""Of a message, which tell errors of one class from each other."""


def cause_of(fault: Fault) -> tuple[Category, Key]:
    """The category of a defect as small as it gets, and what tells it from others there."""
    symptom, error, _ = fault.kind
    traits = fault.traits
    if symptom in (Symptom.CRASH, Symptom.HANG):
        return Category(symptom.value), (_families(traits), _step(fault))
    if symptom is Symptom.ARGUMENT:
        return Category.ARGUMENTS, (_step(fault), *sorted(traits & {KEYS}))
    if REOPEN in traits:
        return Category.REOPENING, (symptom,)
    if not fault.steps[-1].asks or traits & {UPDATE, DROP, DROP_MATCHING}:
        return _of_change(fault, traits)
    if INDEX in traits:
        return Category.INDEXES, (symptom, error)
    return _of_answer(fault, traits, symptom, error)


def _step(fault: Fault) -> str:
    return type(fault.steps[-1]).__name__


def _of_change(fault: Fault, traits: Traits) -> tuple[Category, Key]:
    symptom, error, _ = fault.kind
    if isinstance(fault.steps[-1], DropMatching) and symptom is Symptom.ERROR:
        return _of_error(fault, traits, *(_special(traits) or (None, '')))
    if isinstance(fault.steps[-1], Add):
        category, detail = _special(traits) or (Category.REFUSAL, '')
        return category, ('insert', detail, error)
    changes = sorted(traits & {UPDATE, DROP, DROP_MATCHING, INDEX})
    detail = (_special(traits) or ('', ''))[1] if symptom is Symptom.ERROR else ''
    said = _skeleton(fault.outcome.message) if symptom is Symptom.ERROR else ''
    return Category.WRITES, (*changes, symptom, error, detail, said)


def _of_answer(fault: Fault, traits: Traits, symptom: Symptom, error: str) -> tuple[Category, Key]:
    if symptom is not Symptom.ERROR:
        traits -= {EMPTY_QUERY}
    category, detail = _special(traits) or (None, '')
    if symptom is Symptom.ERROR:
        return _of_error(fault, traits, category, detail)
    if symptom is Symptom.ORDER or HISTORY in traits or (SORT in traits and symptom is Symptom.RECORDS):
        _, detail = _special(traits - OF_QUERIES) or (None, '')
        return Category.ORDER, ('history' if HISTORY in traits else SORT, detail)
    if symptom is Symptom.KEYS or (symptom is Symptom.VALUES and traits & {KEYS, PROJECTION}):
        return Category.PROJECTION, (*sorted(traits & {PATH, PROJECTION}),)
    if symptom is Symptom.VALUES:
        return Category.VALUES, (', '.join(_types(fault)),)
    if whole := traits & WHOLE:
        return Category.OPERATOR, (*sorted({FAMILIES.get(one, one) for one in whole}), symptom)
    if category:
        return category, (detail, *_told_apart(traits, detail), symptom)
    if traits & {LIMIT, SKIP}:
        return Category.LIMIT, tuple(sorted(traits & {LIMIT, SKIP, SORT}))
    if several := traits & {SEVERAL_KEYS, SEVERAL_OPERATORS}:
        return Category.OPERATOR, (*sorted(several), symptom)
    return Category.OPERATOR, (*operators_of(traits), symptom)


OF_QUERIES = {EMPTY_LIST, NULL_OPERAND, PATTERN_IN_LIST}
"""What has nothing to do with the order of an answer."""


def _of_error(fault: Fault, traits: Traits, category: Category | None, detail: str) -> tuple[Category, Key]:
    """Errors are told apart by what is special, and by what they say."""
    said = fault.outcome.error, _skeleton(fault.outcome.message)
    options = sorted(traits & {SORT, LIMIT, SKIP, KEYS, PROJECTION})
    if detail == DISPLAY_DATA:
        return Category.REFUSAL, (detail, *said)
    if options:
        return Category.REFUSAL, (*options, detail if detail in (PATH, POSITION) else '', *said)
    if category is None or traits & (WHOLE | ENCLOSING):
        return Category.REFUSAL, said
    return category, (detail, *said)


def _types(fault: Fault) -> list[str]:
    key = {TASKS.key, '_id'}
    held = [value for record in records(fault.steps) for name, value in record.items() if name not in key]
    return sorted({type_name(part) for value in held for part in inside(value)} - {'null'})


ENCLOSING = {'$not', '$elemMatch'}
"""Operators on others. Where one is left in a query that fails, the others alone do not fail."""

WHOLE = {'$and', '$or', '$nor', '$expr', '$jsonSchema', '$comment'}
"""Operators of a whole query. Where one is left, the queries in it alone show nothing."""


def _told_apart(traits: Traits, detail: str) -> list[str]:
    """What tells defects of one detail from each other: a path is one for all operators."""
    return [] if detail in (PATH, POSITION, VALUE_ON_PATH, KEY_ORDER, ZONE, NAIVE) else [_families(traits)]


def _special(traits: Traits) -> tuple[Category, str] | None:
    """What is special about the values and paths, the first of what there is."""
    return next(((category, detail) for category, detail, names in SPECIAL if names & traits), None)


SPECIAL: list[tuple[Category, str, set[str]]] = [
    (Category.REFUSAL, DISPLAY_DATA, {DISPLAY_DATA}),
    (Category.OPERATOR, EMPTY_LIST, {EMPTY_LIST}),
    (Category.OPERATOR, EMPTY_QUERY, {EMPTY_QUERY}),
    (Category.ZONES, ZONE, {ZONE}),
    (Category.ZONES, NAIVE, {NAIVE}),
    (Category.PATHS, VALUE_ON_PATH, {VALUE_ON_PATH}),
    (Category.NULLS, NULL_OPERAND, {NULL_OPERAND}),
    (Category.NULLS, NULL_FIELD, {NULL_FIELD, MISSING_FIELD}),
    (Category.NULLS, NULL_INSIDE, {NULL_INSIDE}),
    (Category.KEY_ORDER, KEY_ORDER, {KEY_ORDER}),
    (Category.PATTERNS, PATTERN_IN_LIST, {PATTERN_IN_LIST}),
    (Category.TYPES, BOOLEAN_AND_NUMBER, {BOOLEAN_AND_NUMBER}),
    (Category.TYPES, MIXED, {MIXED}),
    *((Category.PATHS, name, {name}) for name in (POSITION, 'array', PATH)),
    *(
        (Category.TYPES, name, {name})
        for name in (
            'object',
            'boolean',
            'date',
            'binary',
            'not finite',
            'large number',
            'fraction of a second',
            'float',
        )
    ),
    *((Category.TEXTS, name, {name}) for name in ('text beyond ASCII', 'special characters', 'empty string')),
]


@dataclass
class Cause:
    """A distinct defect: the smallest history that shows it, and what else showed it."""

    category: Category
    key: Key
    fault: Fault
    operators: set[str] = field(default_factory=set)
    variants: list[tuple[Kind, Traits]] = field(default_factory=list)
    seen: int = 0

    def explains(self, kind: Kind, traits: Traits) -> bool:
        """Whether a history with these traits shows the defect anyway."""
        return any(kind == known and variant <= traits for known, variant in self.variants)


def _to_blame(fault: Fault) -> set[str]:
    """The operators that an error names, or all that are left."""
    left = set(operators_of(fault.traits))
    named = {word for word in re.findall(r'\$\w+', fault.outcome.message) if fault.symptom is Symptom.ERROR}
    return left & named or left


def _needed(fault: Fault, key: Key) -> Traits:
    """What makes a history show the defect: a path that is refused is refused with any operator.

    What ends the process is not tried again, whatever else is there.
    """
    if fault.symptom in (Symptom.CRASH, Symptom.HANG):
        return frozenset(operators_of(fault.traits)) or fault.traits
    if fault.symptom is Symptom.ERROR and key[0] in (PATH, DISPLAY_DATA):
        return frozenset({key[0]})
    return fault.traits


class Causes:
    """The distinct defects that are known."""

    def __init__(self) -> None:
        self.found: list[Cause] = []

    def explaining(self, fault: Fault) -> Cause | None:
        """The known defect that a history shows, if it has all that is needed for one."""
        traits = fault.traits
        return next((cause for cause in self.found if cause.explains(fault.kind, traits)), None)

    def add(self, fault: Fault) -> Cause:
        """Note a history that is as small as it gets; the defect may be known from other ones."""
        category, key = cause_of(fault)
        cause = next((one for one in self.found if (one.category, one.key) == (category, key)), None)
        if cause is None:
            cause = Cause(category, key, fault)
            self.found.append(cause)
        elif size(fault.steps) < size(cause.fault.steps):
            cause.fault = fault
        cause.operators |= _to_blame(fault)
        cause.variants.append((fault.kind, _needed(fault, key)))
        cause.seen += 1
        self._drop_explained(cause)
        return cause

    def _drop_explained(self, new: Cause) -> None:
        """Drop what was taken for another defect, since it was not as small as it gets."""
        kind, traits = new.variants[-1]
        for other in self.found:
            if other is not new:
                other.variants = [
                    (known, variant) for known, variant in other.variants if known != kind or not traits <= variant
                ]
        self.found = [cause for cause in self.found if cause.variants]
