"""The state of a task, as the columns of its record tell it."""

from collections.abc import Iterator, Mapping
from typing import Any

from mqsql.schema import Record

PENDING, RUNNING, DONE, FAILED, ABORTED, UNKNOWN = 'pending', 'running', 'done', 'failed', 'aborted', 'unknown'

STATES: Mapping[str, str] = {
    PENDING: 'submitted; no engine has it yet',
    RUNNING: 'an engine has it: it runs, or waits for that engine',
    DONE: 'ended without an error',
    FAILED: 'ended with an exception',
    ABORTED: 'ended before it began, as it was aborted, or a task before it failed',
    UNKNOWN: 'only its output is known; the hub did not hear of its request',
}
"""What each state means. The hub learns with the result when a task began; until then only which engine has it."""

STATE_KEYS = ('submitted', 'started', 'completed', 'engine_uuid', 'result_content')
"""What `state_of` needs of a record. All of `result_content`, since that takes less time than a part of it."""

_ENDED = {'error': FAILED, 'aborted': ABORTED}


def state_of(record: Record) -> str:
    """The state of a task, one of STATES."""
    if record['completed'] is not None:
        return _end_of(record['result_content'])
    if record['engine_uuid'] is not None or record['started'] is not None:
        return RUNNING
    return UNKNOWN if record['submitted'] is None else PENDING


def _end_of(content: Any) -> str:
    """How a task has ended, whose engine replied so."""
    status = content.get('status') if type(content) is dict else None
    if type(status) is str:
        return _ENDED.get(status, DONE)
    words = list(_statuses(content))
    return next((state for word, state in _ENDED.items() if word in words), DONE)


def _statuses(content: Any) -> Iterator[Any]:
    """The values that a query on `result_content.status` compares: those in lists, too."""
    for part in content if isinstance(content, list) else [content]:
        status = part.get('status') if isinstance(part, dict) else None
        yield from status if isinstance(status, list) else [status]
