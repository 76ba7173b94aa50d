"""What depends on keys or a projection alone is made once for a table."""

from threading import Thread
from typing import Any

import pytest

import mqsql
from mqsql.compiler import outputs
from mqsql.schema import TASKS

ASKED: list[dict[str, Any]] = [
    {},
    {'keys': 'label'},
    {'keys': ['content.a', 'label']},
    {'projection': {'label': 1, 'content.a': 1}},
    {'projection': {'content': 0}},
]


def shaper(**asked: Any) -> Any:
    return mqsql.compile({}, **asked)._shaper


@pytest.mark.parametrize('asked', ASKED)
def test_it_is_kept(asked: dict[str, Any]) -> None:
    assert shaper(**asked) is shaper(**asked)
    assert shaper(**asked, table=TASKS.rename('others')) is not shaper(**asked)


def test_buffers_are_not_kept_with_it() -> None:
    first, second = (mqsql.compile({}, ['buffers'], buffers=read) for read in (lambda ids: [b'1'], lambda ids: [b'2']))
    assert [query.record(('m', 'ids'))['buffers'] for query in (first, second)] == [[b'1'], [b'2']]
    assert shaper(keys=['label'], projection=None) is shaper(keys=('label',))


def test_values_of_a_projection_are_not_kept() -> None:
    rows = [mqsql.compile({}, projection={'n': {'$literal': n}}).record(('m',)) for n in (1, 2)]
    assert rows == [{'msg_id': 'm', 'n': 1}, {'msg_id': 'm', 'n': 2}]


def test_a_flag_of_any_type_counts_as_what_it_says() -> None:
    for flags in ((1, True, 1.0, 5), (0, False, 0.0, -0.0)):
        assert len({mqsql.compile({}, projection={'label': flag}).keys for flag in flags}) == 1


def test_an_error_is_not_kept() -> None:
    for _ in range(2):
        with pytest.raises(mqsql.QueryError, match='lable'):
            mqsql.compile({}, ['lable'])
        with pytest.raises(mqsql.QueryError, match='lable'):
            mqsql.compile({}, projection={'lable': 1})
        with pytest.raises(mqsql.QueryError, match='lable'):
            mqsql.compile({}, sort=[('lable', 1)])


def test_what_is_kept_is_bounded() -> None:
    for i in range(3_000):
        mqsql.compile({}, [f'content.{"x" * 500}{i}'])
    assert outputs._BY_KEYS.size <= outputs._BY_KEYS.room
    assert len(outputs._BY_KEYS._entries) < 2_000


def test_threads_may_share_it() -> None:
    found: list[Any] = []

    def ask(start: int) -> None:
        for i in range(start, start + 200):
            record = mqsql.compile({}, [f'content.n{i % 50}']).record(('m', f'{{"n{i % 50}":{i},"x":1}}'))
            found.append(record == {'msg_id': 'm', 'content': {f'n{i % 50}': i}})

    threads = [Thread(target=ask, args=(start,)) for start in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert found == [True] * 800
