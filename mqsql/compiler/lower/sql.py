"""The pieces of SQL that all dialects share: names, literals, connectives, SELECT.

Every helper returns a fresh sqlglot tree. A condition may be NULL, which counts as false; `negate` alone negates it,
by a form that takes NULL as false, so that De Morgan's laws hold on every row.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from functools import reduce
from typing import TypeAlias

from sqlglot import exp

Condition: TypeAlias = 'exp.Expr'

_FROM = 'from_' if 'from_' in exp.Select.arg_types else 'from'
"""The argument of a FROM clause, which had another name before version 28 of sqlglot."""

_HIDING = re.compile(
    'key[0-9]*|value[0-9]*|type|atom|id|parent|fullkey|path|json|root|rowid|record|type_rank[0-9]*|present[0-9]*', re.I
)
"""The columns of json_each and of the tables of indexes."""
_BRANCHES = 50  # SQLite reads a chain of connectives as a tree as deep as the chain, and stops at 1,000

# --- words


def text(value: str) -> exp.Expr:
    """A text literal, of the compiler's own words or of a path; never of an operand."""
    return exp.Literal.string(value)


def number(value: int) -> exp.Expr:
    """An integer literal."""
    return exp.Literal(this=str(value), is_string=False) if value >= 0 else exp.Literal.number(value)


def param(name: str) -> exp.Expr:
    """The place of a parameter."""
    return exp.Placeholder(this=name)


def nested(made: exp.Expr) -> exp.Expr:
    """An operand of an operator, in parentheses if it has an operator itself."""
    return exp.Paren(this=made) if isinstance(made, exp.Binary | exp.Unary | exp.In | exp.Between) else made


def identifier(name: str) -> exp.Identifier:
    """The name of a table or column, which the printer quotes where it must be; see `quoted_name`."""
    return exp.Identifier(this=name)


def column(name: str, table: str) -> exp.Column:
    """A column of the searched table; its table is named only where json_each or an index would hide it."""
    qualifier = identifier(table) if _HIDING.fullmatch(name) else None
    return exp.Column(this=identifier(name), table=qualifier)


def own_name(name: str) -> exp.Identifier:
    """A name of the compiler's own, which is plain."""
    return exp.Identifier(this=name, quoted=False)


def own_column(name: str, table: str | None = None) -> exp.Column:
    """A column of such a name, of a table of such a name."""
    return exp.Column(this=own_name(name), table=own_name(table)) if table else exp.Column(this=own_name(name))


def alias(value: exp.Expr, name: str) -> exp.Alias:
    """A value with a name of the compiler's own."""
    return exp.Alias(this=value, alias=own_name(name))


def func(function: str, *arguments: exp.Expr) -> exp.Expr:
    """A function call."""
    return exp.Anonymous(this=function, expressions=list(arguments))


def table_function(function: str, arguments: list[exp.Expr], alias: str | None = None) -> exp.Table:
    """A table-valued function in a FROM clause."""
    named = exp.TableAlias(this=own_name(alias)) if alias else None
    return exp.Table(this=func(function, *arguments), alias=named)


def named_table(name: str) -> exp.Table:
    """A table in a FROM clause."""
    return exp.Table(this=identifier(name))


def limited(statement: exp.Select, most: exp.Expr) -> exp.Select:
    """The SELECT itself, of so many rows at most."""
    statement.set('limit', exp.Limit(expression=most))
    return statement


def select(columns: list[exp.Expr], tables: Sequence[exp.Expr], where: Condition | None = None) -> exp.Select:
    """SELECT columns FROM tables WHERE condition."""
    return exp.Select(
        expressions=columns,
        **{_FROM: exp.From(this=tables[0])},
        joins=[exp.Join(this=t) for t in tables[1:]],
        where=exp.Where(this=where) if where else None,
    )


def subquery(columns: list[exp.Expr], tables: list[exp.Table]) -> exp.Subquery:
    """The same of all rows, as a value in parentheses."""
    return exp.Subquery(this=select(columns, tables))


def case(*branches: tuple[Condition, exp.Expr], default: exp.Expr | None = None) -> exp.Expr:
    """CASE WHEN … THEN …; a single default is returned as it is."""
    if not branches and default is not None:
        return default
    return exp.Case(ifs=[exp.If(this=when, true=then) for when, then in branches], default=default)


def ordered(value: exp.Expr, descending: bool) -> exp.Expr:
    """One term of an ORDER BY."""
    return exp.Ordered(this=value, desc=descending or None, nulls_first=not descending)


# --- connectives


def and_(conditions: list[Condition]) -> Condition:
    """AND of the conditions, TRUE for none."""
    if len(conditions) == 1:
        return conditions[0]
    return _chain(exp.And, conditions) if conditions else exp.true()


def or_(conditions: list[Condition]) -> Condition:
    """OR of the conditions, FALSE for none."""
    if len(conditions) == 1:
        return conditions[0]
    return _chain(exp.Or, conditions) if conditions else exp.false()


def _chain(connective: type[exp.Connector], conditions: list[Condition]) -> Condition:
    if len(conditions) > _BRANCHES:
        middle = len(conditions) // 2
        halves = [_chain(connective, half) for half in (conditions[:middle], conditions[middle:])]
        return connective(this=exp.Paren(this=halves[0]), expression=exp.Paren(this=halves[1]))
    first, *rest = [_wrapped(connective, condition) for condition in conditions]
    for condition in rest:
        first = connective(this=first, expression=condition)
    return first


def _wrapped(connective: type[exp.Connector], condition: Condition) -> Condition:
    other = isinstance(condition, exp.Connector) and not isinstance(condition, connective)
    return exp.Paren(this=condition) if other else condition


def count_true(conditions: list[Condition], as_number: Callable[[Condition], exp.Expr]) -> exp.Expr:
    """How many of the conditions hold; each, never NULL, is made a number."""
    if len(conditions) > _BRANCHES:
        middle = len(conditions) // 2
        terms: list[exp.Expr] = [
            exp.Paren(this=count_true(half, as_number)) for half in (conditions[:middle], conditions[middle:])
        ]
    else:
        terms = [as_number(exp.Paren(this=_known(condition))) for condition in conditions]
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


def none(condition: Condition) -> Condition:
    """No value of a loop satisfies what the condition asks one to satisfy."""
    return exp.Not(this=condition) if isinstance(condition, exp.Exists) else negate(condition)


def is_null(value: exp.Expr) -> Condition:
    """The value is NULL."""
    return exp.Is(this=value, expression=exp.null())


def is_not_null(value: exp.Expr) -> Condition:
    """The value is not NULL."""
    return exp.Is(this=value, expression=exp.Not(this=exp.null()))
