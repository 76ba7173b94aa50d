"""The words of DuckDB: JSON is text with a type of its own.

A loop is a lambda over a list, which DuckDB evaluates four times as fast as a subquery over the same, and only where a CASE
wants it. A lambda takes no subqueries. The arrow of JSON is no operator inside the functions that take one.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from itertools import pairwise

from sqlglot import exp

from mqsql.compiler.dialect.expression_words import Compare, Lacking, Test
from mqsql.compiler.dialect.json import Element, JsonRef, JsonType, Loop, Step
from mqsql.compiler.dialect.words import Words
from mqsql.compiler.dialects.duckdb.columns import NUMBER_UNION
from mqsql.compiler.dialects.duckdb.depth import check_depth
from mqsql.compiler.dialects.duckdb.expression_words import DuckDBExpressionWords
from mqsql.compiler.dialects.duckdb.functions import FUNCTIONS, QUERY
from mqsql.compiler.lower.sql import (
    Condition,
    and_,
    case,
    column,
    func,
    is_not_null,
    number,
    or_,
    own_column,
    own_name,
    text,
)
from mqsql.compiler.tree.params import OperandType
from mqsql.schema import ANY, BOOLEAN, NUMBER, TIMESTAMP, ColumnType, Table

_TYPES = {
    JsonType.NULL: ('NULL',),
    JsonType.BOOLEAN: ('BOOLEAN',),
    JsonType.INTEGER: ('UBIGINT', 'BIGINT'),
    JsonType.REAL: ('DOUBLE',),
    JsonType.STRING: ('VARCHAR',),
    JsonType.ARRAY: ('ARRAY',),
    JsonType.OBJECT: ('OBJECT',),
}

_PARAMETERS = {function.name: function.parameters for function in FUNCTIONS}


class DuckDBWords(DuckDBExpressionWords, Words):
    """See Words."""

    functions = frozenset(_PARAMETERS)

    def call(self, function: str, *arguments: exp.Expr) -> exp.Expr:
        """See Words. A name in DuckDB has one number of arguments; the last ones may be NULL."""
        if function not in self.functions:
            raise Lacking(f'the function {function}')
        query = func('getvariable', text(QUERY))
        given = [query, *arguments]
        if function == 'mqsql_one_array':
            key, *parts = arguments
            given = [query, key, _cast(func('list_value', *parts), 'VARCHAR[]')]
        missing = 1 + len(_PARAMETERS[function] or ()) - len(given)
        return func(function, *given, *(exp.null() for _ in range(missing)))

    # --- values inside JSON

    def type_name(self, kind: JsonType) -> exp.Expr:
        """See Words."""
        (name,) = _TYPES[kind]
        return text(name)

    def type_of(self, ref: JsonRef) -> exp.Expr:
        """See Words."""
        return func('json_type', *_place(ref))

    def is_type(self, ref: JsonRef, types: Sequence[JsonType]) -> Condition:
        """See Words."""
        names = [name for kind in types for name in _TYPES[kind]]
        if len(names) == 1:
            return exp.EQ(this=self.type_of(ref), expression=text(names[0]))
        return exp.In(this=self.type_of(ref), expressions=[text(name) for name in names])

    def json(self, ref: JsonRef) -> exp.Expr:
        """See Words."""
        place = _place(ref)
        return func('json_extract', *place) if len(place) > 1 else place[0]

    def text(self, ref: JsonRef) -> exp.Expr:
        """See Words."""
        json, *where = _place(ref)
        return func('json_extract_string', json, *(where or [text('$')]))

    def scalar(self, ref: JsonRef) -> exp.Expr:
        """See Words: the value as JSON text."""
        return _cast(self.json(ref), 'VARCHAR')

    def integer(self, ref: JsonRef) -> exp.Expr:
        """See Words. JSON may have integers that 64 bits do not hold."""
        return _try_cast(self.json(ref), 'HUGEINT')

    def compare_number(self, ref: JsonRef, compare: Compare, operand: exp.Expr) -> Condition:
        """See Words. Integers and doubles are compared each with their own part of the operand."""
        return case(
            (self.is_type(ref, [JsonType.REAL]), compare(_double(self.json(ref)), _part(operand, 'd'))),
            (self.is_type(ref, [JsonType.INTEGER]), compare(self.integer(ref), _part(operand, 'i'))),
        )

    def test_whole(self, ref: JsonRef, test: Test, exact: bool) -> Condition:
        """See Words."""
        whole = case(
            (self.is_type(ref, [JsonType.REAL]), _whole(_double(self.json(ref)), exact)),
            (self.is_type(ref, [JsonType.INTEGER]), _try_cast(self.json(ref), 'BIGINT')),
        )
        return test(whole)

    def equal_boolean(self, ref: JsonRef, compare: Compare, operand: exp.Expr) -> Condition:
        """See Words."""
        return self.order_boolean(ref, compare, operand)

    def order_boolean(self, ref: JsonRef, compare: Compare, operand: exp.Expr) -> Condition:
        """See Words."""
        same = compare(_try_cast(self.json(ref), 'BOOLEAN'), operand)
        return case((self.is_type(ref, [JsonType.BOOLEAN]), same))

    def array_length(self, ref: JsonRef) -> exp.Expr:
        """See Words."""
        return func('json_array_length', self.json(ref))

    def member_count(self, ref: JsonRef) -> exp.Expr:
        """See Words. An object has no elements, an array no keys."""
        keys = func('len', func('json_keys', self.json(ref)))
        return exp.Paren(this=exp.Add(this=self.array_length(ref), expression=keys))

    def any_array(self, refs: Sequence[JsonRef]) -> Condition:
        """See Words."""
        return or_([self.is_type(ref, [JsonType.ARRAY]) for ref in refs])

    def any_elements(self, refs: Sequence[JsonRef]) -> Condition:
        """See Words. To count the elements takes no less than to look for them."""
        return self.any_array(refs)

    # --- Number columns

    def compare_column(self, kind: ColumnType, stored: exp.Expr, compare: Compare, operand: exp.Expr) -> Condition:
        """See Words."""
        if kind is not NUMBER:
            return compare(stored, operand)
        integer, double = _parts(stored)
        with_integer = compare(integer.copy(), _part(operand, 'i'))
        return case((is_not_null(integer), with_integer), default=compare(double, _part(operand, 'd')))

    def is_not_nan(self, stored: exp.Expr) -> Condition:
        """See Words."""
        _, double = _parts(stored)
        not_nan = exp.Is(this=func('isnan', double), expression=exp.Not(this=exp.true()))
        return case((is_not_null(stored.copy()), not_nan))

    def number_type(self, stored: exp.Expr, name: str) -> Condition:
        """See Words."""
        integer, double = _parts(stored)
        match name:
            case 'int':
                return _is_int32(integer)
            case 'long':
                return exp.Not(this=_is_int32(integer))
            case 'double':
                return is_not_null(double)
        return is_not_null(stored.copy())

    def test_whole_column(self, stored: Callable[[], exp.Expr], test: Test, exact: bool) -> Condition:
        """See Words."""
        integer, double = _parts(stored())
        return test(func('coalesce', integer, _whole(double, exact)))

    def number_sort_terms(self, stored: exp.Expr, no_nan: bool) -> list[exp.Expr]:
        """See Words. Two numbers with the same nearest double are in order by what they differ from it."""
        integer, double = _parts(stored)
        nearest = func('coalesce', double, _cast(integer.copy(), 'DOUBLE'))
        rounded = _cast(_cast(integer.copy(), 'DOUBLE'), 'HUGEINT')
        rest = func('coalesce', exp.Sub(this=_cast(integer, 'HUGEINT'), expression=rounded), number(0))
        return [nearest, rest] if no_nan else [self.is_not_nan(stored.copy()), nearest, rest]

    # --- text

    def starts(self, text_: exp.Expr, prefix: str, then: str = '') -> Condition:
        """See Words."""
        if then:
            return exp.Glob(this=text_, expression=text(f'{prefix}[{then}]*'))
        return func('starts_with', text_, text(prefix))

    def is_tagged(self, json: exp.Expr) -> Condition:
        """See Words."""
        dollar, two = (func('starts_with', json.copy(), text(start)) for start in ('{"$', '{"$$'))
        return exp.Paren(this=and_([dollar, exp.Not(this=two)]))

    def length(self, text_: exp.Expr) -> exp.Expr:
        """See Words. The leads of pairs are taken out."""
        for lead in (1, 0xD7FF):
            text_ = func('replace', text_, func('chr', number(lead)), text(''))
        return func('length', text_)

    def glob(self, text_: exp.Expr, form: OperandType, pattern: exp.Expr) -> Condition:
        """See Words. DuckDB's GLOB has other classes, and sees pairs as two characters."""
        return self.call('mqsql_glob', pattern, text_)

    # --- loops

    def element(self, element: Element) -> exp.Expr:
        """See Words."""
        value = own_column(element.alias)
        return func('struct_extract_at', value, number(2)) if element.named else value

    def name(self, element: Element) -> exp.Expr:
        """See Words."""
        return func('struct_extract_at', own_column(element.alias), number(1))

    def index(self, element: Element) -> exp.Expr:
        """See Words."""
        return _try_cast(self.name(element), 'BIGINT')

    def elements(self, ref: JsonRef) -> tuple[exp.Expr, ...]:
        """See Words."""
        return (self.array(ref),)

    def members(self, ref: JsonRef) -> tuple[exp.Expr, ...]:
        """See Words: pairs of name and value. An object has no elements, an array no keys."""
        positions = _cast(func('range', _cast(self.array_length(ref), 'BIGINT')), 'VARCHAR[]')
        names = func('list_concat', positions, func('json_keys', self.json(ref)))
        values = func('list_concat', self.array(ref), _all_in(ref, '.*'))
        return (func('list_zip', names, values),)

    def listed(self, ref: JsonRef, missing: bool) -> exp.Expr:
        """See Words."""
        if missing:
            return func('list_value', func('coalesce', self.json(ref), _cast(text('null'), 'JSON')))
        return case((is_not_null(self.json(ref)), func('list_value', self.json(ref))))

    def array(self, ref: JsonRef) -> exp.Expr:
        """See Words. It is empty for anything else."""
        return _all_in(ref, '[*]')

    def array_and_field(self, array: JsonRef, key: str, field: JsonRef, whole: bool) -> exp.Expr:
        """See Words."""
        value = func('json_array', self.json(field)) if whole else self.json(field)
        return func('list_append', self.array(array), func('json_object', text(key), value))

    def nothing(self) -> exp.Expr:
        """See Words."""
        return func('list_value', _cast(text('{}'), 'JSON'))

    def exists(self, loops: Sequence[Loop], condition: exp.Expr) -> Condition:
        """See Words. Lambdas one after the other: those in one another take twice as long to plan with each level."""
        (source,) = loops[0].source
        for loop, following in pairwise(loops):
            source = func('flatten', _map(source, loop.element, following.source[0]))
        return func('list_contains', _map(source, loops[-1].element, condition), exp.true())

    def position(self, loop: Loop, condition: exp.Expr) -> exp.Expr:
        """See Words. DuckDB counts from 1."""
        found = func('list_position', _map(loop.source[0], loop.element, condition), exp.true())
        return exp.Sub(this=found, expression=number(1))

    # --- parameters

    def in_list(self, value: exp.Expr, operand: exp.Expr, nested: bool) -> Condition:
        """See Words. A subquery looks values up by their hash, in a lambda there can be none."""
        if isinstance(operand, exp.Dot):
            part = func('struct_extract', own_column('n'), text(operand.name))
            operand = _map(operand.this, Element('n'), part)
        if nested:
            return func('list_contains', operand, value)
        return exp.In(this=value, query=exp.Subquery(this=exp.Select(expressions=[func('unnest', operand)])))

    def operands(self, listed: exp.Expr) -> tuple[exp.Expr, ...]:
        """See Words."""
        return (listed,)

    def operand(self, element: Element) -> exp.Expr:
        """See Words."""
        return own_column(element.alias)

    # --- columns and statements

    def as_number(self, condition: exp.Expr) -> exp.Expr:
        """See Words."""
        return _cast(condition, 'INTEGER')

    def row_order(self) -> exp.Expr:
        """See Words. The column is declared, as DuckDB's own changes with updates."""
        return own_column('rowid')

    def output(self, table: Table, name: str, inline: bool) -> exp.Expr:
        """See Words. A time with a zone is fetched in the zone of the connection, which may not have it."""
        stored = column(name, table.name)
        if table.columns[name] is not TIMESTAMP:
            return stored
        return exp.Alias(this=func('epoch_us', stored), alias=stored.this.copy())

    def argument(self, kind: ColumnType, column: exp.Expr) -> exp.Expr:
        """See Words: as SQLite stores it."""
        if kind is TIMESTAMP:
            return func('epoch_us', column)
        if kind is BOOLEAN:
            return _cast(column, 'BIGINT')
        return func('encode', _cast(column, 'VARCHAR')) if kind is ANY else column

    def buffer_count(self, column: exp.Expr) -> exp.Expr:
        """See Words."""
        return func('len', column)

    def end_of_window(self, limit: exp.Expr, skip: exp.Expr) -> exp.Expr:
        """See Words."""
        return exp.Add(this=limit, expression=skip)

    def limit_of_sort(self, limit: exp.Expr) -> exp.Expr:
        """See Words."""
        return limit

    def no_limit(self) -> exp.Expr | None:
        """See Words."""
        return None

    def check_depth(self, condition: exp.Expr) -> None:
        """See Words."""
        check_depth(condition)


