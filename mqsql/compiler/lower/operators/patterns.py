"""The SQL of $regex and $glob."""

from sqlglot import exp

from mqsql.compiler.lower.sql import Condition, Value, func, number, param, text


def lower_regex(value: Value, form: str, params: tuple[str, ...]) -> Condition:
    """SQL of $regex: SQLite has no regular expressions, so a function of the connection."""
    return value.of_type(('text',), func('mqsql_regex', param(params[0]), param(params[1]), value.sql))


def lower_glob(value: Value, form: str, params: tuple[str, ...]) -> Condition:
    """SQL of $glob; where the pattern counts characters, pairs that encode one character are first made one."""
    if form == 'function':
        return value.of_type(('text',), func('mqsql_glob', param(params[0]), value.sql))
    subject = characters(value.sql) if form == 'characters' else value.sql
    return value.of_type(('text',), exp.Glob(this=subject, expression=param(params[0])))


def characters(stored: exp.Expr) -> exp.Expr:
    """Stored text with one code point for each of its characters: the leads of pairs are taken out."""
    for lead in (1, 0xD7FF):
        stored = func('replace', stored, func('char', number(lead)), text(''))
    return stored
