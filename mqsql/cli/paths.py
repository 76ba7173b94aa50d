"""The values of records at dotted keys, for formats that have columns."""

from typing import Any

from mqsql.schema import Record


def value_at(record: Record, key: str) -> Any:
    """The value at a key such as `content.args.name`; through arrays a list of what their documents have there."""
    return _at(record, key.split('.'))


def _at(value: Any, steps: list[str]) -> Any:
    if not steps:
        return value
    if isinstance(value, dict):
        return _at(value.get(steps[0]), steps[1:])
    if isinstance(value, list):
        return [_at(item, steps) for item in value if isinstance(item, dict)]
    return None
