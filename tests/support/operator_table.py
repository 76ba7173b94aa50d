"""Writes the tables of README.md: `python tests/support/operator_table.py`. It tries what a row says of columns and indexes.

A row of ROWS names operators that behave alike, says when they match, and gives a query with one of them for a key and a value.
"""

import re
import sys
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from itertools import count
from tempfile import TemporaryDirectory
from typing import Any, NamedTuple

import apsw
from places_in_readme import README, placed

import mqsql
from mqsql.compiler import FUNCTIONS
from mqsql.compiler.parse.json_schema import KEYWORDS
from mqsql.errors import QueryError
from mqsql.functions.expressions.arrays import ARRAYS
from mqsql.functions.expressions.dates import DATES
from mqsql.functions.expressions.logic import LOGIC
from mqsql.functions.expressions.numbers import NUMBERS
from mqsql.functions.expressions.texts import TEXTS
from mqsql.functions.expressions.totals import TOTALS
from mqsql.functions.expressions.types import TYPES
from mqsql.schema import BOOLEAN, NUMBER, TASKS
from mqsql.storage import Store

Query = dict[str, Any]
START = datetime(2026, 1, 1, tzinfo=UTC)
TABLE = replace(TASKS, columns={**TASKS.columns, 'score': NUMBER, 'done': BOOLEAN})
COLUMNS: dict[str, tuple[str, Any]] = {
    'strings': ('queue', 'q5'),
    'numbers': ('score', 5),
    'booleans': ('done', True),
    'labels': ('label', 'l5'),
    'times': ('started', START + timedelta(5)),
    'documents': ('content', {'n': 5}),
    'buffers': ('buffers', b'x'),
}
"""A column of each kind, and a value to look for in it."""

PATHS: dict[str, Any] = {'content.n': 5, 'content.t': 't5', 'content.l': 5}
"""A path to numbers, one to texts, one to arrays, and a value to look for there."""


class Row(NamedTuple):
    """Operators that behave alike: when they hold, a query of each, the path on which it is tried, what differs."""

    names: str
    holds: str
    query: Callable[[str, str, Any], Query]
    path: str = 'content.n'
    differs: str = ''


def compared(name: str, key: str, value: Any) -> Query:
    """The operator with the value."""
    return {key: {name: value}}


def ranged(name: str, key: str, value: Any) -> Query:
    """The operator, and one for the other end of the range."""
    return {key: {name: value, '$lt' if name.startswith('$g') else '$gt': value}}


def listed(name: str, key: str, value: Any) -> Query:
    """The operator with a list of the value."""
    return {key: {name: [value]}}


def joined(name: str, key: str, value: Any) -> Query:
    """The operator over a query for the value."""
    return {name: [{key: value}]}


def given(operand: Any) -> Callable[[str, str, Any], Query]:
    """The operator with an operand that has nothing to do with the value."""
    return lambda name, key, value: {key: {name: operand}}


def begun(name: str, key: str, value: Any) -> Query:
    """The operator with the first letters of some of the texts at the path or in the column."""
    letters = value[0] if isinstance(value, str) else 't'
    return {key: {'$glob': f'{letters}199*'} if name == '$glob' else with_options(name, f'^{letters}199')}


def with_options(name: str, pattern: str) -> Query:
    """$regex, with $options if that is the operator."""
    return {'$regex': pattern, **({name: 'i'} if name == '$options' else {})}


def typed(name: str, key: str, value: Any) -> Query:
    """$type of the value."""
    names = {str: 'string', datetime: 'date', dict: 'object', bytes: 'array', int: 'number', bool: 'bool'}
    return {key: {name: names[type(value)]}}


def schema(name: str, key: str, value: Any) -> Query:
    """$jsonSchema of a record with the value."""
    inner: Query = {'enum': [value]}
    for step in reversed(key.split('.')):
        inner = {'properties': {step: inner}}
    return {name: inner}


