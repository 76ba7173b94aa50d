"""Where the servers of `mongo_servers` do not answer as MongoDB does: each known deviation with MongoDB's rule.

A deviation says of a query, and of the documents asked, whether the server may answer otherwise; `deviations` names those that
do. MongoDB itself has none: where it differs from the reference, the reference is wrong. test_mongo_deviations shows that each
deviation still exists, and that the conformance cases outside of them agree.
"""

import math
import re
from collections.abc import Callable, Iterable, Iterator, Mapping
from typing import Any, NamedTuple

from bson import Regex

Query = Mapping[str, Any]

PATTERNS = (re.Pattern, Regex)
RANGES = ('$gt', '$gte', '$ge', '$lt', '$lte', '$le')


# --- what a query asks


class Condition(NamedTuple):
    """An operator with its operand, and the path before it: '' for an element of an array, and for a whole document."""

    path: str
    operator: str
    operand: Any
    inside: bool
    """Whether it stands inside `$elemMatch`, where paths begin at an element."""


def conditions(query: Any, inside: bool = False) -> Iterator[Condition]:
    """All conditions of a query, those that contain others among them."""
    for key, operand in query.items() if isinstance(query, Mapping) else ():
        if key in ('$and', '$or', '$nor'):
            yield Condition('', key, operand, inside)
            for part in operand if isinstance(operand, list | tuple) else ():
                yield from conditions(part, inside)
        elif key.startswith('$'):
            yield from _operator('', key, operand, inside)
        elif _is_operators(operand):
            for operator, value in operand.items():
                yield from _operator(key, operator, value, inside)
        else:
            yield from _operator(key, '$eq', operand, inside)


def _is_operators(operand: Any) -> bool:
    return isinstance(operand, Mapping) and next(iter(operand), '').startswith('$') and not _is_reference(operand)


def _operator(path: str, operator: str, operand: Any, inside: bool) -> Iterator[Condition]:
    yield Condition(path, operator, operand, inside)
    if operator == '$not':
        yield from conditions({path or '$eq': operand} if isinstance(operand, PATTERNS) else {path: operand}, inside)
    elif operator == '$elemMatch':
        yield from conditions(operand, True)
    elif operator == '$all' and isinstance(operand, list | tuple):
        for one in operand:
            if isinstance(one, Mapping) and '$elemMatch' in one:
                yield from _operator(path, '$elemMatch', one['$elemMatch'], inside)


def parts(value: Any) -> Iterator[Any]:
    """A value and all values in it."""
    yield value
    for part in value.values() if isinstance(value, Mapping) else value if isinstance(value, list | tuple) else ():
        yield from parts(part)


def _is_reference(value: Any) -> bool:
    return isinstance(value, Mapping) and {'$ref', '$id'} <= value.keys()


class Asked:
    """A query, the documents that it is asked of, and what else it is asked with; see `deviations`."""

    def __init__(
        self,
        query: Any,
        documents: Iterable[Query],
        projection: Any = None,
        paths: Iterable[Any] = (),
        indexed: Mapping[str, int] | None = None,
        distinct: Any = None,
        collation: Any = None,
    ) -> None:
        self.query, self.documents, self.projection, self.paths = query, list(documents), projection, list(paths)
        self.indexed, self.distinct, self.collation = indexed or {}, distinct, collation
        if distinct is not None:
            self.paths.append(distinct)
        self.conditions = list(conditions(query))

    def patterns(self) -> Iterator[tuple[str, str]]:
        """Each pattern with its options."""
        for condition in self.conditions:
            if condition.operator == '$regex' and isinstance(condition.operand, str):
                yield condition.operand, ''.join(c.operand for c in self.conditions if c.operator == '$options')
            for value in parts(condition.operand):
                if isinstance(value, PATTERNS):
                    yield value.pattern, 'i' if value.flags & re.IGNORECASE else ''
        for schema in self.schemas():
            if isinstance(schema.get('pattern'), str):
                yield schema['pattern'], ''

    def operands(self, *operators: str) -> list[Any]:
        """The operands of these operators."""
        return [condition.operand for condition in self.conditions if condition.operator in operators]

    def schemas(self) -> Iterator[Mapping[str, Any]]:
        """Each `$jsonSchema`, and each schema in it."""
        for operand in self.operands('$jsonSchema'):
            yield from (part for part in parts(operand) if isinstance(part, Mapping))

    def values(self) -> Iterator[Any]:
        """All values in the documents."""
        for document in self.documents:
            yield from parts(document)

    def passes(self, path: str, test: Callable[[Any], bool]) -> bool:
        """Whether a path passes a value of this kind in a document before it has come to its end."""
        return any(_passes(document, path.split('.'), test) for document in self.documents)


