"""The words of SQLite: JSON is text, which the functions of SQLite's JSON1 look into."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from functools import partial

from sqlglot import exp

from mqsql.compiler.dialect.expression_words import Compare, Test
from mqsql.compiler.dialect.json import NUMBERS, Element, JsonRef, JsonType, Loop, Step
from mqsql.compiler.dialect.words import Words
from mqsql.compiler.dialects.sqlite import number_columns
from mqsql.compiler.dialects.sqlite.depth import check_depth
from mqsql.compiler.dialects.sqlite.expression_words import SQLiteExpressionWords
from mqsql.compiler.dialects.sqlite.parts import select_part
from mqsql.compiler.lower.sql import (
    Condition,
    and_,
    case,
    column,
    func,
    identifier,
    is_not_null,
    number,
    or_,
    ordered,
    own_column,
    own_name,
    select,
    subquery,
    table_function,
    text,
)
from mqsql.compiler.tree.params import OperandType
from mqsql.compiler.tree.select import Part
from mqsql.functions import FUNCTIONS
from mqsql.schema import BUFFERS, ColumnType, Table

MENTIONED = 3
"""Strings of a list for which the text of a Document is searched, one after the other, before it is read as JSON."""

_TYPES = {
    JsonType.NULL: ('null',),
    JsonType.BOOLEAN: ('true', 'false'),
    JsonType.INTEGER: ('integer',),
    JsonType.REAL: ('real',),
    JsonType.STRING: ('text',),
    JsonType.ARRAY: ('array',),
    JsonType.OBJECT: ('object',),
}


class SQLiteWords(SQLiteExpressionWords, Words):
    """See Words. A loop is a row of json_each, whose column `value` has objects and arrays as JSON text."""

    functions = frozenset(name for name, _, _ in FUNCTIONS)

    # --- values inside JSON

    def type_name(self, kind: JsonType) -> exp.Expr:
        """See Words."""
        (name,) = _TYPES[kind]
        return text(name)

    def type_of(self, ref: JsonRef) -> exp.Expr:
        """See Words."""
        return (
            own_column('type', ref.element.alias) if ref.element and ref.is_element else func('json_type', *_place(ref))
        )

    def is_type(self, ref: JsonRef, types: Sequence[JsonType]) -> Condition:
        """See Words."""
        return _one_of(self.type_of(ref), [name for kind in types for name in _TYPES[kind]])

    def json(self, ref: JsonRef) -> exp.Expr:
        """See Words."""
        where = _where(ref)
        return ref.json() if where is None else exp.JSONExtract(this=ref.json(), expression=where)

    def scalar(self, ref: JsonRef) -> exp.Expr:
        """See Words. ->> gives SQL values, and objects and arrays as JSON text."""
        where = _where(ref)
        return ref.json() if where is None else exp.JSONExtractScalar(this=ref.json(), expression=where)

    def text(self, ref: JsonRef) -> exp.Expr:
        """See Words."""
        return self.scalar(ref)

    def integer(self, ref: JsonRef) -> exp.Expr:
        """See Words."""
        return self.scalar(ref)

    def compare_number(self, ref: JsonRef, compare: Compare, operand: exp.Expr) -> Condition:
        """See Words. SQLite compares integers with floats exactly."""
        return and_([self.is_type(ref, NUMBERS), compare(self.scalar(ref), operand)])

    def test_whole(self, ref: JsonRef, test: Test, exact: bool) -> Condition:
        """See Words."""
        return and_([self.is_type(ref, NUMBERS), self.test_whole_column(partial(self.scalar, ref), test, exact)])

    def equal_boolean(self, ref: JsonRef, compare: Compare, operand: exp.Expr) -> Condition:
        """See Words. The type is the value, and is what is bound."""
        return compare(self.type_of(ref), operand)

    def order_boolean(self, ref: JsonRef, compare: Compare, operand: exp.Expr) -> Condition:
        """See Words."""
        return and_([self.is_type(ref, (JsonType.BOOLEAN,)), compare(self.scalar(ref), operand)])

    def array_length(self, ref: JsonRef) -> exp.Expr:
        """See Words."""
        return func('json_array_length', self.scalar(ref))

    def member_count(self, ref: JsonRef) -> exp.Expr:
        """See Words."""
        return subquery([exp.Count(this=exp.Star())], [table_function('json_each', [self.scalar(ref)])])

    def any_array(self, refs: Sequence[JsonRef]) -> Condition:
        """See Words."""
        types = [self.type_of(ref) for ref in refs]
        if len(types) == 1:
            return exp.EQ(this=types[0], expression=text('array'))
        return exp.In(this=text('array'), expressions=types)

    def any_elements(self, refs: Sequence[JsonRef]) -> Condition:
        """See Words. Of anything but an array, the length is 0."""
        return or_([self._has_elements(ref) for ref in reversed(refs)])

    def _has_elements(self, ref: JsonRef) -> Condition:
        length = exp.GT(this=func('json_array_length', *_place(ref)), expression=number(0))
        if ref.element or ref.path:
            return length
        # No object is below this, which is seen without reading the document.
        return and_([exp.LT(this=ref.json(), expression=text('{')), length])

    # --- Number columns

    def compare_column(self, kind: ColumnType, stored: exp.Expr, compare: Compare, operand: exp.Expr) -> Condition:
        """See Words."""
        return compare(stored, operand)

    def is_not_nan(self, stored: exp.Expr) -> Condition:
        """See Words. It may be the end of a range of the column's index."""
        return number_columns.is_not_nan(stored)

    def number_type(self, stored: exp.Expr, name: str) -> Condition:
        """See Words."""
        return number_columns.TYPE_TESTS[name](stored)

    def test_whole_column(self, stored: Callable[[], exp.Expr], test: Test, exact: bool) -> Condition:
        """See Words."""
        in_64_bits = exp.Between(this=stored(), low=number(-(2**63)), high=number(2**63 - 1))
        whole = exp.Cast(this=stored(), to=exp.DataType.build('INT'))
        same = [exp.EQ(this=stored(), expression=whole.copy())] if exact else []
        return and_([in_64_bits, *same, test(whole)])

    def number_sort_terms(self, stored: exp.Expr, no_nan: bool) -> list[exp.Expr]:
        """See Words."""
        return [stored] if no_nan else [number_columns.is_not_nan(stored), stored.copy()]

    # --- text

    def starts(self, text: exp.Expr, prefix: str, then: str = '') -> Condition:
        """See Words."""
        return _glob(text, f'{prefix}[{then}]*' if then else f'{prefix}*')

    def is_tagged(self, json: exp.Expr) -> Condition:
        """See Words."""
        return _glob(json, '{"$[^$]*')

    def length(self, text: exp.Expr) -> exp.Expr:
        """See Words."""
        return func('length', _characters(text))

    def glob(self, text: exp.Expr, form: OperandType, pattern: exp.Expr) -> Condition:
        """See Words. Where the pattern counts characters, pairs that encode one character are first made one."""
        if form is OperandType.FUNCTION:
            return self.call('mqsql_glob', pattern, text)
        subject = _characters(text) if form is OperandType.CHARACTERS_GLOB else text
        return exp.Glob(this=subject, expression=pattern)

    def mentions(self, document: exp.Expr, operand: exp.Expr, *, many: bool) -> list[Condition]:
        """See Words. Only where a text has a backslash can it have a string in another way than in quotes. What names no column
        is evaluated once.
        """
        texts: list[exp.Expr] = [func('json_quote', operand)]
        if many:
            texts = [exp.JSONExtract(this=operand.copy(), expression=number(i)) for i in range(MENTIONED)]
        ways = [func('instr', document.copy(), searched) for searched in (*texts, text('\\'))]
        if many:
            ways.append(exp.GT(this=func('json_array_length', operand), expression=number(MENTIONED)))
        return [or_(ways)]

    # --- loops

    def element(self, element: Element) -> exp.Expr:
        """See Words."""
        return own_column('value', element.alias)

    def name(self, element: Element) -> exp.Expr:
        """See Words."""
        return own_column('key', element.alias)

    def index(self, element: Element) -> exp.Expr:
        """See Words."""
        return own_column('key', element.alias)

    def elements(self, ref: JsonRef) -> tuple[exp.Expr, ...]:
        """See Words: the arguments of json_each."""
        return tuple(_place(ref))

    def members(self, ref: JsonRef) -> tuple[exp.Expr, ...]:
        """See Words: the arguments of json_each."""
        return tuple(_place(ref))

    def listed(self, ref: JsonRef, missing: bool) -> exp.Expr:
        """See Words."""
        return listed(func('coalesce', self.json(ref), text('null')) if missing else self.json(ref))

    def array(self, ref: JsonRef) -> exp.Expr:
        """See Words."""
        return self.json(ref)

    def array_and_field(self, array: JsonRef, key: str, field: JsonRef, whole: bool) -> exp.Expr:
        """See Words."""
        value = func('json_array', self.json(field)) if whole else self.json(field)
        return func('json_insert', self.json(array), text('$[#]'), func('json_object', text(key), value))

    def nothing(self) -> exp.Expr:
        """See Words."""
        return text('[{}]')

    def exists(self, loops: Sequence[Loop], condition: exp.Expr) -> Condition:
        """See Words."""
        return exp.Exists(this=select([number(1)], rows_of(loops), condition))

    def position(self, loop: Loop, condition: exp.Expr) -> exp.Expr:
        """See Words. SQLite takes the first row of a subquery."""
        return exp.Subquery(this=select([own_column('key', loop.element.alias)], rows_of([loop]), condition))

    # --- parameters

    def in_list(self, value: exp.Expr, operand: exp.Expr, nested: bool) -> Condition:
        """See Words: a list is a JSON array."""
        return exp.In(this=value, query=subquery([own_column('value')], [table_function('json_each', [operand])]))

    def operands(self, listed: exp.Expr) -> tuple[exp.Expr, ...]:
        """See Words: a list is a JSON array."""
        return (listed,)

    def operand(self, element: Element) -> exp.Expr:
        """See Words."""
        return own_column('value', element.alias)

    # --- columns and statements

    def as_number(self, condition: exp.Expr) -> exp.Expr:
        """See Words."""
        return condition

    def row_order(self) -> exp.Expr:
        """See Words."""
        return own_column('rowid')

    def output(self, table: Table, name: str, inline: bool) -> exp.Expr:
        """See Words."""
        if table.columns[name] is not BUFFERS or not inline:
            return column(name, table.name)
        return _inline_buffers(table, name)

    def part(self, table: Table, part: Part) -> exp.Expr:
        """See Words."""
        return select_part(part, table, self)

    def argument(self, kind: ColumnType, column: exp.Expr) -> exp.Expr:
        """See Words."""
        return column

    def buffer_count(self, column: exp.Expr) -> exp.Expr:
        """See Words: a Buffers column holds the JSON array of its rows' ids."""
        return func('json_array_length', column)

    def end_of_window(self, limit: exp.Expr, skip: exp.Expr) -> exp.Expr:
        """See Words. A sum that 64 bits do not hold would be a float, which is no limit."""
        return exp.Cast(this=exp.Add(this=limit, expression=skip), to=exp.DataType.build('INT'))

    def limit_of_sort(self, limit: exp.Expr) -> exp.Expr:
        """See Words. A number that SQLite does not know: for a few records it would rather read and sort the whole table than
        follow an index that has them in order but for ties.
        """
        return exp.Add(this=limit, expression=number(0))

    def no_limit(self) -> exp.Expr | None:
        """See Words."""
        return number(-1)

    def check_depth(self, condition: exp.Expr) -> None:
        """See Words."""
        check_depth(condition)


