"""The pieces of SQL that operators are lowered to: connectives, JSON vocabulary, and Value.

Every helper returns a fresh sqlglot tree. A condition may be NULL, which counts as false; `negated` alone turns it round,
by a form that takes NULL as false, so that De Morgan's laws hold on every row.
"""

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from functools import reduce
from typing import TypeAlias

from sqlglot import exp

from mqsql.compiler.lower.keywords import KEYWORDS
from mqsql.values.collation import Collation

Condition: TypeAlias = exp.Expr

_PLAIN_NAME = re.compile(r'[a-z_][a-z0-9_]*', re.IGNORECASE | re.ASCII)
_HIDING = re.compile(
    'key[0-9]*|value[0-9]*|type|atom|id|parent|fullkey|path|json|root|rowid|record|rank[0-9]*|there[0-9]*', re.I
)
"""The columns of json_each and of the tables of indexes."""
_BRANCHES = 50  # SQLite reads a chain of connectives as a tree as deep as the chain, and stops at 1,000

# --- words


def text(value: str) -> exp.Expr:
    """A text literal, of the compiler's own words or of a path; never of an operand."""
    return exp.Literal.string(value)


def number(value: int) -> exp.Expr:
    """An integer literal."""
    return exp.Literal.number(value)


def param(name: str) -> exp.Expr:
    """The place of a parameter."""
    return exp.Placeholder(this=name)


def identifier(name: str) -> exp.Identifier:
    """A name, quoted where it must be."""
    plain = _PLAIN_NAME.fullmatch(name) and name.lower() not in KEYWORDS
    return exp.Identifier(this=name, quoted=not plain)


def column(name: str, table: str) -> exp.Column:
    """A column of the searched table; its table is named only where json_each or an index would hide it."""
    qualifier = identifier(table) if _HIDING.fullmatch(name) else None
    return exp.Column(this=identifier(name), table=qualifier)


def alias(value: exp.Expr, name: str) -> exp.Alias:
    """A value with a name of the compiler's own."""
    return exp.Alias(this=value, alias=exp.to_identifier(name))


def func(function: str, *arguments: exp.Expr) -> exp.Expr:
    """A function call."""
    return exp.Anonymous(this=function, expressions=list(arguments))


def table_function(function: str, arguments: list[exp.Expr], alias: str | None = None) -> exp.Table:
    """A table-valued function in a FROM clause."""
    named = exp.TableAlias(this=exp.to_identifier(alias)) if alias else None
    return exp.Table(this=func(function, *arguments), alias=named)


def select(columns: list[exp.Expr], tables: Sequence[exp.Expr], where: Condition | None = None) -> exp.Select:
    """SELECT columns FROM tables WHERE condition."""
    return exp.Select(
        expressions=columns,
        from_=exp.From(this=tables[0]),
        joins=[exp.Join(this=t) for t in tables[1:]],
        where=exp.Where(this=where) if where else None,
    )


def subquery(columns: list[exp.Expr], tables: list[exp.Table]) -> exp.Subquery:
    """The same of all rows, as a value in parentheses."""
    return exp.Subquery(this=select(columns, tables))


def exists(tables: list[exp.Table], where: Condition | None = None) -> Condition:
    """Whether the tables have a row that satisfies the condition."""
    return exp.Exists(this=select([number(1)], tables, where))


def case(*branches: tuple[Condition, exp.Expr], default: exp.Expr | None = None) -> exp.Expr:
    """CASE WHEN … THEN …; a single default is returned as it is."""
    if not branches and default is not None:
        return default
    return exp.Case(ifs=[exp.If(this=when, true=then) for when, then in branches], default=default)


def one_of(value: exp.Expr, words: Sequence[str]) -> Condition:
    """The value is one of the literals."""
    if len(words) == 1:
        # SQLite puts what a column equals by = into the other terms of an AND, where a CASE then guards nothing by its type.
        same = exp.NullSafeEQ if isinstance(value, exp.Column) else exp.EQ
        return same(this=value, expression=text(words[0]))
    return exp.In(this=value, expressions=[text(w) for w in words])


# --- connectives


def and_(conditions: list[Condition]) -> Condition:
    """AND of the conditions, TRUE for none."""
    return _chain(exp.And, conditions) if conditions else exp.true()


def or_(conditions: list[Condition]) -> Condition:
    """OR of the conditions, FALSE for none."""
    return _chain(exp.Or, conditions) if conditions else exp.false()


def _chain(connective: type[exp.Connector], conditions: list[Condition]) -> Condition:
    if len(conditions) > _BRANCHES:
        middle = len(conditions) // 2
        halves = [_chain(connective, half) for half in (conditions[:middle], conditions[middle:])]
        return connective(this=exp.Paren(this=halves[0]), expression=exp.Paren(this=halves[1]))
    first, *rest = conditions if len(conditions) == 1 else [_wrapped(connective, c) for c in conditions]
    for condition in rest:
        first = connective(this=first, expression=condition)
    return first


def _wrapped(connective: type[exp.Connector], condition: Condition) -> Condition:
    other = isinstance(condition, exp.Connector) and not isinstance(condition, connective)
    return exp.Paren(this=condition) if other else condition


def count_true(conditions: list[Condition]) -> exp.Expr:
    """How many of the conditions hold."""
    if len(conditions) > _BRANCHES:
        middle = len(conditions) // 2
        terms: list[exp.Expr] = [
            exp.Paren(this=count_true(half)) for half in (conditions[:middle], conditions[middle:])
        ]
    else:
        terms = [exp.Paren(this=_known(condition)) for condition in conditions]
    return reduce(_sum, terms)


