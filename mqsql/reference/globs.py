"""Matches patterns of Python's fnmatch.fnmatchcase within the deadline of a query.

fnmatch itself makes one regular expression of a pattern, and nothing can stop that within a long text. So the parts between
two * are looked for one after the other, each where it first occurs, in windows of the text.
"""

import re
from collections.abc import Callable
from fnmatch import translate

from mqsql import limits

STEPS = 1_000_000
"""Characters of the pattern and the text that are compared between two looks at the clock."""

# A ] right at the beginning of a class is one of its characters; a class that does not end is no class.
_TOKEN = re.compile(r'\[!?+]?+[^]]*+]|.', re.DOTALL)


class _Part:
    """A part without *; each of its tokens takes one character."""

    def __init__(self, tokens: list[str]) -> None:
        pattern = ''.join(tokens)
        self.length = len(tokens)
        self._window = max(1, STEPS // (len(pattern) + 1))
        self._whole, self._first = (re.compile(translate(part)) for part in (pattern, f'{pattern}*'))

    def is_at(self, text: str, start: int) -> bool:
        return self._whole.match(text, start, start + self.length) is not None

    def end_of_next(self, text: str, start: int) -> int:
        """Where the part ends that occurs next; -1 without one."""
        for window in range(start, len(text) + 1, self._window):
            limits.check()
            if found := self._first.search(text, window, window + self._window + self.length - 1):
                return found.start() + self.length
        return -1


def glob(pattern: str) -> Callable[[str], bool]:
    """Whether a whole text is of the pattern."""
    first, *others = _parts(pattern)
    if not others:
        return lambda text: len(text) == first.length and first.is_at(text, 0)
    *middle, last = others

    def matches(text: str) -> bool:
        if len(text) < first.length + last.length or not first.is_at(text, 0):
            return False
        position = first.length
        for part in middle:
            if (position := part.end_of_next(text, position)) < 0:
                return False
        end = len(text) - last.length
        return position <= end and last.is_at(text, end)

    return matches


def _parts(pattern: str) -> list[_Part]:
    parts: list[list[str]] = [[]]
    for token in _TOKEN.findall(pattern):
        if token == '*':
            parts.append([])
        else:
            parts[-1].append(token)
    first, *others = parts
    return [_Part(tokens) for tokens in (first, *filter(None, others[:-1]), *others[-1:])]
