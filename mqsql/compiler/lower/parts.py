"""SQL of what a SELECT returns of a column: the column, or the part of a Document that a path leads to.

A part is JSON again, of the same form as the Document, so that it is decoded and cut down in the same way. For the path
`error.name`, the first of these that is there:

    {"error":{"name":…}}    the value at the path, where objects alone are on the way
    {"error":{}}            an object without `name`
    {"error":…}             any other value, such as an array, whole
    {}                      an object without `error`
    the Document            where it is no object, or no JSON
"""

from functools import reduce

from sqlglot import exp

from mqsql.compiler.lower.sql import JsonRef, case, column, func, is_tagged, json_label, text
from mqsql.compiler.tree.select import Part
from mqsql.schema import Table
from mqsql.values.codec import encode_key


def lower_part(part: Part, table: Table) -> exp.Expr:
    """The value of a column, or the JSON of a part of it; NULL where the column is."""

    def stored() -> exp.Expr:
        return column(part.column, table.name)

    if not part.steps:
        return stored()
    keys = [encode_key(step) for step in part.steps]
    refs = [JsonRef(stored)]
    for key in keys:
        refs.append(refs[-1].child(key))
    *way, end = refs
    found = [_within(keys, end.text()), *(_within(keys[:i], _emptied(way[i])) for i in reversed(range(len(way))))]
    # It never fails, so a Document that is no JSON costs only itself.
    return case((func('json_valid', stored()), func('coalesce', *found)), default=stored())


def _within(keys: list[str], json: exp.Expr) -> exp.Expr:
    """The JSON under these keys, each in an object of the one before; NULL where it is."""
    if not keys:
        return json
    start, end = ''.join(f'{{{json_label(key)}:' for key in keys), '}' * len(keys)
    inner = exp.Paren(this=json) if isinstance(json, exp.JSONExtract) else json
    return reduce(_joined, [text(start), inner, text(end)])


def _joined(left: exp.Expr, right: exp.Expr) -> exp.Expr:
    return exp.DPipe(this=left, expression=right)


def _emptied(ref: JsonRef) -> exp.Expr:
    """The value as JSON, without the fields of an object; NULL where it is missing."""
    is_object = exp.EQ(this=ref.type(), expression=text('object'))
    plain = exp.And(this=is_object, expression=exp.Not(this=is_tagged(ref.text())))
    return case((plain, text('{}')), default=ref.text())