def _known(condition: Condition) -> Condition:
    """The condition as one that is never NULL."""
    never_null = isinstance(condition, exp.Is | exp.Exists)
    return condition if never_null else exp.Is(this=exp.Paren(this=condition), expression=exp.true())


def _sum(left: exp.Expr, right: exp.Expr) -> exp.Expr:
    return exp.Add(this=left, expression=right)


def negate(condition: Condition) -> Condition:
    """The condition is false or NULL. Operands and literals are never NULL."""
    match condition:
        case exp.Is(this=value, expression=exp.Null()):
            return is_not_null(value)
        case exp.Is(this=value, expression=exp.Not(this=exp.Null())):
            return is_null(value)
        case exp.EQ(this=left, expression=right) | exp.NullSafeEQ(this=left, expression=right):
            return exp.NullSafeNEQ(this=left, expression=right)
    return exp.Is(this=exp.Paren(this=condition), expression=exp.Not(this=exp.true()))


def is_null(value: exp.Expr) -> Condition:
    """The value is NULL."""
    return exp.Is(this=value, expression=exp.null())


def is_not_null(value: exp.Expr) -> Condition:
    """The value is not NULL."""
    return exp.Is(this=value, expression=exp.Not(this=exp.null()))


# --- JSON


def is_tagged(json: exp.Expr) -> Condition:
    """An object's text shows that it stands for a date, binary or number; a stored key never begins with one $."""
    return exp.Glob(this=json, expression=text('{"$[^$]*'))


@dataclass(frozen=True)
class JsonRef:
    """A place inside a JSON text: the text's expression, made again for each use, and the path from there.

    `start` makes the beginning of the path where only the row tells it, in place of the $.
    """

    json: Callable[[], exp.Expr]
    path: str = '$'
    start: Callable[[], exp.Expr] | None = None

    def child(self, key: str) -> 'JsonRef':
        """The value under an object's (encoded) key; nothing where an array is."""
        # A JSON path names a key as JSON text does, and SQLite compares the two as text.
        step = key if _PLAIN_NAME.fullmatch(key) else json_label(key)
        return replace(self, path=f'{self.path}.{step}')

    def index(self, position: str) -> 'JsonRef':
        """An array's element."""
        return replace(self, path=f'{self.path}[{position}]')

    def _where(self) -> exp.Expr | None:
        if self.start is None:
            return text(self.path) if self.path != '$' else None
        further = self.path.removeprefix('$')
        return exp.Paren(this=exp.DPipe(this=self.start(), expression=text(further))) if further else self.start()

    def type(self) -> exp.Expr:
        """Its JSON type, NULL where it is missing."""
        return func('json_type', *self.place())

    def place(self) -> list[exp.Expr]:
        """The arguments by which SQLite's JSON functions find it."""
        where = self._where()
        return [self.json()] if where is None else [self.json(), where]

    def text(self) -> exp.Expr:
        """It as JSON text."""
        where = self._where()
        return self.json() if where is None else exp.JSONExtract(this=self.json(), expression=where)

    def scalar(self) -> exp.Expr:
        """It as an SQL value; objects and arrays as JSON text."""
        where = self._where()
        return self.json() if where is None else exp.JSONExtractScalar(this=self.json(), expression=where)

    def value(self) -> 'Value':
        """It as what operators test."""
        return Value(self.scalar, self.type)


def json_label(key: str) -> str:
    """An encoded key as in JSON text, in quotes."""
    escaped = key.replace('\\', '\\\\')
    return '"' + re.sub(r'[\x00-\x1f]', lambda c: _SHORT.get(c[0]) or f'\\u{ord(c[0]):04x}', escaped) + '"'


_SHORT = {'\b': '\\b', '\t': '\\t', '\n': '\\n', '\f': '\\f', '\r': '\\r'}


@dataclass(frozen=True)
class Value:
    """A value under test: its SQL and, where it comes out of a Document, its JSON type. A typed column has no type to check.

    `collation` says how it compares with texts.
    """

    make: Callable[[], exp.Expr]
    make_type: Callable[[], exp.Expr] | None = None
    there: bool = False  # it is never missing
    collation: Collation | None = None

    @property
    def sql(self) -> exp.Expr:
        """The value, NULL where it is missing."""
        return self.make()

    @property
    def type(self) -> exp.Expr | None:
        """The JSON type; None for a typed column."""
        return self.make_type() if self.make_type else None

    @property
    def json_type(self) -> exp.Expr:
        """The JSON type of a value that comes out of a Document."""
        assert self.make_type is not None
        return self.make_type()

    def of_type(self, types: Sequence[str], condition: Condition) -> Condition:
        """The condition, for values of these JSON types only; a typed column has but one type."""
        if self.make_type is None:
            return condition
        return and_([one_of(self.json_type, types), condition])

    def when_array(self, condition: Condition) -> Condition:
        """The condition, evaluated for arrays only: SQLite may take the terms of an AND in any order, those of a CASE never."""
        return case((one_of(self.json_type, ('array',)), condition))

    def tagged(self, tag: str, condition: Condition | None = None) -> Condition:
        """It is stored under this tag, and the condition holds."""
        return self._object_like(exp.Glob(this=self.sql, expression=text(f'{{"{tag}"*')), condition)

    def is_object(self, condition: Condition | None = None) -> Condition:
        """It is an object, and none that stands for another type, and the condition holds."""
        return self._object_like(exp.Not(this=is_tagged(self.sql)), condition)

    def _object_like(self, shape: Condition, condition: Condition | None) -> Condition:
        return self.of_type(('object',), and_([shape, *([condition] if condition else [])]))


def row(alias: str) -> Value:
    """The value of a row of json_each."""
    return Value(lambda: exp.column('value', alias), lambda: exp.column('type', alias), there=True)