def _passes(value: Any, steps: list[str], test: Callable[[Any], bool]) -> bool:
    if not steps:
        return False
    if test(value):
        return True
    if isinstance(value, Mapping):
        return steps[0] in value and _passes(value[steps[0]], steps[1:], test)
    if isinstance(value, list):
        at_position = steps[0].isdecimal() and int(steps[0]) < len(value)
        return any(_passes(part, steps, test) for part in value if not isinstance(part, list)) or (
            at_position and _passes(value[int(steps[0])], steps[1:], test)
        )
    return False


def _is_array(value: Any) -> bool:
    return isinstance(value, list)


def _asks_for_null(condition: Condition) -> bool:
    operand = condition.operand
    return operand is None or (
        isinstance(operand, list) and None in operand and condition.operator in ('$in', '$nin', '$all')
    )


# --- SecantusDB: MongoDB's language with Python's patterns


PLAIN_PATTERN = re.compile(r'(?:[^\\(\[{*+?]|\\[^\w]|\((?!\?)|\[(?!\[?[:.=])|[*+?](?![+]))*')
"""Patterns that Python's re and PCRE2 read alike."""


def _python_pattern(asked: Asked) -> bool:
    return any(not PLAIN_PATTERN.fullmatch(pattern) or 'x' in options for pattern, options in asked.patterns())


def _has_nul(asked: Asked) -> bool:
    texts = [*asked.paths, *(pattern for pattern, _ in asked.patterns())]
    return any(isinstance(text, str) and '\0' in text for text in texts)


def _unlike_mod(asked: Asked) -> bool:
    pairs = asked.operands('$mod')
    if any(
        c.operator == '$mod' and c.path[-1:].isdecimal() and asked.passes(c.path, _is_array) for c in asked.conditions
    ):
        return True
    large = any(_is_number(v) and not abs(v) < 2**53 for v in (*asked.values(), *parts(pairs)))
    return bool(pairs) and (large or any(remainder != int(remainder) for _, remainder in pairs))


def _is_number(value: Any) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool)


def _is_nan(value: Any) -> bool:
    return isinstance(value, float) and math.isnan(value)


def _all_of_arrays(asked: Asked) -> bool:
    return any(one is None or isinstance(one, list) for operand in asked.operands('$all') for one in operand)


def _element_is_array(asked: Asked) -> bool:
    queries = [operand for operand in asked.operands('$elemMatch') if not _is_operators(operand)]
    return bool(queries) and any(isinstance(v, list) and any(isinstance(x, list) for x in v) for v in asked.values())


def _logic_in_elements(asked: Asked) -> bool:
    return any(c.inside and c.operator in ('$and', '$or', '$nor') for c in asked.conditions)


def _null_at_position(asked: Asked) -> bool:
    return any(
        _asks_for_null(c)
        and any(step.isdecimal() for step in c.path.split('.'))
        and (c.inside or asked.passes(c.path, _is_array))
        for c in asked.conditions
    )


def _expression_paths(asked: Asked) -> list[str]:
    texts = [part for operand in asked.operands('$expr') for part in parts(operand) if isinstance(part, str)]
    return [
        text.removeprefix('$$ROOT.').removeprefix('$$CURRENT.').removeprefix('$') for text in texts if text[:1] == '$'
    ]


def _expression_meets_array(asked: Asked) -> bool:
    return any(asked.passes(path, _is_array) for path in _expression_paths(asked))


def _reference(asked: Asked) -> bool:
    """Whether there is a DBRef in what the query asks for, or in the fields that it asks."""
    whole = any(c.operator == '$jsonSchema' for c in asked.conditions)
    fields = {path.partition('.')[0] for path in (*(c.path for c in asked.conditions), *_expression_paths(asked))}
    stored = [value for document in asked.documents for name, value in document.items() if whole or name in fields]
    return any(_is_reference(part) for value in (asked.query, *stored) for part in parts(value))


