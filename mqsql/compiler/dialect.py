"""What a database must say to be a dialect.

Lowering is handed a Dialect and uses its `words` for all that databases say in different ways. A word that a dialect leaves
out is Lacking: lowering makes it an UnsupportedError of the operator that needs it. So a dialect refuses by default.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from enum import Enum
from functools import cached_property
from typing import Any, NamedTuple, Protocol, TypeAlias

from sqlglot import exp
from sqlglot.generator import Generator

from mqsql import limits
from mqsql.compiler.encodings import STORED
from mqsql.compiler.tree.params import Encoding, OperandType, Param
from mqsql.compiler.tree.predicate import IndexScan, InView, Leaf
from mqsql.compiler.tree.select import Part, Select, SelectDistinct
from mqsql.compiler.tree.view import View
from mqsql.schema import ColumnType, Table
from mqsql.schema.columns import Cut

# --- JSON


class JsonType(Enum):
    """The types of JSON, in which numbers are two."""

    NULL = 'null'
    BOOLEAN = 'boolean'
    INTEGER = 'integer'
    REAL = 'real'
    STRING = 'string'
    ARRAY = 'array'
    OBJECT = 'object'


NUMBERS = (JsonType.INTEGER, JsonType.REAL)


class Element(NamedTuple):
    """The value at which a loop is, by the loop's alias; `named` where the loop gives its name or position, too."""

    alias: str
    named: bool = False


class Step(NamedTuple):
    """One step of a path in JSON: the (encoded) key of an object, the position in an array, or whichever of both there is."""

    key: str | None = None
    position: str | None = None


@dataclass(frozen=True)
class JsonRef:
    """A place inside a JSON value: the value's expression, made again for each use, and the path from there.

    `element` is the loop's whose value this is, if it is one.
    """

    json: Callable[[], exp.Expr]
    path: tuple[Step, ...] = ()
    element: Element | None = None

    def child(self, key: str) -> JsonRef:
        """The value under an object's (encoded) key; nothing in an array."""
        return self._further(Step(key=key))

    def index(self, position: str) -> JsonRef:
        """An array's element; nothing in an object."""
        return self._further(Step(position=position))

    def child_or_index(self, name: str) -> JsonRef:
        """The value under an object's key, or an array's element."""
        return self._further(Step(name, name))

    def _further(self, step: Step) -> JsonRef:
        return replace(self, path=(*self.path, step))

    @property
    def is_element(self) -> bool:
        """It is the value of a loop itself, which is never missing."""
        return self.element is not None and not self.path


class Loop(NamedTuple):
    """A loop over the values of `source`, which only the dialect understands."""

    element: Element
    source: tuple[exp.Expr, ...]


# --- words


class Lacking(Exception):  # noqa: N818
    """A dialect does not say a word, which the message describes."""


Test: TypeAlias = 'Callable[[exp.Expr], exp.Expr]'
Compare: TypeAlias = 'Callable[[exp.Expr, exp.Expr], exp.Expr]'


