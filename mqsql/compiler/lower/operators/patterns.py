"""The SQL of $regex and $glob."""

from __future__ import annotations

from sqlglot import exp

from mqsql.compiler.dialect.json import JsonType
from mqsql.compiler.lower.sql import Condition, and_, param
from mqsql.compiler.lower.values import Value
from mqsql.compiler.tree.params import OperandType


def lower_regex(value: Value, form: OperandType, params: tuple[str, ...]) -> Condition:
    """SQL of $regex: a range for a prefix, else a function of the connection: no database has PCRE2's expressions."""
    if form is OperandType.PREFIX:
        first, end = map(param, params)
        begins: list[Condition] = [
            exp.GTE(this=value.text(), expression=first),
            exp.LT(this=value.text(), expression=end),
        ]
        return value.of_type((JsonType.STRING,), and_(begins))
    options, pattern = map(param, params)
    return value.of_type((JsonType.STRING,), value.words.call('mqsql_regex', options, pattern, value.text()))


def lower_glob(value: Value, form: OperandType, params: tuple[str, ...]) -> Condition:
    """SQL of $glob."""
    return value.of_type((JsonType.STRING,), value.words.glob(value.text(), form, param(params[0])))
