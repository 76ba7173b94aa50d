"""A predicate becomes an SQL condition."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from functools import partial

from sqlglot import exp

from mqsql.compiler.lower.any_columns import among_others, bounds_of_texts, is_for_text, is_other, opened
from mqsql.compiler.lower.depth import check_depth
from mqsql.compiler.lower.expressions import lower_expression
from mqsql.compiler.lower.index_rows import View
from mqsql.compiler.lower.index_scan import is_multikey, matching, not_matching
from mqsql.compiler.lower.json_schema import SCHEMA_TESTS
from mqsql.compiler.lower.operators import LOWERINGS
from mqsql.compiler.lower.operators.comparison import ORDERS
from mqsql.compiler.lower.paths import PathLowering
from mqsql.compiler.lower.size import SHALLOW, Size
from mqsql.compiler.lower.sql import (
    Condition,
    JsonRef,
    Value,
    and_,
    case,
    column,
    count_true,
    exists,
    is_not_null,
    is_null,
    negate,
    one_of,
    or_,
    param,
    row,
    select,
    table_function,
    text,
)
from mqsql.compiler.tree.predicate import (
    AllElements,
    And,
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
)
from mqsql.compiler.tree.traversal import LeafArrays, traversal
from mqsql.schema import ANY, Table
from mqsql.values.codec import encode_key
from mqsql.values.paths import is_index

COMPARISONS: dict[str, type[exp.Binary]] = {'$eq': exp.EQ, **ORDERS}


def lower(predicate: Predicate, table: Table, view: View | None = None) -> Condition:
    """The condition of a predicate over the rows of `table`; `view` says that an index has them (see `index_use`)."""
    size = Size()
    condition = Scope(table, size, view=view).lower(predicate)
    if size.parts > SHALLOW:
        check_depth(condition)
    return condition


def lower_positions(predicates: tuple[Predicate, ...], table: Table) -> list[exp.Expr]:
    """The position of the first element that satisfies each Some, NULL where there is none; its field's path is strict."""
    size = Size()
    return [Scope(table, size.of_another()).position(predicate) for predicate in predicates]