class ExpressionWords:
    """The words of expressions. Where one is Lacking, the interpreter evaluates the expression.

    A date is the number of its microseconds since 1970, seconds are counted likewise.
    """

    evaluates = False
    """Whether these words are said at all, those of Words included that are given operands as they are."""

    # --- numbers

    def number(self, ref: JsonRef) -> exp.Expr:
        """A JSON number as a number that keeps its type; other values give anything."""
        raise Lacking('a JSON value as a number')

    def number_column(self, stored: exp.Expr) -> exp.Expr:
        """The value of a Number column as such a number; NaN gives anything."""
        raise Lacking('a number')

    def number_operand(self, operand: exp.Expr, *, integral: bool) -> exp.Expr:
        """A number that is a parameter as such a number; `integral` says that it is an integer of 64 bits."""
        raise Lacking('a number as a parameter')

    def is_integer(self, value: exp.Expr) -> exp.Expr:
        """A number is an integer, not a float."""
        raise Lacking('the type of a number')

    def calculate(self, operator: type[exp.Binary], left: exp.Expr, right: exp.Expr) -> exp.Expr:
        """A sum, difference or product; of integers it is a float if 64 bits do not hold it."""
        raise Lacking('a sum of numbers')

    def ratio(self, dividend: exp.Expr, divisor: exp.Expr) -> exp.Expr:
        """The quotient of two numbers as floats."""
        raise Lacking('a quotient of numbers')

    def remainder(self, dividend: exp.Expr, divisor: exp.Expr) -> exp.Expr:
        """The remainder of two integers, with the sign of the dividend."""
        raise Lacking('a remainder')

    def whole_quotient(self, dividend: exp.Expr, divisor: int) -> exp.Expr:
        """The quotient of two integers that are not negative, cut to an integer."""
        raise Lacking('a quotient of integers')

    def to_float(self, value: exp.Expr) -> exp.Expr:
        """A number as the nearest float."""
        raise Lacking('a number as a float')

    def absolute(self, value: exp.Expr) -> exp.Expr:
        """The absolute value of a number other than the lowest integer of 64 bits."""
        raise Lacking('an absolute value')

    def cut(self, value: exp.Expr, how: str) -> exp.Expr:
        """The integral number next to a number: 'floor', 'ceil' or 'trunc'. It has the type of the number."""
        raise Lacking('an integral number')

    # --- dates

    def microseconds(self, stored: exp.Expr) -> exp.Expr:
        """The value of a Timestamp column as a date."""
        raise Lacking('a timestamp as a number')

    def date(self, ref: JsonRef) -> exp.Expr:
        """The date of the text under a tag; NULL for other texts."""
        raise Lacking('a date in JSON')

    def calendar(self, seconds: exp.Expr, part: str) -> exp.Expr:
        """The year, month, dayOfMonth or dayOfYear of a time."""
        raise Lacking('a part of a date')

    def start(self, seconds: exp.Expr, unit: str) -> exp.Expr:
        """The seconds of the beginning of the month or year of a time."""
        raise Lacking('the beginning of a month')

    # --- strings

    def in_case(self, stored: exp.Expr, case: str) -> exp.Expr:
        """A stored string in 'lower' or 'upper' case, where only ASCII letters have both."""
        raise Lacking('the case of letters')

    def byte_length(self, stored: exp.Expr) -> exp.Expr:
        """The number of bytes of a stored string, as it is stored."""
        raise Lacking('the length of a text in bytes')

    def stored_length(self, stored: exp.Expr) -> exp.Expr:
        """The number of characters of a stored string, as it is stored."""
        raise Lacking('the length of a text')


