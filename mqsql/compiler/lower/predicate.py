"""A predicate becomes an SQL condition."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from functools import partial
from itertools import chain

from sqlglot import exp

from mqsql.compiler.dialect import AnyColumns, Dialect, PathIndexes
from mqsql.compiler.dialect.expression_words import Lacking
from mqsql.compiler.dialect.json import Element, JsonRef, JsonType, Loop
from mqsql.compiler.dialect.words import Words
from mqsql.compiler.lower.expressions import lower_expression
from mqsql.compiler.lower.json_schema import SCHEMA_TESTS
from mqsql.compiler.lower.operators import LOWERINGS
from mqsql.compiler.lower.operators.comparison import ORDERS, order_date
from mqsql.compiler.lower.paths import PathLowering
from mqsql.compiler.lower.size import SHALLOW, Size
from mqsql.compiler.lower.sql import (
    Condition,
    and_,
    case,
    column,
    count_true,
    is_not_null,
    is_null,
    negate,
    none,
    or_,
    own_column,
    param,
)
from mqsql.compiler.lower.values import ColumnValue, JsonValue, Value
from mqsql.compiler.tree.params import OperandType
from mqsql.compiler.tree.predicate import (
    POSITION,
    AllElements,
    And,
    Blank,
    Conditional,
    CountMatching,
    Each,
    ElemMatch,
    ExprMatch,
    Field,
    IndexScan,
    InView,
    Leaf,
    Not,
    Or,
    Predicate,
    origin_of,
)
from mqsql.compiler.tree.traversal import LeafArrays, traversal
from mqsql.compiler.tree.view import View
from mqsql.errors import UnsupportedError
from mqsql.schema import ANY, DOCUMENT, Table
from mqsql.values.codec import encode_key
from mqsql.values.paths import is_index

BLANK = '\0'
"""The SQL of a Blank: a character that no database takes in a statement."""
COMPARISONS: dict[str, type[exp.Binary]] = {'$eq': exp.EQ, **ORDERS}


def lower(predicate: Predicate, table: Table, dialect: Dialect, view: View | None = None) -> Condition:
    """The condition of a predicate over the rows of `table`; `view` says from which rows of an index records are read."""
    size = Size()
    condition = Scope(table, dialect, size, view=view).lower(predicate)
    if size.parts > SHALLOW:
        dialect.words.check_depth(condition)
    return condition


def lower_positions(predicates: tuple[Predicate, ...], table: Table, dialect: Dialect) -> list[exp.Expr]:
    """The position of the first element that satisfies each ElemMatch, whose path is strict; NULL where there is none."""
    size = Size()
    return [Scope(table, dialect, size.of_another()).position(predicate) for predicate in predicates]


@dataclass(frozen=True)
class Scope:
    """The meaning of fields: the columns of a table or, within an $elemMatch, the `element` of an array.

    The element is an object or an array; an array is read as an object whose keys are its positions.
    """

    table: Table
    dialect: Dialect
    size: Size
    element: Element | None = None
    view: View | None = None

    @property
    def words(self) -> Words:
        """The words of the dialect."""
        return self.dialect.words

    def alias(self) -> str:
        """The name of the next loop."""
        return self.size.alias()

    def lower(self, predicate: Predicate) -> Condition:
        """The predicate's condition here; UnsupportedError if the dialect lacks a word for it."""
        self.size.add()
        try:
            return self._lower(predicate)
        except Lacking as e:
            raise unsupported(predicate, self.dialect) from e

    def _lower(self, predicate: Predicate) -> Condition:
        match predicate:
            case And():
                return and_(self._all(predicate.children))
            case Or(children):
                return or_(self._any(children))
            case Not(IndexScan(tests=(_,)) as scan):
                return self._indexes.not_matching(scan, self.table, self.alias)
            case Not(child):
                return negate(self.lower(child))
            case Leaf():
                return and_([*self._mentioned(predicate), self._scan(predicate)])
            case IndexScan():
                return self._index_scan(predicate)
            case InView():
                assert self.view is not None
                return self._indexes.in_view(self.view, predicate, self.table)
            case ElemMatch():
                return self._some(predicate)
            case Each(test):
                return self._each(test)
            case AllElements():
                return self._every(predicate)
            case Conditional(test, then, otherwise):
                return case((self.lower(test), self.lower(then)), default=self.lower(otherwise))
            case ExprMatch():
                return lower_expression(predicate, self.table, self.dialect)
            case Blank():
                return own_column(BLANK)
            case CountMatching(children, operator, name):
                return COMPARISONS[operator](
                    this=count_true([self.lower(child) for child in children], self.words.as_number),
                    expression=param(name),
                )

    @property
    def _indexes(self) -> PathIndexes:
        assert self.dialect.path_indexes is not None  # or planning would have chosen no index
        return self.dialect.path_indexes

    def _all(self, children: tuple[Predicate, ...]) -> list[Condition]:
        """A condition for each of the children, but only one for all tests of strings in an Any column, or of a path."""
        groups: dict[object, list[Leaf]] = {}
        for child in children:
            if isinstance(child, Leaf) and (shared := self._shared(child)):
                groups.setdefault(shared, []).append(child)
        several = [tests for tests in groups.values() if len(tests) > 1]
        joined = {test for tests in several for test in tests}
        return [*map(self._all_of, several), *(self.lower(child) for child in children if child not in joined)]

    def _shared(self, test: Leaf) -> object:
        """What tests share that are lowered to one condition; None for a test that is alone."""
        field = test.field
        if self.dialect.any_columns and is_for_strings(test):
            return field
        seen = traversal(test)
        walks = field.kind is DOCUMENT and not field.strict and bool(field.steps)
        return (field, seen) if walks and len(seen) == 1 else None

    def _all_of(self, tests: list[Leaf]) -> Condition:
        """All of the tests, which share what `_shared` says."""
        if self.dialect.any_columns and is_for_strings(tests[0]):
            return self._all_of_any(self.dialect.any_columns, tests)
        self.size.add(len(tests))
        conditions = [lambda value, test=test: lower_leaf(test, value, self.dialect) for test in tests]
        mentioned = chain.from_iterable(map(self._mentioned, tests))
        return and_(
            [*mentioned, self._walks(tests[0].field, traversal(tests[0]), *conditions, known=self._dates(tests))]
        )

    def _dates(self, tests: Sequence[Leaf]) -> Callable[[JsonRef], Condition] | None:
        """What tests say of the text of a date, if all of them compare with a date."""
        if any(test.form is not OperandType.DATE or test.operator not in ORDERS for test in tests):
            return None
        return lambda end: and_([order_date(test, self.words.text(end.child('$date'))) for test in tests])

    def _any(self, children: tuple[Predicate, ...]) -> list[Condition]:
        """A condition for each of the children, but one for tests that look at the same values of a field."""
        groups: dict[object, list[Predicate]] = {}
        for child in children:
            key = (child.field, traversal(child)) if isinstance(child, Leaf) else child
            groups.setdefault(key, []).append(child)
        return [self._one(group) for group in groups.values()]

    def _one(self, group: list[Predicate]) -> Condition:
        tests = [child for child in group if isinstance(child, Leaf)]
        return self._scan(*tests) if len(tests) > 1 else self.lower(group[0])

    def _index_scan(self, scan: IndexScan) -> Condition:
        """The record is one of those that the index finds, and passes the residual tests."""
        found = self._indexes.matching(scan, self.table, self.alias)
        if not scan.residual:
            return found
        checked = and_([self._scan(test) for test in scan.residual])
        return and_([found, or_([negate(self._indexes.is_multikey(scan, self.table)), checked])])

    # --- tests

    def _mentioned(self, test: Leaf) -> list[Condition]:
        """What the text of a Document shows before it is read as JSON, if that can tell that the test does not hold."""
        field = test.field
        equality = test.form is OperandType.STRING and test.operator in ('$eq', '$in') and not test.collation
        if not equality or field.kind is not DOCUMENT or self.element:
            return []
        return self.words.mentions(self._column(field), param(test.params[0]), many=test.operator == '$in')

    def _scan(self, *tests: Leaf) -> Condition:
        """One of the tests, which are on the same field, holds for the record or element itself."""
        field = tests[0].field
        if field.kind is ANY and self.dialect.any_columns:
            return self._scan_any(self.dialect.any_columns, tests)
        if not field.kind.mixed:
            return or_([lower_leaf(test, self._typed(field), self.dialect) for test in tests])
        return self._look_inside(tests)

    def _typed(self, field: Field) -> ColumnValue:
        return ColumnValue(self.words, field.kind, partial(self._column, field), nested=self.element is not None)

    def _look_inside(self, tests: Sequence[Leaf]) -> Condition:
        """One of the tests, which are on the same field, holds for JSON."""
        field = tests[0].field

        def condition(value: JsonValue) -> Condition:
            self.size.add(len(tests))
            return or_([lower_leaf(test, value, self.dialect) for test in tests])

        if self.element and not field.steps:
            return condition(self._value(self._root(field)))  # the element as it is
        if field.strict:
            return condition(self._value(self._ref(field)))
        known = self._dates(tests) if len(tests) == 1 else None
        return self._walks(field, traversal(tests[0]), condition, known=known)

    def _value(self, ref: JsonRef) -> JsonValue:
        return JsonValue(self.words, ref)

    def _column(self, field: Field) -> exp.Expr:
        if field.column is None:
            assert self.element is not None
            return self.words.index(self.element) if field == POSITION else self.words.name(self.element)
        return column(field.column, self.table.name)

    def _ref(self, field: Field) -> JsonRef:
        """Where a strict path leads."""
        ref = self._root(field)
        for step in field.steps:
            ref = ref.child(encode_key(step))
        return ref

    def _root(self, field: Field) -> JsonRef:
        element = self.element
        if element:
            return self._at(element)
        if field.kind is ANY and self.dialect.any_columns:
            return self.dialect.any_columns.opened(lambda: self._column(field))
        return JsonRef(lambda: self._column(field))

    def _at(self, element: Element) -> JsonRef:
        return JsonRef(lambda: self.words.element(element), element=element)

    def _walks(
        self,
        field: Field,
        offers: tuple[LeafArrays, ...],
        *conditions: Callable[[JsonValue], Condition],
        known: Callable[[JsonRef], Condition] | None = None,
    ) -> Condition:
        start, steps = self._start(field)
        self.size.add(len(steps) * len(offers) * len(conditions))
        walks = (self._path(start, steps, seen, *conditions) for seen in offers)
        return or_([replace(walk, known=known).condition() for walk in walks])

    def _path(
        self, start: JsonRef, steps: tuple[str, ...], offers: LeafArrays, *conditions: Callable[[JsonValue], Condition]
    ) -> PathLowering:
        return PathLowering(self.words, start, steps, offers, conditions, self.alias)

    def _start(self, field: Field) -> tuple[JsonRef, tuple[str, ...]]:
        """The start and the steps of a walk to the field; within an element the walk starts at the element's field."""
        root = self._root(field)
        if not self.element:
            return root, field.steps
        name, *steps = field.steps
        return root.child_or_index(name) if is_index(name) else root.child(encode_key(name)), tuple(steps)

    # --- Any columns that keep strings apart

    def _scan_any(self, columns: AnyColumns, tests: Sequence[Leaf]) -> Condition:
        """One of the tests holds for an Any column: its strings, and its other values, are one range of an index each."""
        first = tests[0]
        field, for_null = first.field, (first.operator, first.form) == ('$eq', OperandType.NULL)
        if first.operator == '$exists' and not field.steps:
            return is_not_null(self._column(field))
        inside = self._opened(field, self._look_inside(tests))
        if field.steps and for_null:
            return case(
                (columns.is_other(self._column(field)), inside), default=exp.true()
            )  # in a string there is nothing
        others = and_([columns.among_others(self._column(field)), inside])
        if for_null:
            return or_([is_null(self._column(field)), others])
        return or_([*(self._of_strings(columns, [test]) for test in tests if is_for_strings(test)), others])

    def _all_of_any(self, columns: AnyColumns, tests: list[Leaf]) -> Condition:
        """All of the tests, which are for strings, hold; written so that one search of the column's index finds the strings."""
        field = tests[0].field
        inside = self._opened(field, and_([self._look_inside([test]) for test in tests]))
        others = and_([columns.among_others(self._column(field)), inside])
        return or_([self._of_strings(columns, tests), others])

    def _opened(self, field: Field, inside: exp.Expr) -> exp.Expr:
        """A condition on JSON that is not evaluated for strings of an Any column: an AND does not guard its terms."""
        columns = self.dialect.any_columns if field.kind is ANY else None
        return case((columns.is_other(self._column(field)), inside)) if columns else inside

    def _of_strings(self, columns: AnyColumns, tests: list[Leaf]) -> Condition:
        """An Any column holds a string that passes all the tests."""
        field = tests[0].field
        passed = [lower_leaf(test, self._typed(field), self.dialect) for test in tests]
        return and_([*passed, *columns.bounds_of_strings(tests, partial(self._column, field))])

    # --- elements and members

    def _every(self, every: AllElements) -> Condition:
        member = Element(self.alias(), named=True)
        inside = replace(self, element=member)
        members = Loop(member, self.words.members(self._ref(every.field)))
        every_one = none(self.words.exists([members], negate(inside.lower(every.predicate))))
        return self._opened(every.field, every_one)

    def _each(self, test: Leaf) -> Condition:
        """The test holds for every value of the list in its parameter."""
        element, (listed,) = Element(self.alias()), test.params
        one = self._scan(test)
        for operand in [found for found in one.find_all(exp.Placeholder) if found.name == listed]:
            operand.replace(self.words.operand(element))
        return none(self.words.exists([Loop(element, self.words.operands(param(listed)))], negate(one)))

    def _some(self, some: ElemMatch) -> Condition:
        def condition(value: JsonValue) -> Condition:
            element = Element(self.alias())
            here = self._within(element, some)
            if self.element:
                # This takes one level less of SQLite's expressions, for elements within elements.
                return self.words.exists([Loop(element, self._array(value))], here)
            return value.when_array(self.words.exists([Loop(element, self.words.elements(value.ref))], here))

        if self.element and not some.field.steps:
            return condition(self._value(self._root(some.field)))
        if self.element and len(some.field.steps) > 1:
            return self._some_on_the_way(some)
        found = self._opened(some.field, self._walks(some.field, (LeafArrays(elements=False),), condition))
        columns = self.dialect.any_columns if some.field.kind is ANY else None
        return and_([columns.among_others(self._column(some.field)), found]) if columns else found

    def _array(self, value: JsonValue) -> tuple[exp.Expr, ...]:
        """The source of a loop over a value that may be no array."""
        return (value.when_array(self.words.array(value.ref)),)

    def _some_on_the_way(self, some: ElemMatch) -> Condition:
        """The same in one condition: one for arrays and another one for other values would double the SQL with each level."""
        start, steps = self._start(some.field)
        self.size.add(len(steps))
        loops = self._path(start, steps, LeafArrays(elements=False), JsonValue.is_object).loops()
        element, last = Element(self.alias()), self._value(self._at(loops[-1].element))
        return self.words.exists([*loops, Loop(element, self._array(last))], self._within(element, some))

    def position(self, predicate: Predicate) -> exp.Expr:
        """See `lower_positions`."""
        if not isinstance(predicate, ElemMatch):
            return exp.null()
        try:
            ref, element = self._ref(predicate.field), Element(self.alias())
            found = self.words.position(Loop(element, self.words.elements(ref)), self._within(element, predicate))
            return self._opened(predicate.field, self._value(ref).when_array(found))
        except Lacking as e:
            raise unsupported(predicate, self.dialect) from e

    def _within(self, element: Element, some: ElemMatch) -> Condition:
        inside = replace(self, element=element)
        if not some.query:
            return inside.lower(some.predicate)
        value = self._value(self._at(element))
        document = or_([value.is_object(), value.is_type(JsonType.ARRAY)])
        # Only then may JSON functions look into its text.
        return case((document, inside.lower(some.predicate)))


def is_for_strings(test: Leaf) -> bool:
    """Whether the test can match a string that an Any column holds."""
    textual = test.form is OperandType.STRING or test.operator in ('$regex', '$glob', 'minLength', 'maxLength')
    return textual and test.field.kind is ANY and not test.field.steps


def unsupported(predicate: Predicate, dialect: Dialect) -> UnsupportedError:
    """The error for what the dialect lacks a word for; it names the operator as the query has it."""
    origin = origin_of(predicate)
    return UnsupportedError(origin.operator, dialect.name, origin.path)


def lower_leaf(test: Leaf, value: Value, dialect: Dialect) -> Condition:
    """A test of a value; UnsupportedError if the dialect lacks a word for it."""
    lowering = LOWERINGS.get(test.operator) or SCHEMA_TESTS[test.operator]
    try:
        # `replace` takes longer than to lower most tests.
        return lowering(replace(value, collation=test.collation) if test.collation else value, test.form, test.params)
    except Lacking as e:
        raise unsupported(test, dialect) from e