@dataclass(frozen=True)
class Scope:
    """The meaning of fields: the columns of a table or, within an $elemMatch, the `element` of an array.

    The element is a json_each row, an object or an array; an array is read as an object whose keys are its positions.
    """

    table: Table
    size: Size
    element: str | None = None
    view: View | None = None

    def alias(self) -> str:
        """The name of the next table."""
        return self.size.alias()

    def lower(self, predicate: Predicate) -> Condition:
        """The predicate's condition here."""
        self.size.add()
        match predicate:
            case And():
                return and_(self._all(predicate.children))
            case Or(children):
                return or_(self._any(children))
            case Not(IndexScan(tests=(_,)) as scan):
                return not_matching(scan, self.table, self.alias)
            case Not(child):
                return negate(self.lower(child))
            case Leaf():
                return self._scan(predicate)
            case IndexScan():
                return self._index_scan(predicate)
            case InView(test):
                return self._in_view(test)
            case ElemMatch():
                return self._some(predicate)
            case Each(test):
                return self._each(test)
            case AllElements():
                return self._every(predicate)
            case Conditional(test, then, otherwise):
                return case((self.lower(test), self.lower(then)), default=self.lower(otherwise))
            case ExprMatch():
                return lower_expression(predicate, self.table)
            case CountMatching(children, operator, name):
                return COMPARISONS[operator](
                    this=count_true([self.lower(child) for child in children]), expression=param(name)
                )

    def _all(self, children: tuple[Predicate, ...]) -> list[Condition]:
        """A condition for each of the children, but only one for all tests of an Any column's texts."""
        texts: dict[Field, list[Leaf]] = {}
        for child in children:
            if isinstance(child, Leaf) and is_for_text(child):
                texts.setdefault(child.field, []).append(child)
        joined = {test for tests in texts.values() if len(tests) > 1 for test in tests}
        several = [self._all_of_any(tests) for tests in texts.values() if len(tests) > 1]
        return [*several, *(self.lower(child) for child in children if child not in joined)]

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
        found = matching(scan, self.table, self.alias)
        if not scan.residual:
            return found
        checked = and_([self._scan(test) for test in scan.residual])
        return and_([found, or_([negate(is_multikey(scan.index, self.table)), checked])])

    def _in_view(self, test: Leaf) -> Condition:
        assert self.view is not None
        condition = self.view.condition(test)
        assert condition is not None
        return condition

    def _scan(self, *tests: Leaf) -> Condition:
        """One of the tests, which are on the same field, holds for the record or element itself."""
        field = tests[0].field
        if field.kind is ANY:
            return self._scan_any(tests)
        if not field.kind.mixed:
            return or_([_lowered(test, Value(lambda: self._column(field))) for test in tests])
        return self._look_inside(tests)

    def _look_inside(self, tests: Sequence[Leaf]) -> Condition:
        """One of the tests, which are on the same field, holds for JSON."""
        field = tests[0].field

        def condition(value: Value) -> Condition:
            self.size.add(len(tests))
            return or_([_lowered(test, value) for test in tests])

        if self.element and not field.steps:
            return condition(row(self.element))  # the element as it is
        if field.strict:
            return condition(self._node(field).value())
        return self._walks(field, traversal(tests[0]), condition)

    def _scan_any(self, tests: Sequence[Leaf]) -> Condition:
        """The same for an Any column: its texts, and its other values, are one range of the column's index each."""
        first = tests[0]
        field, for_null = first.field, (first.operator, first.form) == ('$eq', 'null')
        if first.operator == '$exists' and not field.steps:
            return is_not_null(self._column(field))
        inside = self._opened(field, self._look_inside(tests))
        if field.steps and for_null:
            return case((is_other(self._column(field)), inside), default=exp.true())  # in a text there is nothing
        others = and_([among_others(self._column(field)), inside])
        if for_null:
            return or_([is_null(self._column(field)), others])
        return or_([*(self._of_text([test]) for test in tests if is_for_text(test)), others])

    def _all_of_any(self, tests: list[Leaf]) -> Condition:
        """All of the tests, which are for text, hold; written so that one search of the column's index finds the texts."""
        field = tests[0].field
        inside = self._opened(field, and_([self._look_inside([test]) for test in tests]))
        return or_([self._of_text(tests), and_([among_others(self._column(field)), inside])])

    def _opened(self, field: Field, inside: exp.Expr) -> exp.Expr:
        """A condition on JSON that is not evaluated for texts of an Any column: SQLite may reorder the terms of an AND."""
        return case((is_other(self._column(field)), inside)) if field.kind is ANY else inside

    def _of_text(self, tests: list[Leaf]) -> Condition:
        """An Any column holds text that passes all the tests."""
        stored = partial(self._column, tests[0].field)
        return and_([*(_lowered(test, Value(stored)) for test in tests), *bounds_of_texts(tests, stored)])

    def _column(self, field: Field) -> exp.Expr:
        if field.column is None:
            return exp.column('key', self.element)  # the element's name or position
        return column(field.column, self.table.name)

    def _node(self, field: Field) -> JsonRef:
        """Where a strict path leads."""
        node = self._root(field)
        for step in field.steps:
            node = node.child(encode_key(step))
        return node

    def _root(self, field: Field) -> JsonRef:
        if field.kind is ANY:
            return opened(lambda: self._column(field))
        return JsonRef(lambda: exp.column('value', self.element) if self.element else self._column(field))

    def _every(self, every: AllElements) -> Condition:
        alias = self.alias()
        inside = replace(self, element=alias)
        members = table_function('json_each', self._node(every.field).place(), alias)
        every_one = exp.Not(this=exists([members], negate(inside.lower(every.predicate))))
        return self._opened(every.field, every_one)

    def _walks(
        self, field: Field, offers: tuple[LeafArrays, ...], condition: Callable[[Value], Condition]
    ) -> Condition:
        start, steps = self._start(field)
        self.size.add(len(steps) * len(offers))
        return or_([PathLowering(start, steps, seen, condition, self.alias).condition() for seen in offers])

    def _start(self, field: Field) -> tuple[JsonRef, tuple[str, ...]]:
        """The start and the steps of a walk to the field; within an element the walk starts at the element's field."""
        if not self.element:
            return self._root(field), field.steps
        return self._field(self._root(field), field.steps[0]), field.steps[1:]

    def _field(self, element: JsonRef, name: str) -> JsonRef:
        """A field of the element; an array's are its positions."""
        if not is_index(name):
            return element.child(encode_key(name))
        in_array = exp.EQ(this=exp.column('type', self.element), expression=text('array'))
        by_type = ((in_array, text(f'$[{name}]')),)
        return replace(element, start=lambda: case(*by_type, default=text(f'$."{name}"')))

    def _each(self, test: Leaf) -> Condition:
        """The test holds for every value of the list in its slot."""
        alias, (listed,) = self.alias(), test.params
        one = self._scan(test)
        for operand in [found for found in one.find_all(exp.Placeholder) if found.name == listed]:
            operand.replace(exp.column('value', alias))
        return exp.Not(this=exists([table_function('json_each', [param(listed)], alias)], negate(one)))

    def _some(self, some: ElemMatch) -> Condition:
        def condition(value: Value) -> Condition:
            alias = self.alias()
            here = self._within(alias, some)
            if self.element:
                # This takes one level less of SQLite's expressions, for elements within elements.
                return exists([table_function('json_each', [value.when_array(value.sql)], alias)], here)
            return value.when_array(exists([table_function('json_each', [value.sql], alias)], here))

        if self.element and not some.field.steps:
            return condition(row(self.element))
        if self.element and len(some.field.steps) > 1:
            return self._some_on_the_way(some)
        found = self._opened(some.field, self._walks(some.field, (LeafArrays(elements=False),), condition))
        return and_([among_others(self._column(some.field)), found]) if some.field.kind is ANY else found

    def _some_on_the_way(self, some: ElemMatch) -> Condition:
        """The same in one condition: one for arrays and another one for other values would double the SQL with each level."""
        start, steps = self._start(some.field)
        self.size.add(len(steps))
        tables, last = PathLowering(start, steps, LeafArrays(elements=False), Value.is_object, self.alias).rows()
        alias = self.alias()
        elements = row(last).when_array(exp.column('value', last))
        return exists([*tables, table_function('json_each', [elements], alias)], self._within(alias, some))

    def position(self, predicate: Predicate) -> exp.Expr:
        """See `lower_positions`."""
        if not isinstance(predicate, ElemMatch):
            return exp.null()
        node, alias = self._node(predicate.field), self.alias()
        elements = table_function('json_each', node.place(), alias)
        found = select([exp.column('key', alias)], [elements], self._within(alias, predicate))
        position = node.value().when_array(exp.Subquery(this=found))  # of which SQLite takes the first row
        return self._opened(predicate.field, position)

    def _within(self, alias: str, some: ElemMatch) -> Condition:
        inside = replace(self, element=alias)
        if not some.query:
            return inside.lower(some.predicate)
        value = row(alias)
        document = or_([value.is_object(), one_of(value.json_type, ('array',))])
        # Only then may JSON functions look into its text.
        return case((document, inside.lower(some.predicate)))


def _lowered(test: Leaf, value: Value) -> Condition:
    lowering = LOWERINGS.get(test.operator) or SCHEMA_TESTS[test.operator]
    return lowering(replace(value, collation=test.collation), test.form, test.params)
