"""The text of a report: figures, tables and what is embedded. test_page.py opens it in a browser."""

import json
import re
from datetime import UTC, datetime
from typing import Any

import pytest
from timed_records import MOMENT, failed, store_of, task

from bench.data import History
from mqsql.analysis.report import MOST_BARS, About, formats, report
from mqsql.schema import Record


def page(
    *records: Record, query: dict[str, Any] | None = None, chosen: str = '', most_bars: int = MOST_BARS, **numbers: str
) -> str:
    with store_of(*records) as store:
        return report(store, query or {}, lambda found, total: found, About('A title', chosen, numbers), most_bars)


def text(html: str) -> str:
    """What a page says, without its style, script and data."""
    return ' '.join(re.sub(r'<(style|script).*?</\1>|<[^>]*>', ' ', html, flags=re.DOTALL).split())


def data(html: str) -> dict[str, Any]:
    """The data of the timeline."""
    found = re.search(r'<script type="application/json" id="data">(.*?)</script>', html)
    assert found
    drawn: dict[str, Any] = json.loads(found[1])
    return drawn


def test_the_figures_are_those_of_the_tasks_that_match() -> None:
    records = (
        task('a', 0, 1, 3, engine='e', label='x'),
        failed('b', 0, 2, 10, engine='e', label='x'),
        task('c', 0, label='x'),
        task('d', 0, 1, 3),
    )
    said = text(page(*records, query={'label': 'x'}, chosen='label x'))
    assert 'A title' in said
    assert '2026-01-01 00:00:10 UTC (10.0 s)' in said
    assert 'Chosen: label x' in said
    assert 'tasks 3 pending 1 33.3 % running 0 0.0 % done 1 33.3 % failed 1 33.3 % aborted 0 0.0 %' in said
    assert 'Wait from submission to start 2 1.0 s 2.0 s 2.0 s 2.0 s' in said
    assert 'Run from start to end 2 2.0 s 8.0 s 8.0 s 8.0 s' in said
    assert 'KeyError 1 fold The last of 1: b . Traceback (most recent call last) KeyError: fold' in said
    assert 'e 2 1 0 100.0 % 1.0 s 2.0 s 8.0 s' in said


def test_the_busy_share_is_of_the_time_between_the_first_start_and_the_last_end() -> None:
    said = text(page(task('a', 0, 1, 3, engine='e'), task('b', 0, 2, 4, engine='e'), task('c', 0, 10, 11, engine='e')))
    assert 'e 3 0 0 40.0 %' in said


def test_engines_have_their_numbers_where_they_are_known() -> None:
    html = page(task('a', 0, 1, 2, engine='abc'), task('b', 0, 1, 2, engine='def'), abc='3')
    assert '3 abc 1 0 0 100.0 %' in text(html)
    assert [row['name'] for row in data(html)['rows']] == ['3 abc', 'def']


def test_a_report_of_nothing_says_so() -> None:
    html = page(task('a', 0), query={'label': 'none'})
    said = text(html)
    assert 'No task matches.' in said
    assert 'No task has ended.' in said
    assert 'No task has failed.' in said
    assert '<canvas' not in html
    assert '<script' not in html


def test_tasks_that_only_wait_have_no_timeline() -> None:
    html = page(task('a', 0), task('b', 4))
    assert 'No task has started.' in text(html)
    assert 'tasks 2 pending 2 100.0 %' in text(html)


def test_the_page_loads_nothing() -> None:
    html = page(task('a', 0, 1, 2))
    assert not re.search(r'(?:src|href)\s*=|@import|url\(', html)
    assert "default-src 'none'" in html


@pytest.mark.parametrize('hostile', ['</script><script>alert(1)</script>', '<!--<script>', '\'"&<b>'])
def test_texts_of_records_are_escaped(hostile: str) -> None:
    texts = {'engine': hostile, 'label': hostile, 'ename': hostile, 'evalue': hostile}
    html = page(failed(hostile, 0, 1, 2, **texts), chosen=hostile)
    assert hostile not in html
    assert html.count('<script') == html.count('</script') == 2
    assert data(html)['rows'][0]['id'] == hostile


