"""Paths into Documents as SQL: a test holds if it holds for one of the values that the path offers.

Most paths meet no array; then the value is at the path and is tested there. An array at the path's end offers its
elements; arrays on the way are unnested by a chain of loops, one for each step. One CASE distinguishes the three, in SQLite:

    CASE WHEN json_type(header, '$.a.b') = 'array'            THEN EXISTS(… each element of it …)
         WHEN 'array' IN (json_type(header), json_type(header, '$.a')) THEN EXISTS(… the chain …)
         ELSE … the value at header ->> '$.a.b' … END

Where a test is of values of one type, as are those of strings and dates, that type is looked for next, so that arrays on the
way are looked for only where nothing is at the path:

    CASE json_type(header, '$.a.b') WHEN 'array' THEN EXISTS(…) WHEN 'text' THEN … header ->> '$.a.b' …
         ELSE CASE WHEN … an array on the way has elements … THEN EXISTS(… the chain …) END END

A date has a text of its own, which nothing else has; so even its type is asked for only where there is none:

    coalesce(header ->> '$.a.b."$date"' >= …, CASE json_type(header, '$.a.b') WHEN 'array' THEN … ELSE … END)

Which values a path offers is MongoDB's rule (src/mongo/db/matcher/path.cpp); `LeafArrays` says which of them a test sees.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from sqlglot import exp

from mqsql.compiler.dialect.json import Element, JsonRef, JsonType, Loop
from mqsql.compiler.dialect.words import Words
from mqsql.compiler.lower.sql import Condition, and_, case, func, is_not_null, or_
from mqsql.compiler.lower.values import JsonValue
from mqsql.compiler.tree.traversal import LeafArrays
from mqsql.values.codec import encode_key
from mqsql.values.paths import is_index

Test = Callable[[JsonValue], Condition]
"""Makes the condition on a value."""


@dataclass(frozen=True)
class PathLowering:
    """A walk along `steps` from `start`; `tests` make the conditions on a value, `alias` names the next loop."""

    words: Words
    start: JsonRef
    steps: tuple[str, ...]
    offers: LeafArrays
    tests: Sequence[Test]
    alias: Callable[[], str]
    known: Callable[[JsonRef], Condition] | None = None
    """Makes what all tests say of a value that is no array, NULL where they do not hold for it because of its type."""

    def condition(self) -> Condition:
        """Each of the tests holds for one of the values offered."""
        refs = [self.start]
        for step in self.steps:
            refs.append(refs[-1].child(encode_key(step)))
        *way, end = refs
        if self.known is not None:
            return func('coalesce', self.known(end), self._of_arrays(way, end))
        there = [test(JsonValue(self.words, end)) for test in self.tests]
        return self._by_type(way, end, there) or and_(
            [self._by_array(way, end, *one) for one in zip(self.tests, there, strict=True)]
        )

    def _by_array(self, way: list[JsonRef], end: JsonRef, test: Test, there: Condition) -> Condition:
        """The test holds for one of the values offered; the condition is that for the value at the path."""
        branches: list[tuple[Condition, exp.Expr]] = []
        if self.offers.elements:
            branches.append((self._has_type(end, JsonType.ARRAY), self._elements(end, test)))
        if way:
            branches.append((self.words.any_array(way), self._exists(self._loops(known=True), test)))
        return case(*branches, default=there)

    def _by_type(self, way: list[JsonRef], end: JsonRef, there: list[Condition]) -> Condition | None:
        """The same for all tests, whose conditions are given, if these are of values of one type that is there."""
        kind = self.words.type_of(end)
        parts = [
            [*condition.flatten(unnest=False)] if isinstance(condition, exp.And) else [condition] for condition in there
        ]
        names = [first.expression for first, *_ in parts if isinstance(first, exp.EQ) and first.this == kind]
        if self.offers.missing or len(names) < len(parts) or any(name != names[0] for name in names):
            return None
        there_is = exp.If(this=names[0], true=and_([part for _, *more in parts for part in more]))
        return self._of_arrays(way, end, there_is)

    def _of_arrays(self, way: list[JsonRef], end: JsonRef, *others: exp.If) -> Condition:
        """The tests hold for elements of arrays, at the end or on the way; the others are of other types at the end."""
        ifs = list(others)
        if self.offers.elements:
            array = and_([self._elements(end, test) for test in self.tests])
            ifs.insert(0, exp.If(this=self.words.type_name(JsonType.ARRAY), true=array))
        if not way:
            return exp.Case(this=self.words.type_of(end), ifs=ifs)
        chains = and_([self._exists(self._loops(known=True), test) for test in self.tests])
        on_the_way = case((self.words.any_elements(way), chains))
        return exp.Case(this=self.words.type_of(end), ifs=ifs, default=on_the_way)

    def loops(self) -> list[Loop]:
        """Loops of which the last one is over the values offered."""
        return self._loops(known=False)

    def _elements(self, end: JsonRef, test: Test) -> Condition:
        return self._exists([Loop(Element(self.alias()), self.words.elements(end))], test)

    def _exists(self, loops: list[Loop], test: Test) -> Condition:
        return self.words.exists(loops, test(JsonValue(self.words, self._at(loops[-1].element))))

    def _loops(self, *, known: bool) -> list[Loop]:
        """One loop a step, each over the objects that the step can be taken from, the last over what is offered.

        `known` says that one of the values on the way is an array.
        """
        loops = []
        ref = self.start
        guard: Callable[[exp.Expr], exp.Expr] = _unguarded
        for i, step in enumerate(self.steps):
            element = Element(self.alias())
            last = i == len(self.steps) - 1
            # Where there is but one step, that is the array that it is taken from.
            only = known and last and i == 0
            source = self._array(ref, step, last) if only else guard(self._objects(ref, step, last))
            loops.append(Loop(element, (source,)))
            ref, guard = self._at(element).child(encode_key(step)), self._guard(self._at(element))
        loops.append(Loop(Element(self.alias()), (guard(self._offered(ref)),)))
        return loops

    def _at(self, element: Element) -> JsonRef:
        return JsonRef(lambda: self.words.element(element), element=element)

    def _has_type(self, ref: JsonRef, kind: JsonType) -> Condition:
        return exp.EQ(this=self.words.type_of(ref), expression=self.words.type_name(kind))

    def _guard(self, ref: JsonRef) -> Callable[[exp.Expr], exp.Expr]:
        """Only an object's text may be given to JSON functions, and only objects offer anything from inside an array."""

        def guard(source: exp.Expr) -> exp.Expr:
            is_object = self._has_type(ref, JsonType.OBJECT)
            if self.offers.missing:
                is_object = exp.And(this=is_object, expression=exp.Not(this=self.words.is_tagged(self.words.json(ref))))
            return case((is_object, source))

        return guard

    def _objects(self, ref: JsonRef, step: str, last: bool) -> exp.Expr:
        """A list of what `step` is taken from: an array's elements, or the one value here."""
        words = self.words
        array = exp.If(this=words.type_name(JsonType.ARRAY), true=self._array(ref, step, last))
        alone = words.listed(ref, False)
        if self.offers.missing:
            # A value that is not an object lacks every field, like an empty object.
            no_object = exp.NullSafeNEQ(this=words.type_of(ref), expression=words.type_name(JsonType.OBJECT))
            alone = case((or_([no_object, words.is_tagged(words.json(ref))]), words.nothing()), default=alone)
        return exp.Case(this=words.type_of(ref), ifs=[array], default=alone)

    def _array(self, ref: JsonRef, step: str, last: bool) -> exp.Expr:
        """The array here, as a step is taken from it."""
        return self._indexed(ref, step, last) if is_index(step) else self.words.array(ref)

    def _indexed(self, ref: JsonRef, step: str, last: bool) -> exp.Expr:
        """The array, and after it an object that has under `step` the element at that index."""
        words, element = self.words, ref.index(step)
        present = is_not_null(words.type_of(element))
        if not last:
            # A scalar there offers nothing for the rest of the path.
            present = words.is_type(element, (JsonType.OBJECT, JsonType.ARRAY))
            if self.offers.missing:
                present = and_([present, exp.Not(this=words.is_tagged(words.json(element)))])
        # At the end of a path the element is offered whole, so an array must not be spread.
        whole = last and self.offers.elements
        keyed = words.array_and_field(ref, encode_key(step), element, whole)
        return case((present, keyed), default=words.array(ref))

    def _offered(self, ref: JsonRef) -> exp.Expr:
        """A list of the values that are offered at the end of the path."""
        alone = self.words.listed(ref, self.offers.missing)
        if not self.offers.elements:
            return alone
        array = exp.If(this=self.words.type_name(JsonType.ARRAY), true=self.words.array(ref))
        return exp.Case(this=self.words.type_of(ref), ifs=[array], default=alone)


def _unguarded(source: exp.Expr) -> exp.Expr:
    return source