# --- JSON paths


def _place(ref: JsonRef) -> list[exp.Expr]:
    """The arguments by which DuckDB's JSON functions find a value: JSON, and a path if there is one."""
    json, path = ref.json(), ''
    for step in ref.path:
        if step.key == '' or (step.key is not None and step.position is not None):
            # Only a pointer has an empty key, or takes an array's element by the name of a key.
            json = func('json_extract', json, text(f'${path}')) if path else json
            json, path = func('json_extract', json, text(f'/{step.key}')), ''
        else:
            path += _step(step)
    return [json, text(f'${path}')] if path else [json]


def _all_in(ref: JsonRef, wildcard: str) -> exp.Expr:
    """The list of the values in an array or object; NULL if there is no value at all."""
    json, *where = _place(ref)
    return func('json_extract', json, text(f'{where[0].name if where else "$"}{wildcard}'))


_PLAIN_KEY = re.compile(r'[a-z_][a-z0-9_]*', re.IGNORECASE | re.ASCII)


def _step(step: Step) -> str:
    if step.key is None:
        return f'[{step.position}]'
    if _PLAIN_KEY.fullmatch(step.key):
        return f'.{step.key}'
    escaped = step.key.replace('\\', '\\\\').replace('"', '\\"')
    return f'."{escaped}"'


