"""What an expression gives, or that it gives nothing, on SQL and on the reference alike.

As a condition it is tried as SQL has it, and interpreted.
"""

from contextlib import nullcontext
from datetime import UTC, datetime
from typing import Any

import pytest
from lowering import interpreted

import mqsql
from mqsql import QueryError, reference

NOON = datetime(2024, 2, 29, 12, tzinfo=UTC)
RECORD: dict[str, Any] = {
    'msg_id': 'm',
    'started': NOON,
    'content': {'n': 5, 'zero': 0, 'null': None, 's': 'abc', 'list': [1, 2, 3], 'empty': [], 'big': 10**400},
}
ABSENT = 'absent'
"""Stands for an expression that gives nothing."""


def _by_sql(expression: Any) -> Any:
    with mqsql.open(':memory:') as store:
        store.add_record('m', RECORD)
        (found,) = store.find({}, projection={'content': {'x': expression}})
    return found['content'].get('x', ABSENT)


def _by_reference(expression: Any) -> Any:
    (found,) = reference.find([RECORD], projection={'content': {'x': expression}})
    return found['content'].get('x', ABSENT)


def _count(expression: Any) -> int:
    """How many of one record it is true of: the same as SQL has it, and interpreted."""
    count = _count_once(expression)
    with interpreted():
        assert _count_once(expression) == count
    return count


def value_of(expression: Any) -> Any:
    """What a computed field of this expression gives: the same on SQL and on the reference."""
    found = _by_sql(expression)
    assert repr(found) == repr(_by_reference(expression))
    known = {'$type': [expression]}
    if found == ABSENT:
        assert _count({'$eq': [known, 'missing']}) == 1
    else:
        same = {'$eq': [expression, {'$literal': found}]}
        assert _count({'$and': [same, {'$eq': [known, {'$type': {'$literal': found}}]}]}) == 1
    return found


def refused(expression: Any) -> None:
    """The expression is refused by both without a record."""
    with pytest.raises(QueryError):
        mqsql.compile({'$expr': expression})
    with pytest.raises(QueryError):
        reference.find([], {'$expr': expression})


def fails(expression: Any) -> str:
    """The expression is refused by both once there is a record, and not before; gives SQL's message."""
    mqsql.compile({'$expr': expression})
    reference.find([], {'$expr': expression})
    with pytest.raises(QueryError) as raised:
        _by_sql(expression)
    with pytest.raises(QueryError):
        _by_reference(expression)
    message = str(raised.value)
    for mode in (nullcontext(), interpreted()):
        with mode, pytest.raises(QueryError) as other:
            _count_once(expression)
        assert str(other.value).removeprefix('$expr') == message.removeprefix('projection.content.x')
    return message


def _count_once(expression: Any) -> int:
    with mqsql.open(':memory:') as store:
        store.add_record('m', RECORD)
        return store.count({'$expr': expression})
