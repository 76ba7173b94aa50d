"""The state of a task follows from its columns; the options that choose tasks by state agree."""

from datetime import UTC, datetime
from itertools import product
from typing import Any

import pytest

from mqsql.analysis.states import ABORTED, DONE, FAILED, PENDING, RUNNING, STATE_KEYS, STATES, UNKNOWN, state_of
from mqsql.cli import selecting
from mqsql.storage import Store

NOON = datetime(2026, 3, 1, 12, tzinfo=UTC)


@pytest.mark.parametrize(
    ('record', 'state'),
    [
        ({}, UNKNOWN),
        ({'submitted': NOON}, PENDING),
        ({'submitted': NOON, 'engine_uuid': 'e'}, RUNNING),
        ({'submitted': NOON, 'started': NOON}, RUNNING),
        ({'engine_uuid': 'e'}, RUNNING),
        ({'submitted': NOON, 'completed': NOON}, DONE),
        ({'completed': NOON, 'result_content': {'status': 'ok'}}, DONE),
        ({'completed': NOON, 'result_content': {'status': ['x', 'error']}}, FAILED),
        ({'completed': NOON, 'result_content': [1, {'status': 'aborted'}]}, ABORTED),
        ({'completed': NOON, 'result_content': [{'status': [['error']]}, 'error']}, DONE),
        ({'completed': NOON, 'result_content': {'status': 'error'}, 'engine_uuid': 'e'}, FAILED),
        ({'completed': NOON, 'result_content': {'status': 'aborted'}, 'started': NOON}, ABORTED),
        ({'submitted': NOON, 'result_content': {'status': 'error'}}, PENDING),
    ],
)
def test_the_columns_tell_the_state(record: dict[str, Any], state: str) -> None:
    assert state_of({**dict.fromkeys(STATE_KEYS), **record}) == state
    assert state in STATES


def test_the_queries_of_states_part_the_tasks(store: Store) -> None:
    times = (None, NOON)
    plain: tuple[Any, ...] = (None, {}, {'status': 'ok'}, {'status': 'error'}, {'status': 'aborted'})
    statuses = (*plain, [], ['error'], {'status': ['error']}, {'status': [['error']]}, [{'status': ['aborted']}, 7])
    choices = product(times, times, times, (None, 'e'), statuses)
    for i, values in enumerate(choices):
        store.add_record(f'm{i:03}', dict(zip(STATE_KEYS, values, strict=True)))
    records = {record['msg_id']: state_of(record) for record in store.find({}, STATE_KEYS)}
    assert set(records.values()) == set(STATES)
    for state, query in selecting.STATES.items():
        assert sorted(store.keys(query)) == [key for key, found in records.items() if found == state]