# --- pieces


def _map(source: exp.Expr, element: Element, result: exp.Expr) -> exp.Expr:
    """The list of what a lambda makes of each value of a list."""
    made = exp.Lambda(this=result, expressions=[own_name(element.alias)])
    return func('list_transform', source, made)


def _cast(value: exp.Expr, kind: str) -> exp.Expr:
    return exp.Cast(this=value, to=exp.Var(this=kind))


def _try_cast(value: exp.Expr, kind: str) -> exp.Expr:
    return exp.TryCast(this=value, to=exp.Var(this=kind))


def _double(value: exp.Expr) -> exp.Expr:
    return _try_cast(value, 'DOUBLE')


def _whole(double: exp.Expr, exact: bool) -> exp.Expr:
    """The integral part of a double, NULL if 64 bits do not hold it; of an `exact` one only if it is all."""
    whole = _try_cast(func('trunc', double), 'BIGINT')
    if not exact:
        return whole
    return case((exp.EQ(this=func('trunc', double.copy()), expression=double.copy()), whole))


def _part(operand: exp.Expr, name: str) -> exp.Expr:
    """The part of a number's operand that integers or doubles are compared with."""
    return exp.Dot(this=operand.copy(), expression=own_name(name))


def _parts(stored: exp.Expr) -> list[exp.Expr]:
    """The integer and the double of a Number column, one of which is NULL."""
    return [func('union_extract', _cast(stored.copy(), NUMBER_UNION), text(name)) for name in ('i', 'd')]


def _is_int32(integer: exp.Expr) -> Condition:
    return exp.Between(this=integer, low=number(-(2**31)), high=number(2**31 - 1))