OF_COLUMNS = 'values that a column of one type cannot hold are refused'

ROWS = [
    Row('$eq', "it equals the value; short form: `{'key': value}`", compared, differs=OF_COLUMNS),
    Row('$ne', 'it does not equal the value', compared, differs=OF_COLUMNS),
    Row(
        '$gt $gte $lt $lte',
        'it has the type of the value, and is greater, at least, less, at most the value',
        ranged,
        differs=OF_COLUMNS,
    ),
    Row(
        '$in',
        'it equals one of the values, or matches one that is a pattern',
        listed,
        differs='as `$eq`; takes any iterable, of any length',
    ),
    Row('$nin', 'it equals none of the values', listed, differs='as `$eq`; takes any iterable, of any length'),
    Row('$and $or', 'all, or at least one, of the queries match', joined),
    Row('$nor', 'none of the queries matches', joined),
    Row('$not', 'the operators, or the pattern, do not match', lambda name, key, value: {key: {name: {'$eq': value}}}),
    Row(
        '$exists',
        'the field exists; with a false operand: does not exist',
        given(True),
        differs='a column without a value does not exist',
    ),
    Row(
        '$type',
        "its type is this (`'string'`, `2`, `'number'`), or one of these",
        typed,
        differs='an int may pass 64 bits',
    ),
    Row('$mod', 'division by the first number leaves the second as remainder', given([5, 0])),
    Row(
        '$regex',
        'the pattern is found in it; an `re.Pattern` works in place of a value; an index seeks the text after a `^`',
        begun,
        'content.t',
        'an error where PCRE2 reaches its limits',
    ),
    Row('$options', 'those of `$regex`: `i` `m` `s` `x` (`u` changes nothing)', begun, 'content.t'),
    Row(
        '$all',
        'each of the values equals it, or one of its elements',
        listed,
        'content.l',
        'as `$eq`; takes any iterable',
    ),
    Row(
        '$elemMatch',
        'one element of the array matches all the operators, or the query',
        given({'$gt': 5}),
        'content.l',
    ),
    Row('$size', 'it is an array of this length', given(2), 'content.l'),
    Row(
        '$bitsAllSet $bitsAnySet $bitsAllClear $bitsAnyClear',
        'these bits are 1, or 0; given as a mask, positions or bytes',
        given(5),
    ),
    Row('$ge $le', "`$gt` and `$lt`, as the hub's documentation spells them", ranged, differs='not in MongoDB'),
    Row('$glob', "the pattern matches, as in Python's `fnmatch.fnmatchcase`", begun, 'content.t', 'not in MongoDB'),
    Row(
        '$expr',
        "the expression is true: `{'$gt': [{'$subtract': ['$completed', '$started']}, 60000]}`",
        lambda name, key, value: {name: {'$eq': [f'${key}', {'$literal': value}]}},
    ),
    Row('$jsonSchema', 'the record is valid against the schema', schema),
    Row('$comment', 'always; a comment', lambda name, key, value: {name: 'x', key: value}),
]


# --- what is tried out


RECORDS = 2000


class Tried(NamedTuple):
    """A store of records with indexes on columns and paths, and a connection to its file that counts SQLite's steps."""

    store: Store
    connection: apsw.Connection

    def index_use(self, query: Query) -> str:
        """How an index serves the query: seek, scan, or not at all."""
        explained = self.store.explain(query)
        if any(re.fullmatch(' *SCAN task_records', line) for line in explained.plan):
            return ''
        steps = count()
        self.connection.execute('SELECT 1 FROM task_records LIMIT 1').fetchall()  # it has read the file's schema
        self.connection.set_progress_handler(lambda: next(steps) < 0, 1)
        self.connection.execute(explained.sql, dict(explained.params)).fetchall()
        self.connection.set_progress_handler(None)
        return 'seek' if next(steps) < RECORDS else 'scan'


