"""Checks the pages that were built: what they link to exists, and what they load by themselves is in the site.

Zensical finds broken links between pages, but neither pictures that are missing nor what templates load.
"""

import re
from collections.abc import Iterator
from functools import cache
from html.parser import HTMLParser
from pathlib import Path
from urllib.parse import unquote, urlsplit

_NOT_LOADED = ('canonical', 'next', 'prev')
"""Kinds of `link` that only name another page."""


class Page(HTMLParser):
    """A page: the names of its anchors, what it links to, and what it loads by itself."""

    def __init__(self, path: Path) -> None:
        super().__init__()
        self.anchors: set[str] = set()
        self.links: list[str] = []
        self.loaded: list[str] = []
        self.feed(path.read_text(encoding='utf-8'))

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        """Called for each tag."""
        given = {name: value for name, value in attrs if value is not None}
        self.anchors |= {given[name] for name in ('id', 'name') if name in given}
        if tag in ('a', 'link') and 'href' in given:
            names = tag == 'a' or given.get('rel') in _NOT_LOADED
            (self.links if names else self.loaded).append(given['href'])
        self.loaded += [given[name] for name in ('src', 'srcset', 'poster', 'data') if name in given]


@cache
def _page(path: Path) -> Page:
    return Page(path)


def problems(directory: Path) -> Iterator[str]:
    """A line for each link that is broken, and each file that would be loaded from a network."""
    _page.cache_clear()
    for path in sorted(directory.rglob('*.html')):
        page = _page(path)
        for url in dict.fromkeys(page.loaded):
            if _is_outside(url):
                yield f'{path.relative_to(directory)}: {url} is loaded from a network'
        # The page for what is not found is shown anywhere, so its links are to the root of a server.
        for url in dict.fromkeys([*page.links, *page.loaded] if path.name != '404.html' else []):
            if not _is_outside(url) and not _exists(path, url):
                yield f'{path.relative_to(directory)}: {url} does not exist'
    for path in sorted(directory.rglob('*.css')):
        for url in re.findall(r'(?:url\(|@import)\s*["\']?((?:https?:)?//[^"\')]*)', path.read_text(encoding='utf-8')):
            yield f'{path.relative_to(directory)}: {url} is loaded from a network'


def _is_outside(url: str) -> bool:
    parts = urlsplit(url)
    return bool(parts.scheme not in ('', 'data') or parts.netloc)


def _exists(page: Path, url: str) -> bool:
    parts = urlsplit(url)
    if parts.scheme == 'data':
        return True
    target = (page.parent / unquote(parts.path)).resolve() if parts.path else page
    if not target.exists():
        return False
    return not parts.fragment or target.suffix != '.html' or unquote(parts.fragment) in _page(target).anchors