class Words(ExpressionWords):
    """The words that lowering needs, each a method that returns a fresh sqlglot tree. Those of the base class are Lacking."""

    functions: frozenset[str] = frozenset()
    """The functions that a connection has, or can be given."""

    def call(self, function: str, *arguments: exp.Expr) -> exp.Expr:
        """A call of one of the functions."""
        if function not in self.functions:
            raise Lacking(f'the function {function}')
        return exp.Anonymous(this=function, expressions=list(arguments))

    # --- values inside JSON

    def type_name(self, kind: JsonType) -> exp.Expr:
        """The literal that `type_of` gives for values of a type; BOOLEAN may have none."""
        raise Lacking('the name of a JSON type')

    def type_of(self, ref: JsonRef) -> exp.Expr:
        """The JSON type, NULL where the value is missing."""
        raise Lacking('the type of a JSON value')

    def is_type(self, ref: JsonRef, types: Sequence[JsonType]) -> exp.Expr:
        """The value has one of the types."""
        raise Lacking('a test of the type of a JSON value')

    def json(self, ref: JsonRef) -> exp.Expr:
        """The value as JSON, NULL where it is missing."""
        raise Lacking('a value inside JSON')

    def text(self, ref: JsonRef) -> exp.Expr:
        """A string as text; an object or array as JSON text. Other values give anything."""
        raise Lacking('a JSON value as text')

    def scalar(self, ref: JsonRef) -> exp.Expr:
        """A value of any type as the functions of this dialect take it."""
        raise Lacking('a JSON value as an argument')

    def integer(self, ref: JsonRef) -> exp.Expr:
        """An integer as a number; other values give anything."""
        raise Lacking('a JSON value as an integer')

    def compare_number(self, ref: JsonRef, compare: Compare, operand: exp.Expr) -> exp.Expr:
        """The value is a number that compares so with an operand, exactly; numbers that are tagged are none."""
        raise Lacking('a comparison of JSON numbers')

    def test_whole(self, ref: JsonRef, test: Test, exact: bool) -> exp.Expr:
        """The value is a number that 64 bits hold, and its integral part passes a test; an `exact` one has no other part."""
        raise Lacking('the integral part of a JSON number')

    def equal_boolean(self, ref: JsonRef, compare: Compare, operand: exp.Expr) -> exp.Expr:
        """The value is a boolean that is equal to the operand, or one of its values."""
        raise Lacking('a comparison of JSON booleans')

    def order_boolean(self, ref: JsonRef, compare: Compare, operand: exp.Expr) -> exp.Expr:
        """The value is a boolean that compares so with an operand."""
        raise Lacking('an order of JSON booleans')

    def array_length(self, ref: JsonRef) -> exp.Expr:
        """The number of an array's elements."""
        raise Lacking('the length of a JSON array')

    def member_count(self, ref: JsonRef) -> exp.Expr:
        """The number of the members of an object or array."""
        raise Lacking('the number of members of a JSON object')

    def any_array(self, refs: Sequence[JsonRef]) -> exp.Expr:
        """One of the values, which are on one path, is an array."""
        raise Lacking('a test of the type of JSON values')

    # --- Number columns

    def compare_column(self, kind: ColumnType, stored: exp.Expr, compare: Compare, operand: exp.Expr) -> exp.Expr:
        """The value of a typed column compares so with an operand; exactly, if these are numbers."""
        raise Lacking('a comparison with a column')

    def is_not_nan(self, stored: exp.Expr) -> exp.Expr:
        """The value of a Number column is not NaN; NULL where there is none."""
        raise Lacking('a test for NaN')

    def number_type(self, stored: exp.Expr, name: str) -> exp.Expr:
        """The value of a Number column has this type: int, long, double or number."""
        raise Lacking('the type of a number')

    def test_whole_column(self, stored: Callable[[], exp.Expr], test: Test, exact: bool) -> exp.Expr:
        """See `test_whole`, of the value of a Number column."""
        raise Lacking('the integral part of a number')

    def number_sort_terms(self, stored: exp.Expr, no_nan: bool) -> list[exp.Expr]:
        """What orders the values of a Number column as BSON does: nothing, NaN if there may be, all other numbers."""
        raise Lacking('the order of numbers')

    # --- text

    def starts(self, text: exp.Expr, prefix: str, then: str = '') -> exp.Expr:
        """A text begins with the prefix, and then with one of the characters in `then`, ranges allowed, if there are."""
        raise Lacking('a test of the beginning of a text')

    def is_tagged(self, json: exp.Expr) -> exp.Expr:
        """An object's text shows that it is a date, binary or number; a stored key never begins with one $."""
        raise Lacking('a test of the beginning of a text')

    def length(self, text: exp.Expr) -> exp.Expr:
        """The number of characters of a stored text, each pair that encodes one counted once."""
        raise Lacking('the length of a text')

    def glob(self, text: exp.Expr, form: OperandType, pattern: exp.Expr) -> exp.Expr:
        """A stored text matches a pattern, matched in one of the ways of `OperandType`."""
        raise Lacking('a match of a pattern')

    # --- loops

    def element(self, element: Element) -> exp.Expr:
        """The JSON value at which a loop is."""
        raise Lacking('a loop over a JSON value')

    def name(self, element: Element) -> exp.Expr:
        """The (encoded) key of the value of a loop with names, or its position as text or a number."""
        raise Lacking('the names of the members of a JSON value')

    def index(self, element: Element) -> exp.Expr:
        """The position of the value of a loop with names over an array, from 0; anything over an object."""
        raise Lacking('the positions in a JSON array')

    def elements(self, ref: JsonRef) -> tuple[exp.Expr, ...]:
        """The source of a loop over the elements of an array; over anything else, it is empty or not evaluated."""
        raise Lacking('a loop over a JSON array')

    def members(self, ref: JsonRef) -> tuple[exp.Expr, ...]:
        """The source of a loop, with names, over the members of an object or array."""
        raise Lacking('a loop over the members of a JSON value')

    def listed(self, ref: JsonRef, missing: bool) -> exp.Expr:
        """A list of the one value, for a loop; of null where it is `missing`, if that counts, else NULL."""
        raise Lacking('a loop over one value')

    def array(self, ref: JsonRef) -> exp.Expr:
        """An array as a list, for a loop."""
        raise Lacking('a loop over a JSON array')

    def array_and_field(self, array: JsonRef, key: str, field: JsonRef, whole: bool) -> exp.Expr:
        """An array as a list, for a loop, with one more element: the object that has this field alone.

        The field is an element of an array if it must stay `whole` where arrays are spread.
        """
        raise Lacking('an object that is made')

    def nothing(self) -> exp.Expr:
        """A list of one object without fields, for a loop."""
        raise Lacking('an object that is made')

    def exists(self, loops: Sequence[Loop], condition: exp.Expr) -> exp.Expr:
        """The condition holds for one value of the last loop, each over what the values of the loop before it give."""
        raise Lacking('a loop over a JSON value')

    def position(self, loop: Loop, condition: exp.Expr) -> exp.Expr:
        """The position of the first value of the loop for which the condition holds, from 0; NULL if there is none."""
        raise Lacking('the position in a JSON array')

    # --- parameters

    def in_list(self, value: exp.Expr, operand: exp.Expr, nested: bool) -> exp.Expr:
        """The value is in a list that is one parameter; `nested` is inside a loop."""
        raise Lacking('a list as a parameter')

    def operands(self, listed: exp.Expr) -> tuple[exp.Expr, ...]:
        """The source of a loop over a list that is one parameter."""
        raise Lacking('a loop over a list of operands')

    def operand(self, element: Element) -> exp.Expr:
        """The operand at which a loop is."""
        raise Lacking('a loop over a list of operands')

    # --- columns and statements

    def as_number(self, condition: exp.Expr) -> exp.Expr:
        """1 for a condition that holds, 0 for one that does not; it is in parentheses and never NULL."""
        raise Lacking('a number of conditions')

    def row_order(self) -> exp.Expr:
        """The column that has the order of insertion."""
        raise Lacking('the order of insertion')

    def output(self, table: Table, name: str, inline: bool) -> exp.Expr:
        """A column as a SELECT returns it, for the decoders; see `Select` for `inline`."""
        raise Lacking('a column')

    def part(self, table: Table, part: Part) -> exp.Expr:
        """A part of a Document as a SELECT returns it: JSON of the same form, which may have more of the Document."""
        return self.output(table, part.column, True)

    def argument(self, kind: ColumnType, column: exp.Expr) -> exp.Expr:
        """A column as an argument of the function of expressions."""
        raise Lacking('a column as an argument')

    def buffer_count(self, column: exp.Expr) -> exp.Expr:
        """The number of the blobs of a Buffers column."""
        raise Lacking('the number of buffers')

    def end_of_window(self, limit: exp.Expr, skip: exp.Expr) -> exp.Expr:
        """How many records there are up to the end of a window."""
        raise Lacking('a sum of parameters')

    def no_limit(self) -> exp.Expr | None:
        """The LIMIT of a statement that has an OFFSET only; None where it needs none."""
        raise Lacking('an offset')

    def check_depth(self, condition: exp.Expr) -> None:
        """QueryError if the condition has more levels than the database reads."""
        raise Lacking('the depth of a condition')


