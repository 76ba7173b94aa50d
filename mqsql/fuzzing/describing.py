"""Puts a defect into words, and into the types of JSON."""

from dataclasses import fields
from typing import Any

from mqsql.fuzzing.causes import Category, Cause
from mqsql.fuzzing.comparing import Symptom
from mqsql.fuzzing.extended_json import encode
from mqsql.fuzzing.models import Answer, Expected, model_of
from mqsql.fuzzing.outcomes import ANSWER, Outcome
from mqsql.fuzzing.running import Facts
from mqsql.fuzzing.steps import Add, State, Step, Steps
from mqsql.fuzzing.traits import (
    BOOLEAN_AND_NUMBER,
    DISPLAY_DATA,
    EMPTY_LIST,
    EMPTY_QUERY,
    KEY_ORDER,
    MIXED,
    NAIVE,
    NULL_FIELD,
    NULL_INSIDE,
    NULL_OPERAND,
    PATH,
    PATTERN_IN_LIST,
    POSITION,
    SEVERAL_KEYS,
    SEVERAL_OPERATORS,
    VALUE_ON_PATH,
    ZONE,
)

WORDS = {
    ZONE: 'with times in different zones',
    NAIVE: 'with times without a zone',
    NULL_OPERAND: 'with null as the value',
    NULL_FIELD: 'where the field is null or missing',
    NULL_INSIDE: 'with null inside a value',
    KEY_ORDER: 'with objects that differ in the order of their keys',
    MIXED: 'with values of different types',
    BOOLEAN_AND_NUMBER: 'with a boolean and a number',
    PATTERN_IN_LIST: 'with a pattern in a list',
    PATH: 'on a path into an object',
    POSITION: 'on a path to an element of an array',
    VALUE_ON_PATH: 'on a path through a value that is no object',
    EMPTY_LIST: 'with an empty list',
    EMPTY_QUERY: 'with the empty query',
    DISPLAY_DATA: 'on display_data',
    SEVERAL_KEYS: 'with several keys',
    SEVERAL_OPERATORS: 'with several operators on one key',
    'sort': 'with a sort',
    'limit': 'with a limit',
    'skip': 'with a skip',
    'keys': 'with keys',
    'projection': 'with a projection',
    'text beyond ASCII': 'with texts beyond ASCII',
    'special characters': 'with special characters',
    'empty string': 'with the empty text',
    'large number': 'with large numbers',
    'not finite': 'with NaN or infinity',
    'fraction of a second': 'with fractions of seconds',
    'float': 'with numbers that are no integers',
    'binary': 'with bytes',
    **{name: f'with {name}s' for name in ('array', 'object', 'boolean', 'date')},
}

QUESTIONS = {'value': 'equality', 'pattern': 'a compiled pattern'}
DEEDS = {'update': 'an update', 'drop': 'a drop', 'drop matching': 'a drop of what matches', 'index': 'an index'}


def title(cause: Cause) -> str:
    """The defect in one line."""
    what = ', '.join(QUESTIONS.get(one, one) for one in sorted(cause.operators))
    context = ' '.join(dict.fromkeys(WORDS[part] for part in cause.key if part in WORDS))
    match cause.category:
        case Category.REOPENING:
            return f'after the backend is opened again: {symptom_words(cause)}'
        case Category.INDEXES:
            return f'after an index is created: {what or "find"} {symptom_words(cause)}'
        case Category.WRITES:
            deeds = ', '.join(word for part, word in DEEDS.items() if part in cause.key)
            return ' '.join(filter(None, (f'{deeds}:', symptom_words(cause))))
        case Category.ARGUMENTS:
            call = type(cause.fault.steps[-1]).__name__.lower()
            return f'{call} changes the {" and ".join(cause.key[1:]) or "query"} that it is given'
        case Category.PROJECTION:
            return f'{" ".join(filter(None, ("find with keys", context)))}: {symptom_words(cause)}'
        case Category.LIMIT:
            return f'find {context}: {symptom_words(cause)}'
        case Category.ORDER:
            what = 'get_history' if 'history' in cause.key else 'sort'
            context = context.removeprefix(WORDS['sort']).strip()
            return f'{" ".join(filter(None, (what, context)))}: {symptom_words(cause)}'
        case Category.PATHS if cause.key[0] in (PATH, POSITION, VALUE_ON_PATH):
            return f'find {context}: {symptom_words(cause)}'
        case Category.VALUES:
            return f'values come back otherwise: {", ".join(cause.key)}'
    if cause.category is Category.REFUSAL and {'sort', 'limit', 'skip', 'keys', 'projection'} & set(cause.key):
        return f'find {context}: {symptom_words(cause)}'
    if isinstance(cause.fault.steps[-1], State) and not what:
        return 'records that were added are missing'
    if isinstance(cause.fault.steps[-1], Add):
        return f'insert {context}: {symptom_words(cause)}'
    return f'{" ".join(filter(None, (what or "find", context)))}: {symptom_words(cause)}'


def symptom_words(cause: Cause) -> str:
    """What is wrong with the answer."""
    fault = cause.fault
    match fault.symptom:
        case Symptom.ERROR:
            return f'fails with {fault.outcome.error}'
        case Symptom.CRASH:
            return f'the process ends ({fault.outcome.error})'
        case Symptom.HANG:
            return 'no answer comes'
        case Symptom.RECORDS:
            return fault.extent or 'other records'
    return str(fault.symptom)


# --- answers


def expected(facts: Facts, steps: Steps) -> Any:
    """What MongoDB answers to the last step: records, keys, or None for a change."""
    model = model_of(facts.kind, facts.ordered)
    answer: Answer = None
    for step in steps:
        answer = model.do(step)
    return known(answer.records) if isinstance(answer, Expected) else answer


def came(outcome: Outcome) -> Any:
    """What came, in the same form; of an error, a text."""
    return known(outcome.value) if outcome.kind == ANSWER else str(outcome)


def known(answer: Any) -> Any:
    """Records without the keys that are None."""
    if not isinstance(answer, list):
        return answer
    return [{k: v for k, v in one.items() if v is not None} if isinstance(one, dict) else one for one in answer]


def step_json(step: Step) -> dict[str, Any]:
    """A step in JSON's types."""
    given = {field.name: getattr(step, field.name) for field in fields(step)}
    defaults = {field.name: field.default for field in fields(step)}
    said = {name: encode(value) for name, value in given.items() if value != defaults[name]}
    return {'step': type(step).__name__, **said}


def defect_json(cause: Cause, facts: Facts, test: str) -> dict[str, Any]:
    """A defect in JSON's types."""
    fault = cause.fault
    return {
        'category': str(cause.category),
        'title': title(cause),
        'operators': sorted(cause.operators),
        'symptom': str(fault.symptom),
        'seen': cause.seen,
        'steps': [step_json(step) for step in fault.steps],
        'mongodb': encode(expected(facts, fault.steps)),
        'came': encode(came(fault.outcome)),
        'test': test,
    }
