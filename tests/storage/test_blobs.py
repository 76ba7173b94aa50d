"""Buffers in their own table: those that no record names any more are deleted with their record, whatever its list is like."""

from pathlib import Path

import pytest
from store_files import blob_count, change, other

import mqsql

LISTS = [[], ['one'], ['a', 'b'], ['a', 'b', 'c'], ['a', 'b', 'c', 'd'], [str(i) for i in range(20)]]


def filled(path: Path) -> int:
    """Make a file whose records have lists of each length in both columns; the number of its blobs."""
    with mqsql.open(path) as store:
        for i, texts in enumerate(LISTS):
            blobs = [text.encode() for text in texts]
            store.add_record(f'm{i}', {'buffers': blobs, 'result_buffers': blobs[::-1]})
            store.add_record(f'n{i}', {'buffers': blobs, 'result_buffers': None})
    return 3 * sum(map(len, LISTS))


def blob_ids(path: Path) -> set[int]:
    connection = other(path)
    found = {int(id) for (id,) in connection.execute('SELECT id FROM task_buffers')}
    connection.close()
    return found


def test_a_deleted_record_takes_its_blobs_with_it(path: Path) -> None:
    left = filled(path)
    with mqsql.open(path) as store:
        for i, texts in enumerate(LISTS):
            store.drop_record(f'm{i}')
            left -= 2 * len(texts)
            assert blob_count(path) == left
            assert [blob.decode() for blob in store.get_record(f'n{i}')['buffers']] == texts
        store.drop_matching_records({})
    assert blob_count(path) == 0


def test_buffers_that_are_replaced_go(path: Path) -> None:
    left = filled(path)
    with mqsql.open(path) as store:
        for i, texts in enumerate(LISTS):
            store.update_record(f'm{i}', {'buffers': [b'new'], 'label': 'l'})
            left += 1 - len(texts)
            assert blob_count(path) == left
            store.update_record(f'm{i}', {'label': 'other'})
            assert blob_count(path) == left
            assert [blob.decode() for blob in store.get_record(f'm{i}')['result_buffers']] == texts[::-1]


@pytest.mark.parametrize(
    ('listed', 'gone'),
    [
        ('[5, 6]', {5, 6}),
        ('[ 5]', {5}),
        ('[05]', set()),
        ('[5,7]', {5, 7}),
        ('[7,6,5]', {5, 6, 7}),
        ('[5,5]', {5}),
        ('[5.0]', set()),
        ('["5"]', set()),
        ('[5,"x",7]', {5, 7}),
        ('[[5],6]', {6}),
        ('5', set()),
        ('5]', set()),
        ('[5', set()),
        ('[5,6', set()),
        ('[5,6,]', set()),
        ('{"a":5}', set()),
        ('', set()),
        ('[]', set()),
        ('[-1]', set()),
        ('[9223372036854775807]', set()),
        ('[9223372036854775807,9223372036854775808]', set()),
        ('[9223372036854775808]', set()),
    ],
)
def test_lists_of_another_program_delete_what_they_name_and_nothing_else(
    path: Path, listed: str, gone: set[int]
) -> None:
    filled(path)
    before = blob_ids(path)
    change(path, "DELETE FROM task_records WHERE msg_id = 'm0'")
    change(path, f"INSERT INTO task_records (msg_id, buffers) VALUES ('odd', '{listed}')")
    change(path, "DELETE FROM task_records WHERE msg_id = 'odd'")
    assert before - blob_ids(path) == gone
    change(path, f"INSERT INTO task_records (msg_id, buffers) VALUES ('blob', CAST('{listed}' AS BLOB))")
    change(path, "UPDATE task_records SET buffers = NULL WHERE msg_id = 'blob'")
    assert blob_ids(path) == before - gone