def _dollar_in_list(asked: Asked) -> bool:
    documents = [
        one for operand in asked.operands('$in', '$nin', '$all') for one in operand if isinstance(one, Mapping)
    ]
    return any(key.startswith('$') and key != '$elemMatch' for document in documents for key in document)


def _odd_digits(asked: Asked) -> bool:
    steps = [step for c in asked.conditions for step in c.path.split('.')]
    return any(step.isdigit() and not re.fullmatch('0|[1-9][0-9]*', step) for step in steps)


def _schema_numbers(asked: Asked) -> bool:
    schemas = list(asked.schemas())
    nan = any(_is_nan(value) for value in asked.values())
    return any(
        (nan and schema.keys() & {'uniqueItems', 'minimum', 'maximum', 'enum', 'multipleOf'})
        or any(isinstance(one, bool) or one in (0, 1) for value in [schema.get('enum')] for one in parts(value))
        for schema in schemas
    )


def _pattern_in_index(asked: Asked) -> bool:
    return any(
        isinstance(value, PATTERNS) and c.path in asked.indexed and c.operator in ('$eq', '$in')
        for c in asked.conditions
        for value in parts(c.operand)
    )


def _tiny_in_index(asked: Asked) -> bool:
    ranges = [c for c in asked.conditions if c.operator in RANGES and c.path in asked.indexed]
    return bool(ranges) and any(_is_number(v) and 0 < abs(v) < 1e-120 for v in (*asked.values(), *parts(asked.query)))


def _descending_texts(asked: Asked) -> bool:
    ranges = [c for c in asked.conditions if c.operator in RANGES and isinstance(c.operand, str)]
    return any(asked.indexed.get(c.path) == -1 for c in ranges)


def _sorted_list(asked: Asked) -> bool:
    return any(c.operator == '$in' and c.path in asked.indexed and c.path in asked.paths for c in asked.conditions)


def _dollar_in_sort(asked: Asked) -> bool:
    return any(step in ('$id', '$ref', '$db') for path in asked.paths for step in str(path).split('.'))


def _collated_inside(asked: Asked) -> bool:
    return bool(asked.collation and asked.operands('$expr', '$elemMatch', '$all'))


def _collated_ranges(asked: Asked) -> bool:
    return bool(asked.collation and asked.operands(*RANGES))


def _collated_letters(asked: Asked) -> bool:
    texts = (part for part in (*asked.values(), *parts(asked.query)) if isinstance(part, str))
    return bool(asked.collation) and not all(' ' <= char <= '~' for text in texts for char in text)


def _parallel_arrays(asked: Asked) -> bool:
    return len(asked.paths) > 1 and any(map(_is_array, asked.values()))


def _distinct_in_array(asked: Asked) -> bool:
    return isinstance(asked.distinct, str) and asked.passes(asked.distinct, _is_array)


SCHEMA_SIZES = {'minItems', 'maxItems', 'minLength', 'maxLength', 'minProperties', 'maxProperties'}


def _unchecked_schema(asked: Asked) -> bool:
    return any(
        any(not isinstance(schema[key], int) or schema[key] < 0 for key in schema.keys() & SCHEMA_SIZES)
        or not isinstance(schema.get('additionalItems', True), bool | Mapping)
        or 'invalid' in schema
        for schema in asked.schemas()
    ) or any(isinstance(part, Mapping) and '$jsonSchema' in part for part in parts(asked.projection))


class Deviation(NamedTuple):
    """What MongoDB does, what the server does instead, and of which questions; with documents and a query that show it."""

    rule: str
    instead: str
    concerns: Callable[[Asked], bool]
    documents: list[dict[str, Any]]
    query: dict[str, Any]
    expected: list[Any] | None
    """What MongoDB finds: the documents by their place, or with a projection what is left of them; None if it refuses."""
    projection: dict[str, Any] | None = None
    indexed: dict[str, int] | None = None
    """The key of the index that it takes."""
    sort: tuple[str, ...] = ()
    """The paths of the sort."""
    distinct: str = ''
    """The key of the distinct values that are asked for, in place of the documents."""
    collation: dict[str, Any] | None = None


