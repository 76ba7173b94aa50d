"""What is known of records while the database cannot be asked, and how two records of a task become one."""

from datetime import UTC, datetime

import pytest

from mqsql.errors import MissingRecordError
from mqsql.hub.joining import joined, with_earlier
from mqsql.hub.recent_records import RecentRecords
from mqsql.schema import TASKS

NOON = datetime(2026, 3, 1, 12, 0, 0, 123456, tzinfo=UTC)


def test_a_record_is_known_with_its_changes_but_without_buffers() -> None:
    recent = RecentRecords(TASKS)
    assert recent.get('m') is None
    recent.note_changes('m', {'stdout': 'a part of what is not known'})
    assert recent.get('m') is None
    recent.note('m', {'submitted': NOON, 'header': {'a': [1, NOON]}, 'label': ('x', 7), 'buffers': [b'x']})
    recent.note_changes('m', {'stdout': 'x\ud800', 'pyin': '1 + 1', 'submitted': None})
    assert recent.get('m') == dict.fromkeys(TASKS.all_keys) | {
        'msg_id': 'm',
        'header': {'a': [1, NOON]},
        'label': ['x', 7],
        'stdout': 'x\ud800',
        'execute_input': '1 + 1',
    }
    recent.clear()
    assert recent.get('m') is None


def test_what_is_given_and_returned_may_be_changed() -> None:
    recent = RecentRecords(TASKS)
    given = {'header': {'a': 1}}
    recent.note('m', given)
    given['header']['a'] = 2
    for _ in range(2):
        found = recent.get('m')
        assert found is not None
        assert found['header'] == {'a': 1}
        found['header']['a'] = 2


def test_a_key_without_a_record_is_known_until_it_gets_one() -> None:
    recent = RecentRecords(TASKS)
    recent.note_missing('m')
    with pytest.raises(MissingRecordError, match="msg_id 'm'"):
        recent.get('m')
    recent.note_changes('m', {'stdout': 'all of it'})
    found = recent.get('m')
    assert found is not None
    assert found['stdout'] == 'all of it'


def test_the_room_is_limited_and_the_last_used_stay() -> None:
    recent = RecentRecords(TASKS, room=20_000)
    for i in range(100):
        recent.note(f'm{i}', {'stdout': 'x' * 1_000})
        recent.note_changes('m0', {'stdout': f'{i}'})
    known = [i for i in range(100) if recent.get(f'm{i}') is not None]
    assert known[0] == 0
    assert 5 < len(known) < 12
    assert known[1:] == list(range(100 - len(known) + 1, 100))
    recent.note('large', {'stdout': 'x' * 30_000})
    assert recent.get('large') is None


def test_what_cannot_be_encoded_is_not_known() -> None:
    recent = RecentRecords(TASKS)
    recent.note('m', {'stdout': 'x'})
    recent.note_changes('m', {'queue': 5})
    assert recent.get('m') is None


def test_the_second_record_of_a_task_continues_the_first() -> None:
    before = {'stdout': 'a', 'stderr': '', 'label': 'x', 'queue': 'task', 'display_data': {'n': 1}}
    after = {'stdout': 'b', 'stderr': 'c', 'label': 'y', 'queue': None, 'display_data': {'n': 3, 'earlier': [{'n': 2}]}}
    assert joined(before, after) == {
        'stdout': 'ab',
        'stderr': 'c',
        'label': 'y',
        'display_data': {'n': 3, 'earlier': [{'n': 1}, {'n': 2}]},
    }
    assert joined(before, after, ['stderr'])['stdout'] == 'b'


def test_displays_are_in_order() -> None:
    value = None
    for display in ({'n': 1}, {'n': 2}, 'text', {'earlier': 'its own'}, {'n': 3}):
        value = with_earlier(value, display)
    assert value == {'n': 3, 'earlier': [{'n': 1}, {'n': 2}, 'text', {'earlier': 'its own'}]}
