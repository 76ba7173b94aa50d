"""Documents in a record: the hub writes an object or nothing, but other programs may write a list."""

from typing import Any

from mqsql.schema import Record


def document_of(record: Record, key: str) -> dict[str, Any]:
    """The object in a column of documents; empty if there is none, or something else."""
    value = record[key]
    return value if isinstance(value, dict) else {}