CASELESS = {'locale': 'en', 'strength': 2}

SECANTUS = {
    'patterns of Python': Deviation(
        'patterns are those of PCRE2, where \\w, \\d, \\s and \\b are about ASCII',
        "they are those of Python's re: some are refused, some find other texts",
        _python_pattern,
        [{'a': 'é'}],
        {'a': {'$regex': '\\w'}},
        [],
    ),
    'long patterns': Deviation(
        'a pattern has up to 32,764 bytes',
        'one of more than 1,000 characters is refused',
        lambda asked: any(len(pattern) > 1000 for pattern, _ in asked.patterns()),
        [{'a': 'c' * 1001}],
        {'a': {'$regex': 'c' * 1001}},
        [0],
    ),
    'patterns and keys with NUL': Deviation(
        'a pattern, and a key for distinct values, is refused if it has NUL',
        'it is taken',
        _has_nul,
        [{'a': 'b'}],
        {'a': {'$regex': 'b\0c'}},
        None,
    ),
    '$mod of fractions, large numbers and positions': Deviation(
        'divisor and remainder are truncated; numbers beyond 64 bits do not match; a position names one element',
        'a remainder is not truncated, large numbers are floats, and what is in the element counts',
        _unlike_mod,
        [{'a': 4}],
        {'a': {'$mod': [2, 0.5]}},
        [0],
    ),
    '$all of null or an array': Deviation(
        '$all with one value matches what $eq of it does',
        'null does not match a missing field, an array not the field that equals it',
        _all_of_arrays,
        [{'a': [1, 2]}, {}],
        {'a': {'$all': [[1, 2]]}},
        [0],
    ),
    '$elemMatch of arrays in arrays': Deviation(
        'an element that is an array itself is an object whose fields are its positions',
        'such an element never matches a query',
        _element_is_array,
        [{'a': [[1]]}],
        {'a': {'$elemMatch': {'b': {'$ne': 2}}}},
        [0],
    ),
    '$or inside $elemMatch': Deviation(
        'the query of $elemMatch may use $and, $or and $nor',
        'they are refused',
        _logic_in_elements,
        [{'a': [{'b': 1}]}],
        {'a': {'$elemMatch': {'$or': [{'b': 1}, {'b': 2}]}}},
        [0],
    ),
    'positions of missing elements': Deviation(
        'a path by the position of an element finds no null in it where it is no object',
        'the field is missing, and so is null',
        _null_at_position,
        [{'a': [1]}],
        {'a.0.b': None},
        [],
    ),
    'arrays in expressions': Deviation(
        'the path of an expression collects from the elements of an array, and a number in it is a name, not a position',
        'positions count, and some elements are not collected',
        _expression_meets_array,
        [{'a': [1]}],
        {'$expr': {'$eq': ['$a.0', 1]}},
        [],
    ),
    'references': Deviation(
        'a DBRef is a document with the fields $ref and $id',
        'no path goes into it, it is no object for $type, the order of its fields does not count, it is beside the order',
        _reference,
        [{'a': {'$ref': 'c', '$id': 1}}],
        {'a.$id': 1},
        [0],
    ),
    '$ in the documents of lists': Deviation(
        'a document behind $in, $nin and $all may have keys with $, but its first one',
        'none may have one',
        _dollar_in_list,
        [{'a': {'b': 1, '$c': 2}}],
        {'a': {'$in': [{'b': 1, '$c': 2}]}},
        [0],
    ),
    'digits that are no position': Deviation(
        'a step such as 01 or ² is the name of a field, never a position',
        'it is a position, or an internal error',
        _odd_digits,
        [{'a': [1]}],
        {'a.00': 1},
        [],
    ),
    'NaN and booleans in schemas': Deviation(
        'NaN equals itself and is less than every number; true is not 1',
        'two NaN differ, NaN is within each limit, true is 1',
        _schema_numbers,
        [{'a': True}],
        {'$jsonSchema': {'properties': {'a': {'enum': [1]}}}},
        [],
    ),
    'patterns in an index': Deviation(
        'a pattern in place of a value matches texts, also where there is an index',
        'it finds nothing in an index; $regex does',
        _pattern_in_index,
        [{'a': 'b'}],
        {'a': re.compile('b')},
        [0],
        indexed={'a': 1},
    ),
    'tiny numbers in an index': Deviation(
        'an index is in the order of numbers',
        'numbers nearer to 0 than about 1e-127 have a wrong place in it',
        _tiny_in_index,
        [{'a': 1e-200}],
        {'a': {'$lt': 0.5}},
        [0],
        indexed={'a': 1},
    ),
    'ranges of texts in a descending index': Deviation(
        'an index in descending order finds what one in ascending order does',
        'a text that begins with the bound is beyond it',
        _descending_texts,
        [{'a': 'bc'}],
        {'a': {'$gt': 'b'}},
        [0],
        indexed={'a': -1},
    ),
    'lists in an index': Deviation(
        'what a list finds is sorted, also if there is an index for both',
        'it comes in the order of the list',
        _sorted_list,
        [{'a': 2}, {'a': 1}],
        {'a': {'$in': [2, 1]}},
        [1, 0],
        sort=('a',),
        indexed={'a': 1},
    ),
    'the fields of references in sorts': Deviation(
        'of the names that begin with $ a sort takes $id, $ref and $db',
        'it takes none',
        _dollar_in_sort,
        [{'a': {'b': 1}}],
        {},
        [0],
        sort=('a.$id',),
    ),
    'sorts by two arrays': Deviation(
        'a sort by two arrays of one document is refused',
        'it is taken',
        _parallel_arrays,
        [{'a': [1], 'b': [2]}],
        {},
        None,
        sort=('a', 'b'),
    ),
    'comparisons within others under a collation': Deviation(
        'a collation applies to all comparisons',
        'it does not to those of $expr, $elemMatch and $all',
        _collated_inside,
        [{'a': ['b']}],
        {'a': {'$elemMatch': {'$eq': 'B'}}},
        [0],
        collation=CASELESS,
    ),
    'ranges under a collation': Deviation(
        'texts are in the order of the language, in documents, too',
        'without upper case they are in the order of their code points',
        _collated_ranges,
        [{'a': 'B'}],
        {'a': {'$lt': 'a_'}},
        [],
        collation={'locale': 'en'},
    ),
    'letters beyond ASCII and control characters under a collation': Deviation(
        'they are compared as the language does; control characters do not count',
        'some are different though they are equal, and the other way round',
        _collated_letters,
        [{'a': 'a\0b'}],
        {'a': 'ab'},
        [0],
        collation=CASELESS,
    ),
    'distinct values in arrays': Deviation(
        'the path to distinct values goes into the elements of arrays, and finds null',
        'only a position leads there, and null is not found',
        _distinct_in_array,
        [{'a': [{'b': 1}]}],
        {},
        [1],
        distinct='a.b',
    ),
    'schemas that are not valid': Deviation(
        'an unknown keyword, an operand of the wrong type, and a schema inside $elemMatch is refused',
        'it is ignored',
        _unchecked_schema,
        [{'a': 1}],
        {'$jsonSchema': {'minItems': -1}},
        None,
    ),
}


