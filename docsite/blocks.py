"""The blocks of a page that show something, and the commands in them."""

import re
from collections.abc import Iterator
from dataclasses import dataclass

BLOCK = re.compile(r'^( *)```(\w*)([^\n]*)\n(.*?)^\1```$', re.MULTILINE | re.DOTALL)
"""A fenced block: its indent, its language, what else is said of it, and its text."""

_VARY = '<!-- figures vary -->'
_TITLE = re.compile(r'title="([^"]+)"')


@dataclass(frozen=True)
class Block:
    """A fenced block of a page."""

    language: str
    title: str
    text: str
    line: int
    varies: bool = False


def blocks(page: str) -> Iterator[Block]:
    """The blocks of a page, in order."""
    for found in BLOCK.finditer(page):
        indent, language, rest, text = found.groups()
        title = _TITLE.search(rest)
        line = page.count('\n', 0, found.start()) + 2
        lines = (one.removeprefix(indent) for one in text.splitlines())
        varies = page[: found.start()].rstrip().endswith(_VARY)
        yield Block(language, title[1] if title else '', ''.join(f'{one}\n' for one in lines), line, varies)


@dataclass(frozen=True)
class Command:
    """A command of a block `console`, and what it is shown to print."""

    text: str
    printed: str


def commands(text: str) -> list[Command]:
    """The commands of a block `console`."""
    parts = re.split(r'^\$ ', text, flags=re.MULTILINE)
    if parts[0]:
        raise ValueError(f'a block of commands begins with "$ ", not with {parts[0]!r}')
    found = []
    for part in parts[1:]:
        lines = part.splitlines()
        end = 1
        while end < len(lines) and lines[end - 1].endswith('\\'):
            end += 1
        found.append(Command('\n'.join(lines[:end]), ''.join(f'{line}\n' for line in lines[end:])))
    return found