# --- JSON paths

_PLAIN_KEY = re.compile(r'[a-z_][a-z0-9_]*', re.IGNORECASE | re.ASCII)


def _place(ref: JsonRef) -> list[exp.Expr]:
    """The arguments by which SQLite's JSON functions find a value."""
    where = _where(ref)
    return [ref.json()] if where is None else [ref.json(), where]


def _where(ref: JsonRef) -> exp.Expr | None:
    if not ref.path:
        return None
    first, *further = ref.path
    if first.key is None or first.position is None:
        return text('$' + ''.join(map(_step, ref.path)))
    assert ref.element is not None  # only its row tells whether it is an array
    is_array = exp.EQ(this=own_column('type', ref.element.alias), expression=text('array'))
    start = case((is_array, text(f'$[{first.position}]')), default=text(f'$."{first.key}"'))
    return exp.Paren(this=exp.DPipe(this=start, expression=text(''.join(map(_step, further))))) if further else start


def _step(step: Step) -> str:
    if step.key is None:
        return f'[{step.position}]'
    # A JSON path names a key as JSON text does, and SQLite compares the two as text.
    return f'.{step.key if _PLAIN_KEY.fullmatch(step.key) else _json_label(step.key)}'


def _json_label(key: str) -> str:
    """An encoded key as in JSON text, in quotes."""
    escaped = key.replace('\\', '\\\\')
    return '"' + re.sub(r'[\x00-\x1f]', lambda c: _SHORT.get(c[0]) or f'\\u{ord(c[0]):04x}', escaped) + '"'


