"""Cuts documents down to the fields that dotted keys or a projection ask for."""

from typing import Any

from mqsql.compiler.tree.select import Fields
from mqsql.schema import DOCUMENT, ColumnType
from mqsql.schema.columns import Cut
from mqsql.values.codec import encode_key, is_container

FETCHED_STEPS = 4
"""Steps of a path that a statement takes; each makes its text longer, and values lie deeper only rarely."""


def fetched_path(steps: tuple[str, ...], kind: ColumnType) -> tuple[str, ...]:
    """The steps of a path that a statement takes."""
    return steps[:FETCHED_STEPS] if kind is DOCUMENT else ()


def common_path(fields: Fields) -> tuple[str, ...]:
    """The steps that all paths to the fields have in common.

    Several fields of one object are cut out of it here: SQL that kept them in the order of the document would be slower.
    """
    steps: list[str] = []
    while fields is not None and len(fields) == 1:
        ((step, fields),) = fields.items()
        steps.append(step)
    return tuple(steps)


def cutting(fields: Fields) -> Cut:
    """MongoDB's inclusion, on JSON that is not decoded: only the `fields` of objects, through arrays.

    All other values are left out; the cut of one is None.
    """
    encoded = _encoded(fields)
    return lambda json: _cut(json, encoded)


def _encoded(fields: Fields) -> Fields:
    return fields and {encode_key(name): _encoded(inner) for name, inner in fields.items()}


def _cut(json: Any, fields: Fields) -> Any:
    if fields is None:
        return json
    if not is_container(json):
        return None
    if isinstance(json, list):
        return [_cut(item, fields) for item in json if is_container(item)]
    kept = ((k, v, fields[k]) for k, v in json.items() if k in fields)
    return {k: _cut(v, inner) for k, v, inner in kept if inner is None or is_container(v)}
