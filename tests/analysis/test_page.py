"""The page of a report, in a browser: what is there, what the timeline draws and answers, and that the console stays empty."""

from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from browsers import Watched, browser, opened
from timed_records import failed, store_of, task

from bench.data import History
from mqsql.analysis.report import MOST_BARS, About, report
from mqsql.schema import Record

if TYPE_CHECKING:
    from playwright.sync_api import Browser, Page

WIDE = {'viewport': {'width': 1200, 'height': 900}}
PHONE = {'viewport': {'width': 390, 'height': 844}, 'is_mobile': True, 'has_touch': True, 'device_scale_factor': 2}

PIXELS = """() => {
  const canvas = document.getElementById('canvas');
  const pixels = canvas.getContext('2d').getImageData(0, 0, canvas.width, canvas.height).data;
  const counts = {};
  for (let i = 0; i < pixels.length; i += 4) {
    const color = pixels.slice(i, i + 3).join(',');
    counts[color] = (counts[color] ?? 0) + 1;
  }
  return counts;
}"""
"""How many pixels of the canvas have each colour."""

HOSTILE = '<script>window.harmed = 1</script><img src=x onerror="window.harmed = 2">'


@pytest.fixture(scope='module')
def chromium() -> Iterator['Browser']:
    with browser() as found:
        yield found


def page_of(directory: Path, *records: Record, chosen: str = '', most_bars: int = MOST_BARS) -> Path:
    path = directory / 'report.html'
    with store_of(*records) as store:
        page = report(store, {}, lambda found, total: found, About('Tasks', chosen), most_bars)
    path.write_text(page, 'utf-8')
    return path