# --- NX-27017: SQLite's comparisons over JSON; of use for simple questions about fields with one plain value


UNKNOWN_TO_NX = {
    *(
        '$comment',
        '$not',
        '$type',
        '$mod',
        '$size',
        '$all',
        '$elemMatch',
        '$regex',
        '$options',
        '$glob',
        '$expr',
        '$jsonSchema',
    ),
    *('$bitsAllSet', '$bitsAnySet', '$bitsAllClear', '$bitsAnyClear'),
}


def _operator_of_nx(asked: Asked) -> bool:
    return any(c.operator in UNKNOWN_TO_NX for c in asked.conditions)


def _not_valid(asked: Asked) -> bool:
    return not isinstance(asked.query, Mapping) or [] in asked.operands('$and', '$or', '$nor')


LIKE_TIMES = re.compile(r'[0-9]{4}-[0-9]{2}-[0-9]{2}')


def _plain(value: Any) -> bool:
    if isinstance(value, str):
        return '\0' not in value and not LIKE_TIMES.match(value)
    return _is_number(value) and bool(abs(value) < 2**53)


def _operand_of_nx(asked: Asked) -> bool:
    listed = [one for operand in asked.operands('$in', '$nin') for one in operand]
    single = asked.operands('$eq', '$ne', *RANGES)
    return not all(map(_plain, (*listed, *single))) or not all(isinstance(o, bool) for o in asked.operands('$exists'))