_SHORT = {'\b': '\\b', '\t': '\\t', '\n': '\\n', '\f': '\\f', '\r': '\\r'}

# --- pieces


def rows_of(loops: Sequence[Loop]) -> list[exp.Table]:
    """The tables of loops in a FROM clause."""
    return [table_function('json_each', list(loop.source), loop.element.alias) for loop in loops]


def listed(json: exp.Expr) -> exp.Expr:
    """A JSON array of one; NULL for what is missing."""
    # -> binds as || does, from the left.
    inner = exp.Paren(this=json) if isinstance(json, exp.JSONExtract) else json
    return exp.DPipe(this=exp.DPipe(this=text('['), expression=inner), expression=text(']'))


def _one_of(value: exp.Expr, words: Sequence[str]) -> Condition:
    """The value is one of the literals."""
    if len(words) == 1:
        # SQLite puts what a column equals by = into the other terms of an AND, where a CASE then guards nothing by its type.
        same = exp.NullSafeEQ if isinstance(value, exp.Column) else exp.EQ
        return same(this=value, expression=text(words[0]))
    return exp.In(this=value, expressions=[text(w) for w in words])


def _glob(value: exp.Expr, pattern: str) -> Condition:
    return exp.Glob(this=value, expression=text(pattern))


def _characters(stored: exp.Expr) -> exp.Expr:
    """Stored text with one code point for each of its characters: the leads of pairs are taken out."""
    for lead in (1, 0xD7FF):
        stored = func('replace', stored, func('char', number(lead)), text(''))
    return stored


def _inline_buffers(table: Table, name: str) -> exp.Expr:
    """The blobs that the column's ids name, in order, as one JSON array; NULL where the column is."""
    each = exp.Table(
        this=func('json_each', exp.Column(this=identifier(name), table=identifier(table.name))),
        alias=exp.TableAlias(this=own_name('e')),
    )
    blobs = exp.Table(this=identifier(table.buffers_table), alias=exp.TableAlias(this=own_name('b')))
    same = exp.EQ(this=own_column('id', 'b'), expression=own_column('value', 'e'))
    data = exp.Alias(this=func('hex', own_column('data', 'b')), alias=own_name('data'))
    found = select([data], [each, blobs], same)
    found.set('order', exp.Order(expressions=[ordered(own_column('key', 'e'), False)]))
    gathered = select([func('json_group_array', own_column('data'))], [exp.Subquery(this=found)])
    present = is_not_null(column(name, table.name))
    return exp.Case(ifs=[exp.If(this=present, true=exp.Subquery(this=gathered))])
