"""The text with which all texts begin in which a pattern is found."""

import re
from typing import NamedTuple

_CHARACTER = re.compile(
    # Not a sign, nor a character that the database stores in another way: what another program stored for it is unknown, and a
    # search takes U+D7FF for any lone surrogate. No character comes after the last one.
    r'[^\\^$.\[\]|()?*+{}\x00-\x1f\ud7ff\U0010ffff]'
    # PCRE2 takes these as they are after a backslash.
    r'|\\[!-/:-@\[-`{-~ ]',
)
_REPEATED = re.compile('[?*+{]')
_ALL = ('', '.*')


class Prefix(NamedTuple):
    """A text, and whether the pattern is found in `all` texts that begin with it."""

    text: str
    all: bool


def prefix_of(source: str, options: str) -> Prefix | None:
    """The prefix that a pattern says; None for a pattern that is not anchored by ^, or may be found elsewhere too."""
    if not source.startswith('^') or '|' in source or set(options) & set('imx'):
        return None
    end, characters = 1, []
    while found := _CHARACTER.match(source, end):
        characters.append(found[0][-1])
        end = found.end()
    if _REPEATED.match(source, end):
        del characters[-1:]
        return Prefix(''.join(characters), False) if characters else None
    return Prefix(''.join(characters), source[end:] in _ALL) if characters else None
