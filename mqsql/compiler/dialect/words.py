"""The words that databases say in different ways, each a method. Those of the base class are Lacking."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from sqlglot import exp

from mqsql.compiler.dialect.expression_words import Compare, ExpressionWords, Lacking, Test
from mqsql.compiler.dialect.json import Element, JsonRef, JsonType, Loop
from mqsql.compiler.tree.params import OperandType
from mqsql.compiler.tree.select import Part
from mqsql.schema import ColumnType, Table


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

    def any_elements(self, refs: Sequence[JsonRef]) -> exp.Expr:
        """One of the values, which are on one path, is an array that may have elements."""
        raise Lacking('a test for arrays with elements')

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

    def mentions(self, document: exp.Expr, operand: exp.Expr, *, many: bool) -> list[exp.Expr]:
        """Conditions without which a Document has, anywhere, no string that is equal to the operand, or to one of its `many`.

        They may hold for other Documents. The list is empty if no test of the database takes less than to read the JSON.
        """
        return []

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

    def limit_of_sort(self, limit: exp.Expr) -> exp.Expr:
        """The LIMIT of a statement that sorts."""
        raise Lacking('the limit of a sort')

    def no_limit(self) -> exp.Expr | None:
        """The LIMIT of a statement that has an OFFSET only; None where it needs none."""
        raise Lacking('an offset')

    def check_depth(self, condition: exp.Expr) -> None:
        """QueryError if the condition has more levels than the database reads."""
        raise Lacking('the depth of a condition')
