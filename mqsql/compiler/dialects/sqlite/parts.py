"""SQL of the part of a Document that a path leads to.

A part is JSON again, of the same form as the Document, so that it is decoded and cut down in the same way. For the path
`error.name`, the first of these that is there:

    {"error":{"name":…}}    the value at the path, where objects alone are on the way
    {"error":{}}            an object without `name`
    {"error":…}             any other value, such as an array, whole
    {}                      an object without `error`
    the Document            where it is no object, or no JSON
"""

from __future__ import annotations

from functools import reduce

import orjson
from sqlglot import exp

from mqsql.compiler.dialect.json import JsonRef, JsonType
from mqsql.compiler.dialect.words import Words
from mqsql.compiler.lower.sql import case, column, func, nested, text
from mqsql.compiler.tree.select import Part
from mqsql.schema import Table
from mqsql.values.codec import encode_key


def select_part(part: Part, table: Table, words: Words) -> exp.Expr:
    """The JSON of a part of a Document; NULL where the column is."""

    def stored() -> exp.Expr:
        return column(part.column, table.name)

    keys = [encode_key(step) for step in part.steps]
    refs = [JsonRef(stored)]
    for key in keys:
        refs.append(refs[-1].child(key))
    *way, end = refs
    ends = [words.json(end), *(_emptied(ref, words) for ref in reversed(way))]
    found = [_within(keys[: len(keys) - i], json) for i, json in enumerate(ends)]
    # It never fails, so a Document that is no JSON costs only itself.
    return case((func('json_valid', stored()), func('coalesce', *found)), default=stored())


def _within(keys: list[str], json: exp.Expr) -> exp.Expr:
    """The JSON under these keys, each in an object of the one before; NULL where it is."""
    if not keys:
        return json
    start, end = ''.join(f'{{{orjson.dumps(key).decode()}:' for key in keys), '}' * len(keys)
    return reduce(_joined, [text(start), nested(json), text(end)])


def _joined(left: exp.Expr, right: exp.Expr) -> exp.Expr:
    return exp.DPipe(this=left, expression=right)


def _emptied(ref: JsonRef, words: Words) -> exp.Expr:
    """The value as JSON, without the fields of an object; NULL where it is missing."""
    is_object, json = words.is_type(ref, [JsonType.OBJECT]), words.json(ref)
    plain = exp.And(this=is_object, expression=exp.Not(this=words.is_tagged(json.copy())))
    return case((plain, text('{}')), default=json)
