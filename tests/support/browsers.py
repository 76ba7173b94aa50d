"""The Chromium or Chrome of this machine, for tests of pages.

Without one these tests are skipped, unless MQSQL_BROWSER is `needed`, as where continuous integration installs it.
"""

import os
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

if TYPE_CHECKING:
    from playwright.sync_api import Browser, Page

NEEDED = os.environ.get('MQSQL_BROWSER') == 'needed'

NAMES = ('chromium', 'chromium-browser', 'google-chrome', 'google-chrome-stable', 'chrome')
PLACES = (
    '/Applications/Google Chrome.app/Contents/MacOS/Google Chrome',
    r'C:\Program Files\Google\Chrome\Application\chrome.exe',
)

OPTIONS = ['--no-sandbox'] if hasattr(os, 'geteuid') and os.geteuid() == 0 else []
"""Chromium refuses to run as root otherwise."""


@contextmanager
def browser() -> Iterator['Browser']:
    """A browser without a window; skips the test if there is none."""
    path = next((found for name in NAMES if (found := shutil.which(name))), None)
    path = path or next((place for place in PLACES if Path(place).exists()), None)
    if path is None:
        _missing('no Chromium or Chrome was found')
    try:
        from playwright.sync_api import sync_playwright
    except ModuleNotFoundError:
        _missing('playwright is not installed')
    with sync_playwright() as playwright:
        opened = playwright.chromium.launch(executable_path=path, args=OPTIONS)
        try:
            yield opened
        finally:
            opened.close()


def _missing(reason: str) -> None:
    if NEEDED:
        pytest.fail(reason)
    pytest.skip(reason)


class Watched:
    """A page, and all that it should not do: messages in the console, errors, requests to anywhere else."""

    def __init__(self, page: 'Page', path: Path) -> None:
        self.page = page
        self.complaints: list[str] = []
        page.on('console', lambda message: self.complaints.append(f'{message.type}: {message.text}'))
        page.on('pageerror', lambda error: self.complaints.append(f'error: {error}'))
        page.on('request', lambda request: self._note_request(request.url, path.as_uri()))
        page.goto(path.as_uri())

    def _note_request(self, url: str, own: str) -> None:
        if url != own and not url.startswith(('blob:', 'data:')):
            self.complaints.append(f'request: {url}')


@contextmanager
def opened(browser: 'Browser', path: Path, **options: Any) -> Iterator[Watched]:
    """A page of a file, in a window with these options; the test fails if the page does what it should not."""
    context = browser.new_context(**options)
    try:
        watched = Watched(context.new_page(), path)
        yield watched
        assert watched.complaints == []
    finally:
        context.close()
