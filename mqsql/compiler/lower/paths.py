"""Paths into Documents as SQL: a test holds if it holds for one of the values that the path offers.

Most paths meet no array; then the value is at the path and is tested there. An array at the path's end offers its
elements; arrays on the way are unnested by a chain of json_each, one for each step. One CASE distinguishes the three:

    CASE WHEN json_type(header, '$.a.b') = 'array'            THEN EXISTS(… each element of it …)
         WHEN 'array' IN (json_type(header), json_type(header, '$.a')) THEN EXISTS(… the chain …)
         ELSE … the value at header ->> '$.a.b' … END

Which values a path offers is MongoDB's rule (src/mongo/db/matcher/path.cpp); `Offers` says what a test wants to see of them.
"""

from collections.abc import Callable
from dataclasses import dataclass

from sqlglot import exp

from mqsql.compiler.lower.sql import (
    Condition,
    JsonRef,
    Value,
    and_,
    case,
    exists,
    func,
    is_not_null,
    is_tagged,
    one_of,
    or_,
    row,
    table_function,
    text,
)
from mqsql.compiler.tree.traversal import LeafArrays
from mqsql.values.codec import encode_key
from mqsql.values.paths import is_index


@dataclass(frozen=True)
class PathLowering:
    """A walk along `steps` from `start`; `test` makes the condition on a value, `alias` names the next json_each."""

    start: JsonRef
    steps: tuple[str, ...]
    offers: LeafArrays
    test: Callable[[Value], Condition]
    alias: Callable[[], str]

    def condition(self) -> Condition:
        """The test holds for one of the values offered."""
        nodes = [self.start]
        for step in self.steps:
            nodes.append(nodes[-1].child(encode_key(step)))
        *way, end = nodes
        branches: list[tuple[Condition, exp.Expr]] = []
        if self.offers.elements:
            branches.append((exp.EQ(this=end.type(), expression=text('array')), self._elements(end)))
        if way:
            branches.append((holds_array(way), self._chain()))
        return case(*branches, default=self.test(end.value()))

    def rows(self) -> tuple[list[exp.Table], str]:
        """The values offered as rows of the last of these tables, whose alias comes with them."""
        return self._tables(known=False)

    def _elements(self, end: JsonRef) -> Condition:
        alias = self.alias()
        return exists([table_function('json_each', end.place(), alias)], self.test(row(alias)))

    def _chain(self) -> Condition:
        tables, alias = self._tables(known=True)
        return exists(tables, self.test(row(alias)))

    def _tables(self, *, known: bool) -> tuple[list[exp.Table], str]:
        """One json_each a step, each over the objects that the step can be taken from, the last over what is offered.

        `known` says that one of the values on the way is an array.
        """
        tables = []
        node = self.start
        guard: Callable[[exp.Expr], exp.Expr] = _unguarded
        for i, step in enumerate(self.steps):
            alias = self.alias()
            last = i == len(self.steps) - 1
            # Where there is but one step, that is the array that it is taken from.
            only = known and last and i == 0
            source = self._array(node, step, last) if only else guard(self._objects(node, step, last))
            tables.append(table_function('json_each', [source], alias))
            node, guard = _column(alias).child(encode_key(step)), self._guard(alias)
        alias = self.alias()
        tables.append(table_function('json_each', [guard(self._offered(node))], alias))
        return tables, alias

    def _guard(self, alias: str) -> Callable[[exp.Expr], exp.Expr]:
        """Only an object's text may be given to JSON functions, and only objects offer anything from inside an array."""

        def guard(source: exp.Expr) -> exp.Expr:
            is_object: Condition = exp.EQ(this=exp.column('type', alias), expression=text('object'))
            if self.offers.missing:
                is_object = exp.And(this=is_object, expression=exp.Not(this=is_tagged(exp.column('value', alias))))
            return case((is_object, source))

        return guard

    def _objects(self, node: JsonRef, step: str, last: bool) -> exp.Expr:
        """A JSON array of what `step` is taken from: an array's elements, or the one value here."""
        array = exp.If(this=text('array'), true=self._array(node, step, last))
        alone = listed(node.text())
        if self.offers.missing:
            # A value that is not an object lacks every field, like an empty object.
            lacking = or_([exp.NullSafeNEQ(this=node.type(), expression=text('object')), is_tagged(node.text())])
            alone = case((lacking, text('[{}]')), default=alone)
        return exp.Case(this=node.type(), ifs=[array], default=alone)

    def _array(self, node: JsonRef, step: str, last: bool) -> exp.Expr:
        """The array here, as a step is taken from it."""
        return self._indexed(node, step, last) if is_index(step) else node.text()

    def _indexed(self, node: JsonRef, step: str, last: bool) -> exp.Expr:
        """The array, and behind it an object that has under `step` the element at that index."""
        element = node.index(step)
        there = is_not_null(element.type())
        if not last:
            # A scalar there offers nothing for the rest of the path.
            there = one_of(element.type(), ('object', 'array'))
            if self.offers.missing:
                there = and_([there, exp.Not(this=is_tagged(element.text()))])
        # At the end of a path the element is offered whole, so an array must not be spread.
        whole = func('json_array', element.text()) if last and self.offers.elements else element.text()
        keyed = func('json_object', text(encode_key(step)), whole)
        return case((there, func('json_insert', node.text(), text('$[#]'), keyed)), default=node.text())

    def _offered(self, node: JsonRef) -> exp.Expr:
        """A JSON array of the values that the node offers at the end of the path."""
        value = func('coalesce', node.text(), text('null')) if self.offers.missing else node.text()
        if not self.offers.elements:
            return listed(value)
        return exp.Case(this=node.type(), ifs=[exp.If(this=text('array'), true=node.text())], default=listed(value))


def _unguarded(source: exp.Expr) -> exp.Expr:
    return source


def _column(alias: str) -> JsonRef:
    return JsonRef(lambda: exp.column('value', alias))


def listed(json: exp.Expr) -> exp.Expr:
    """A JSON array of one; NULL for what is missing."""
    # -> binds as || does, from the left.
    inner = exp.Paren(this=json) if isinstance(json, exp.JSONExtract) else json
    return exp.DPipe(this=exp.DPipe(this=text('['), expression=inner), expression=text(']'))


def holds_array(nodes: list[JsonRef]) -> Condition:
    """One of the values is an array."""
    types = [node.type() for node in nodes]
    if len(types) == 1:
        return exp.EQ(this=types[0], expression=text('array'))
    return exp.In(this=text('array'), expressions=types)