def _path_of_nx(asked: Asked) -> bool:
    paths = [*asked.paths, *(c.path for c in asked.conditions if c.path)]
    return any(path == '_id' or not re.fullmatch('[a-z_]+', str(path)) for path in paths)


def _values_of_nx(asked: Asked) -> bool:
    fields = [*asked.paths, *(c.path for c in asked.conditions)]
    return any(_is_mixed(asked, field) for field in fields)


def _is_mixed(asked: Asked, field: Any) -> bool:
    """Whether the values of a field and those that it is compared with are not all plain texts, or all plain numbers."""
    operands = [
        part for c in asked.conditions if c.path == field and c.operator != '$exists' for part in parts(c.operand)
    ]
    values = [document[field] for document in asked.documents if isinstance(field, str) and field in document]
    plain = [value for value in (*values, *operands) if _plain(value)]
    return not all(map(_plain, values)) or len({isinstance(value, str) for value in plain}) > 1


def _not_json(asked: Asked) -> bool:
    return any(
        _is_reference(value) or (isinstance(value, float) and not math.isfinite(value)) for value in asked.values()
    )


NX: dict[str, Deviation] = {
    'operators': Deviation(
        'all operators are known: $not, $type, $all, $comment, patterns, …',
        'some are refused, and some are about the texts of JSON',
        _operator_of_nx,
        [{'a': 1}],
        {'a': {'$not': {'$eq': 2}}},
        [0],
    ),
    'queries that are not valid': Deviation(
        'an empty list behind $and, $or and $nor is refused, and so is a query that is no document',
        'they are taken',
        _not_valid,
        [{'a': 1}],
        {'$and': []},
        None,
    ),
    'operands that are no plain texts or numbers': Deviation(
        'null is equal to a missing field; arrays, documents, times, bytes and patterns are compared as such',
        'most are refused or find nothing, $ne of null finds missing fields, a text ends at NUL or is read as a time',
        _operand_of_nx,
        [{}],
        {'a': {'$ne': None}},
        [],
    ),
    'paths': Deviation(
        'a path goes into documents and into the elements of arrays; a key may have any character',
        'it goes into the elements of few arrays, and characters such as quotes break it; _id has no distinct values',
        _path_of_nx,
        [{'a': [{'b': [{'c': 1}]}]}],
        {'a.b.c': 1},
        [0],
    ),
    'fields with other values': Deviation(
        'values of one type compare with each other only; a condition on an array is one on its elements; null exists',
        'texts are greater than numbers; few conditions look at elements; null does not exist',
        _values_of_nx,
        [{'a': None}],
        {'a': {'$exists': True}},
        [0],
    ),
    'values that JSON does not have': Deviation(
        'NaN, infinities and DBRefs are stored',
        'they are refused',
        _not_json,
        [{'a': math.inf}],
        {},
        [0],
    ),
    'projections': Deviation(
        '_id comes first, and a path gives the document with what is there',
        '_id comes last, and the path is the name of a field',
        lambda asked: asked.projection is not None,
        [{'a': {'b': 1, 'c': 2}}],
        {},
        [{'_id': 0, 'a': {'b': 1}}],
        {'a.b': 1},
    ),
}

DEVIATIONS: dict[str, dict[str, Deviation]] = {'secantus': SECANTUS, 'nx': NX, 'given': {}}
"""By kind of server and name."""


def deviations(
    kind: str,
    query: Any,
    documents: Iterable[Query],
    *,
    projection: Any = None,
    paths: Iterable[Any] = (),
    indexed: Mapping[str, int] | None = None,
    distinct: Any = None,
    collation: Any = None,
) -> list[str]:
    """The names of the deviations that may change a server's answer.

    `paths` are those of the sort, `distinct` is that to distinct values, `indexed` are those of the collection's indexes, each
    with 1, or -1 where an index has it in descending order.
    """
    asked = Asked(query, documents, projection, paths, indexed, distinct, collation)
    return [name for name, deviation in DEVIATIONS[kind].items() if deviation.concerns(asked)]