@contextmanager
def tried() -> Iterator[Tried]:
    """The store, filled."""
    with TemporaryDirectory() as folder, mqsql.open(path := f'{folder}/tasks.db', table=TABLE) as store:
        for i in range(RECORDS):
            content, times = {'n': i, 't': f't{i}', 'l': [i, i + 1]}, {'started': START + timedelta(i)}
            store.add_record(f'm{i}', {'label': f'l{i}', 'queue': f'q{i}', 'score': i, **times, 'content': content})
        for key in ('queue', 'score', 'label', 'started', *PATHS):
            store.create_index(key)
        connection = apsw.Connection(path)
        for name, number, function in FUNCTIONS:
            connection.create_scalar_function(name, function, number, deterministic=True)
        yield Tried(store, connection)
        connection.close()


def takes(row: Row, name: str, key: str, value: Any) -> bool:
    """Whether the operator can hold on the column: it is not refused, and is not the same for all records."""
    try:
        return 'WHERE FALSE' not in mqsql.compile(row.query(name, key, value), table=TABLE).sql
    except QueryError:
        return False


def columns(row: Row, name: str) -> str:
    """The kinds of column on which the operator can hold."""
    kinds = [kind for kind, (key, value) in COLUMNS.items() if takes(row, name, key, value)]
    if kinds == list(COLUMNS):
        return 'all'
    listed = ', '.join(kinds) if kinds != list(COLUMNS)[:-1] else 'all but buffers'
    nothing = 'buffers' not in kinds and takes(row, name, 'buffers', None)
    return f'{listed}; buffers: `None`' if nothing else listed


def uses(tried: Tried, row: Row, name: str) -> str:
    """What an index on a column, and on a path, is good for."""
    found = {'paths': tried.index_use(row.query(name, row.path, PATHS[row.path]))}
    if column := next(
        (COLUMNS[kind] for kind in ('strings', 'labels', 'times', 'numbers') if takes(row, name, *COLUMNS[kind])), None
    ):
        found = {'columns': tried.index_use(row.query(name, *column)), **found}
    if len(set(found.values())) == 1:
        return found['paths'] or 'none'
    return ', '.join(f'{use} on {where}' for where, use in found.items() if use)


def operators(tried: Tried) -> Iterator[str]:
    """The table of operators, line by line."""
    yield '| operators | matches when | columns | index use | differs from MongoDB |'
    yield '|---|---|---|---|---|'
    for row in ROWS:
        names = row.names.split()
        derived = {(columns(row, name), uses(tried, row, name)) for name in names}
        if len(derived) > 1:
            raise ValueError(f'{row.names} do not behave alike: {derived}')
        short_repr = ' '.join(f'`{name}`' for name in names)
        yield f'| {short_repr} | {row.holds} | {" | ".join(*derived)} | {row.differs} |'


EXPRESSIONS: Mapping[str, Mapping[str, Any]] = {
    'comparison, logic, variables': {**LOGIC, '$literal': None},
    'numbers': {**NUMBERS, **TOTALS},
    'dates': DATES,
    'strings': TEXTS,
    'arrays, objects': ARRAYS,
    'types': TYPES,
}


def listings() -> Iterator[str]:
    """The table of what expressions and schemas are made of, line by line."""
    yield '| in | operators |'
    yield '|---|---|'
    for group, names in EXPRESSIONS.items():
        yield f'| expressions: {group} | {" ".join(f"`{name}`" for name in names)} |'
    yield f'| `$jsonSchema` | {" ".join(f"`{name}`" for name in KEYWORDS)} |'


def written(text: str) -> str:
    """The text of README.md with its tables as they should be."""
    with tried() as them:
        text = placed(text, 'operators: tests/support/operator_table.py writes them', operators(them))
    return placed(text, 'listings: tests/support/operator_table.py writes them', listings())


if __name__ == '__main__':
    README.write_text(written(README.read_text(encoding='utf-8')), encoding='utf-8', newline='\n')
    sys.stdout.write(f'wrote {README.name}\n')
