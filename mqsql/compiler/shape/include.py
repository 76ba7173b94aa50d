"""Cuts documents down to the dotted keys that were asked for."""

from typing import Any

from mqsql.compiler.tree.select import Fields


def include(value: Any, fields: Fields) -> Any:
    """MongoDB's inclusion: only the `fields` of objects, through arrays; all other values are left out."""
    if fields is None:
        return value
    if not isinstance(value, dict | list):
        return None
    if isinstance(value, list):
        return [include(item, fields) for item in value if isinstance(item, dict | list)]
    kept = ((k, v, fields[k]) for k, v in value.items() if k in fields)
    return {k: include(v, inner) for k, v, inner in kept if inner is None or isinstance(v, dict | list)}