# --- parts that only some databases have


class AnyColumns(Protocol):
    """How Any columns are searched and sorted, where they do not hold JSON but keep strings apart from other values."""

    def is_other(self, stored: exp.Expr) -> exp.Expr:
        """The value of a column is not text."""

    def among_others(self, stored: exp.Expr) -> exp.Expr:
        """The same, where few records are expected to match."""

    def bounds_of_strings(self, tests: Sequence[Leaf], stored: Callable[[], exp.Expr]) -> list[exp.Expr]:
        """What keeps tests for strings from matching the other values; empty if they do not match any."""

    def opened(self, stored: Callable[[], exp.Expr]) -> JsonRef:
        """The value of a column that is not text."""

    def as_json(self, stored: Callable[[], exp.Expr]) -> exp.Expr:
        """The value of a column as JSON."""

    def sort_terms(self, stored: Callable[[], exp.Expr], spec: exp.Expr) -> list[exp.Expr]:
        """What sorts by a column that is the only one of the sort whose values may have arrays."""


class PathIndexes(Protocol):
    """How indexes on paths are read."""

    def matching(self, scan: IndexScan, table: Table, alias: Callable[[], str]) -> exp.Expr:
        """The record is one of those that an index finds."""

    def not_matching(self, scan: IndexScan, table: Table, alias: Callable[[], str]) -> exp.Expr:
        """The one test of the scan does not hold for the record."""

    def is_multikey(self, scan: IndexScan, table: Table) -> exp.Expr:
        """The record is one for which residual tests are left to be checked."""

    def in_view(self, view: View, test: InView, table: Table) -> exp.Expr:
        """A test on the rows of an index from which records are read."""

    def select_in_order(
        self, wanted: Select, outputs: list[exp.Expr], most: exp.Expr | None, dialect: Dialect
    ) -> exp.Query:
        """SELECT in the order that an index keeps."""


