"""The SQL of $regex and $glob."""

from __future__ import annotations

from mqsql.compiler.dialect.json import JsonType
from mqsql.compiler.lower.sql import Condition, param
from mqsql.compiler.lower.values import Value
from mqsql.compiler.tree.params import OperandType


def lower_regex(value: Value, form: OperandType, params: tuple[str, ...]) -> Condition:
    """SQL of $regex: no database has Python's regular expressions, so a function of the connection."""
    options, pattern = map(param, params)
    return value.of_type((JsonType.STRING,), value.words.call('mqsql_regex', options, pattern, value.text()))


def lower_glob(value: Value, form: OperandType, params: tuple[str, ...]) -> Condition:
    """SQL of $glob."""
    return value.of_type((JsonType.STRING,), value.words.glob(value.text(), form, param(params[0])))