@pytest.fixture(scope='module')
def history(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The page of 4,000 tasks."""
    return page_of(tmp_path_factory.mktemp('report'), *History(4_000, 3))


@pytest.fixture(scope='module')
def few(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The page of a few tasks, two of which overlap."""
    records = (
        task('a', 0, 10, 40, engine='engine-1', label='train/a'),
        failed('b', 0, 45, 90, engine='engine-1', label='train/b', ename='KeyError'),
        task('c', 5, 50, 80, engine='engine-1', status='aborted'),
        task('d', 5, 20, engine='engine-2'),
        task('e', 60, 100, 100, engine='engine-2', label=HOSTILE),
    )
    return page_of(tmp_path_factory.mktemp('report'), *records)


def ready(watched: Watched) -> 'Page':
    """The page, when the timeline is complete."""
    watched.page.wait_for_selector('#canvas[data-ready]')
    return watched.page


def color(page: 'Page', name: str) -> str:
    """A colour of the page's style, as PIXELS names it."""
    text: str = page.evaluate(f"getComputedStyle(document.documentElement).getPropertyValue('--{name}')")
    digits = text.strip().removeprefix('#')
    digits = digits if len(digits) == 6 else ''.join(digit * 2 for digit in digits)
    return ','.join(str(int(digits[i : i + 2], 16)) for i in (0, 2, 4))


def pixels(page: 'Page') -> Counter[str]:
    page.evaluate('() => new Promise((done) => requestAnimationFrame(() => requestAnimationFrame(done)))')
    return Counter(page.evaluate(PIXELS))


def point(page: 'Page', x: float, y: float) -> None:
    """Move the mouse to a place of the canvas, in shares of its width and pixels of its height."""
    page.locator('#canvas').scroll_into_view_if_needed()
    box = page.locator('#canvas').bounding_box()
    assert box is not None
    gutter = float(page.locator('#canvas').get_attribute('data-gutter') or 0)
    place = box['x'] + gutter + x * (box['width'] - gutter), box['y'] + y
    page.mouse.move(place[0] - 1, place[1])
    page.mouse.move(*place)


HEAD, ROW = 68, 24
"""Pixels above the first row, and of a row."""


def row(number: int) -> float:
    return HEAD + number * ROW + ROW / 4


def span(page: 'Page') -> str:
    return page.locator('#view').inner_text()


def changed(page: 'Page', before: str) -> str:
    """The span when it is another than before."""
    page.wait_for_function('before => document.getElementById("view").textContent !== before', arg=before)
    return span(page)


def test_the_totals_are_those_of_the_history(chromium: 'Browser', history: Path) -> None:
    with opened(chromium, history, **WIDE) as watched:
        page = ready(watched)
        assert page.locator('#tasks').inner_text() == '4,000'
        shown = {
            state: int(page.locator(f'#state-{state}').inner_text().split()[0].replace(',', ''))
            for state in ('pending', 'running', 'done', 'failed', 'aborted')
        }
        assert sum(shown.values()) == 4_000
        assert shown['failed'] == sum(bool(record['error']) for record in History(4_000, 3))
        assert page.locator('#engines ~ .scroll tbody tr').count() == 16


@pytest.mark.parametrize('scheme', ['light', 'dark'])
def test_the_timeline_is_drawn_in_the_colours_of_the_scheme(chromium: 'Browser', history: Path, scheme: str) -> None:
    with opened(chromium, history, color_scheme=scheme, **WIDE) as watched:
        page = ready(watched)
        assert page.locator('#canvas').get_attribute('data-shows') == 'bins'
        counts = pixels(page)
        assert (
            counts.most_common(1)[0][0] == color(page, 'ground') == ('255,255,255' if scheme == 'light' else '20,23,27')
        )
        assert counts[color(page, 'done')] > 1_000
        assert counts[color(page, 'failed')] > 50
        assert counts[color(page, 'pending')] > 500


def test_the_wheel_zooms_to_single_tasks(chromium: 'Browser', history: Path) -> None:
    with opened(chromium, history, **WIDE) as watched:
        page = ready(watched)
        point(page, 0.07, row(3))
        for _ in range(20):
            page.mouse.wheel(0, -120)
        page.wait_for_selector('#canvas[data-shows=tasks]')
        assert pixels(page)[color(page, 'done')] > 1_000
        zoomed = span(page)
        page.mouse.wheel(0, 120)
        changed(page, zoomed)
        for _ in range(30):
            page.mouse.wheel(0, 120)
        page.wait_for_selector('#canvas[data-shows=bins]')


def test_the_wheel_scrolls_the_page_until_the_mouse_has_moved(chromium: 'Browser', history: Path) -> None:
    with opened(chromium, history, **WIDE) as watched:
        page = ready(watched)
        box = page.locator('#canvas').bounding_box()
        assert box is not None
        page.mouse.move(box['x'] + 300, 100)
        before = span(page)
        for _ in range(5):
            page.mouse.wheel(0, 120)
        page.wait_for_function('() => window.scrollY >= 500')
        assert span(page) == before


def test_buttons_and_keys_zoom_and_move(chromium: 'Browser', history: Path) -> None:
    with opened(chromium, history, **WIDE) as watched:
        page = ready(watched)
        whole = seen = span(page)
        for name in ('Zoom in', 'Later', 'Zoom out', 'Zoom in', 'Earlier'):
            page.get_by_role('button', name=name).click()
            seen = changed(page, seen)
        page.locator('#canvas').focus()
        for key in ('+', 'ArrowLeft', '-', 'ArrowRight'):
            page.keyboard.press(key)
            seen = changed(page, seen)
        page.keyboard.press('0')
        assert changed(page, seen) == whole


def test_a_drag_moves_the_timeline(chromium: 'Browser', few: Path) -> None:
    with opened(chromium, few, **WIDE) as watched:
        page = ready(watched)
        page.get_by_role('button', name='Zoom in').click()
        page.wait_for_function('() => document.getElementById("view").textContent.includes("00:25")')
        point(page, 0.5, row(0))
        page.mouse.down()
        point(page, 0.75, row(0))
        page.mouse.up()
        page.wait_for_function('() => document.getElementById("view").textContent.includes("00:12")')


def test_the_tip_names_the_task_at_the_pointer(chromium: 'Browser', few: Path) -> None:
    with opened(chromium, few, **WIDE) as watched:
        page = ready(watched)
        assert page.locator('#canvas').get_attribute('data-shows') == 'tasks'
        point(page, 0.25, row(0))
        tip = page.locator('#tip')
        tip.wait_for()
        assert tip.locator('b').inner_text() == 'train/a'
        assert tip.locator('dd').all_inner_texts() == [
            'done', '30.0 s', '2026-01-01 00:00:10.000 UTC', 'engine-1', 'a',
        ]  # fmt: skip
        point(page, 0.88, row(0))
        page.wait_for_function("() => document.querySelector('#tip dd').textContent === 'failed: KeyError'")
        page.keyboard.press('Tab')
        point(page, -0.05, row(0))
        tip.wait_for(state='hidden')


def test_the_second_of_two_tasks_that_overlap_is_below(chromium: 'Browser', few: Path) -> None:
    with opened(chromium, few, **WIDE) as watched:
        page = ready(watched)
        point(page, 0.65, row(0) + ROW / 2)
        page.wait_for_function("() => document.querySelector('#tip dd')?.textContent === 'aborted'")


def test_the_tip_of_bins_says_how_busy_an_engine_was(chromium: 'Browser', history: Path) -> None:
    with opened(chromium, history, **WIDE) as watched:
        page = ready(watched)
        point(page, 0.05, HEAD + 10)
        page.locator('#tip').wait_for()
        assert page.locator('#tip dt').all_inner_texts() == ['from', 'for', 'busy', 'ended']
        point(page, 0.05, HEAD - 10)
        page.wait_for_function("() => document.querySelector('#tip b').textContent === 'Waiting tasks'")


def test_the_keyboard_goes_from_engine_to_engine(chromium: 'Browser', few: Path) -> None:
    with opened(chromium, few, **WIDE) as watched:
        page = ready(watched)
        page.locator('#canvas').focus()
        # The focus may scroll the page, which hides the tip; the event of that comes before the second of two frames.
        page.evaluate('() => new Promise((done) => requestAnimationFrame(() => requestAnimationFrame(done)))')
        page.keyboard.press('ArrowDown')
        page.wait_for_function("() => document.querySelector('#tip')?.textContent.includes('engine-2')")
        page.keyboard.press('ArrowUp')
        page.wait_for_function("() => document.querySelector('#tip')?.textContent.includes('engine-1')")
        page.keyboard.press('Escape')
        page.locator('#tip').wait_for(state='hidden')


def test_a_phone_shows_all_without_scrolling_sideways(chromium: 'Browser', history: Path) -> None:
    with opened(chromium, history, **PHONE) as watched:
        page = ready(watched)
        assert page.evaluate('document.documentElement.scrollWidth') <= 390
        page.locator('#canvas').scroll_into_view_if_needed()
        box = page.locator('#canvas').bounding_box()
        assert box is not None
        page.touchscreen.tap(box['x'] + 120, box['y'] + HEAD + 10)
        page.locator('#tip').wait_for()
        tip = page.locator('#tip').bounding_box()
        assert tip is not None
        assert tip['x'] >= 0
        assert tip['x'] + tip['width'] <= 390


def test_two_fingers_zoom(chromium: 'Browser', few: Path) -> None:
    with opened(chromium, few, **PHONE) as watched:
        page = ready(watched)
        before = span(page)
        page.locator('#canvas').scroll_into_view_if_needed()
        box = page.locator('#canvas').bounding_box()
        assert box is not None
        touches = page.context.new_cdp_session(page)

        def touch(kind: str, *across: float) -> None:
            points = [{'x': box['x'] + x, 'y': box['y'] + 80, 'id': i} for i, x in enumerate(across)]
            touches.send('Input.dispatchTouchEvent', {'type': kind, 'touchPoints': points})

        touch('touchStart', 180, 220)
        for step in range(1, 6):
            touch('touchMove', 180 - 10 * step, 220 + 10 * step)
        touch('touchEnd')
        changed(page, before)
        assert page.evaluate('visualViewport.scale') == 1


def test_texts_of_records_stay_texts(chromium: 'Browser', tmp_path: Path) -> None:
    texts = {'label': HOSTILE, 'ename': HOSTILE, 'evalue': '</pre>' + HOSTILE, 'engine': '</script>' + HOSTILE}
    path = page_of(tmp_path, failed(f'</script>{HOSTILE}', 0, 1, 2, **texts), chosen=HOSTILE)
    with opened(chromium, path, **WIDE) as watched:
        page = ready(watched)
        assert page.evaluate('window.harmed') is None
        assert page.locator('img').count() == 0
        assert page.locator('#slowest ~ .scroll td .label').inner_text() == HOSTILE
        assert page.locator('.failure b').inner_text() == HOSTILE
        page.locator('.failure summary').click()
        assert page.locator('.failure pre').inner_text().startswith('Traceback (most recent call last)')
        point(page, 0.7, row(0))
        page.locator('#tip').wait_for()
        assert page.locator('#tip b').inner_text() == HOSTILE[:120]


def test_a_history_without_tasks_is_a_page_without_a_timeline(chromium: 'Browser', tmp_path: Path) -> None:
    with opened(chromium, page_of(tmp_path), **WIDE) as watched:
        assert watched.page.locator('#tasks').inner_text() == '0'
        assert watched.page.locator('#canvas').count() == 0


def test_bins_lie_under_the_longest_tasks_where_not_all_are_kept(chromium: 'Browser', tmp_path: Path) -> None:
    path = page_of(tmp_path, *History(2_000, 3), most_bars=200)
    with opened(chromium, path, **WIDE) as watched:
        page = ready(watched)
        assert 'the 200 that ran the longest' in page.locator('#timeline-help').inner_text()
        assert page.locator('#canvas').get_attribute('data-shows') == 'bins'
        point(page, 0.1, row(3))
        for _ in range(30):
            page.mouse.wheel(0, -120)
        page.wait_for_selector('#canvas[data-shows=tasks]')