# --- the dialect

_PLAIN_NAME = re.compile(r'[a-z_][a-z0-9_]*', re.IGNORECASE | re.ASCII)


def quoted_name(identifier: exp.Identifier, keywords: frozenset[str]) -> str | None:
    """The name of a table or column, in quotes if it must be; None for the names of the compiler itself, which are plain."""
    if 'quoted' in identifier.args:
        return None
    name: str = identifier.this
    return name if _PLAIN_NAME.fullmatch(name) and name.lower() not in keywords else '"' + name.replace('"', '""') + '"'


Encode = Callable[[Any], Any]


def by_function(pattern: str) -> OperandType:
    """The way to match a pattern of $glob that needs nothing of the database."""
    return OperandType.FUNCTION


@dataclass(frozen=True, eq=False)
class Dialect:
    """A database: what it says, how that is printed, and how operands are bound.

    Without `any_columns`, Any columns hold JSON as Documents do; without `path_indexes`, those of tables are not used;
    without `select_first` and `select_distinct`, all records or values of an index are read.
    """

    name: str
    words: Words
    printer: Callable[[], Generator]
    encode: Mapping[Encoding, Encode]
    """How operands are bound, where `encodings.STORED` does not say so; one that is in neither is bound as it is."""
    encode_list: Callable[[list[Any], Encoding], Any]
    """How a list of encoded operands is bound as one parameter."""
    decoder: Callable[[ColumnType, Cut | None], Callable[[Any], Any]]
    """How a column is decoded; see `schema.columns.decoder`."""
    glob_type: Callable[[str], OperandType] = by_function
    """How a pattern of $glob is matched."""
    any_columns: AnyColumns | None = None
    path_indexes: PathIndexes | None = None
    select_first: Callable[[Select, list[exp.Expr], exp.Expr, Dialect], exp.Query] | None = None
    """Makes the statement of so many first records where an index has most, not all, of them in order."""
    select_distinct: Callable[[SelectDistinct], exp.Query] | None = None
    """Makes the statement of a SelectDistinct that is planned."""

    def render(self, statement: exp.Expr) -> str:
        """The statement's text."""
        return self.printer().generate(statement, copy=False)

    def bind(self, params: Mapping[str, Param], used: frozenset[str]) -> dict[str, Any]:
        """The operands that a statement has, as they are bound."""
        return {name: self._bound(*param) for name, param in params.items() if name in used}

    def _bound(self, value: Any, encoding: Encoding, many: bool) -> Any:
        encode = self._encode[encoding]
        return self.encode_list(list(map(encode, limits.checked(value))), encoding) if many else encode(value)

    @cached_property
    def _encode(self) -> Mapping[Encoding, Encode]:
        return {**dict.fromkeys(Encoding, _same), **STORED, **self.encode}


def _same(value: Any) -> Any:
    return value