def test_characters_of_a_terminal_are_left_out() -> None:
    html = page(failed('a\x1b[31m\x07', 0, 1, 2, label='\x1b]0;title\x07b\0', ename='\x9b', engine='\ud800'))
    assert not re.search(r'[\x00-\x08\x0b-\x1f\x7f]', html)
    assert '[31m' not in html
    html.encode()


def test_the_page_is_small_however_many_engines_and_labels_there_are() -> None:
    records = [
        task(f't{i}', i, i + 1, i + 1.5, engine=f'{i:08x}-engine', label=f'label {i}' * 40) for i in range(1_000)
    ]
    html = page(*records)
    assert len(html) < 500_000
    drawn = data(html)
    assert len(drawn['rows']) == 257
    assert drawn['rows'][-1]['name'] == '744 others'
    assert '800 more with fewer tasks are left out.' in text(html)


def test_not_all_tasks_are_kept_and_the_page_says_so() -> None:
    html = page(*History(1_000, 3), most_bars=100)
    drawn = data(html)
    assert drawn['bars']['count'] == 100
    assert f'Of {drawn["ran"]:,} tasks the 100 that ran the longest' in text(html)


def test_odd_records_are_in_the_figures() -> None:
    records = (
        {'msg_id': 'output only', 'stdout': 'x'},
        task('a', 5, 4, 3, engine='e'),
        failed('b', 0, None, 7, ename='EngineError', engine='e'),
        task('c', 0, 1, 2, engine='e') | {'result_content': {'status': 'error', 'ename': None, 'traceback': 'text'}},
    )
    said = text(page(*records))
    assert 'tasks 4 pending 0 0.0 % running 0 0.0 % done 1 25.0 % failed 2 50.0 % aborted 0 0.0 % unknown 1' in said
    assert 'EngineError 1 fold' in said
    assert '(no name) 1' in said


def test_a_task_before_1970_is_drawn() -> None:
    html = page(task('a', -2e9, -2e9 + 1, -2e9 + 2, engine='e'))
    assert data(html)['first'] < 0


# --- numbers and times


@pytest.mark.parametrize(
    ('seconds', 'shown'),
    [
        (None, ''),
        (0, '0 s'),
        (0.0000012, '1.2 µs'),
        (0.01234, '12.3 ms'),
        (0.99999, '1.0 s'),
        (1, '1.0 s'),
        (59.94, '59.9 s'),
        (59.96, '1 m 00 s'),
        (125, '2 m 05 s'),
        (3599.7, '1 h 00 m'),
        (90061, '1 d 01 h'),
        (400 * 86400, '400 d 00 h'),
        (-2.5, '-2.5 s'),
    ],
)
def test_durations(seconds: float | None, shown: str) -> None:
    assert formats.duration(seconds) == shown


@pytest.mark.parametrize(
    ('part', 'shown'),
    [(None, ''), (0, '0.0 %'), (0.0004, '<0.1 %'), (0.1234, '12.3 %'), (0.99999, '99.9 %'), (1, '100.0 %')],
)
def test_shares(part: float | None, shown: str) -> None:
    assert formats.share(part) == shown


@pytest.mark.parametrize(
    ('seconds', 'shown'), [(1, '1 s'), (30, '30 s'), (300, '5 m'), (43200, '12 h'), (604800, '7 d')]
)
def test_spans(seconds: int, shown: str) -> None:
    assert formats.span(seconds) == shown


def test_moments() -> None:
    assert formats.moment(MOMENT) == '2026-01-01 00:00:00'
    assert formats.moment(datetime(2026, 1, 1, 1, 2, 3, 999_999, tzinfo=UTC)) == '2026-01-01 01:02:03'
    assert formats.moment(None) == ''
    assert formats.moment(-1) == '1969-12-31 23:59:59'
