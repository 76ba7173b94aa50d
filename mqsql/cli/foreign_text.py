"""The output of tasks, which may hold any character: made safe for a terminal, with its colours."""

import re
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from rich.text import Text

_COLOUR = r'\x1b\[[0-9;:]*m'
_SEQUENCE = re.compile(
    rf'(?P<colour>{_COLOUR})'
    # Other sequences of ECMA-48 move the cursor, set the title, name links, and so on.
    r'|\x1b\[[0-?]*[ -/]*[@-~]'
    r'|\x1b[\]PX^_][^\x07\x1b]*(?:\x07|\x1b\\)'
)
_UNSAFE = re.compile(
    # Control characters, but for tabs, line breaks and the escape of a colour; what turns the direction of text; surrogates.
    rf'(?!{_COLOUR})[\x00-\x08\x0b-\x1f\x7f-\x9f\u2028-\u202e\u2066-\u2069\ud800-\udfff]'
)


def safe(text: str) -> str:
    """The text with no other escape sequences than colours; without what a terminal overwrites after a carriage return."""
    text = _SEQUENCE.sub(lambda found: found['colour'] or '', text)
    if '\r' in text:
        text = '\n'.join(_overwritten(line) for line in text.replace('\r\n', '\n').split('\n'))
    return _UNSAFE.sub(_escaped, text)


def _overwritten(line: str) -> str:
    """What is to be seen last of a line, such as a progress bar."""
    return next((part for part in reversed(line.split('\r')) if part), '')


def _escaped(found: re.Match[str]) -> str:
    return found[0].encode('unicode_escape').decode()


def plain(text: str) -> str:
    """The text in safe characters, without colours."""
    return re.sub(_COLOUR, '', safe(text))


def coloured(text: str) -> 'Text':
    """The text in its colours, for a console that shows them if it has any."""
    from rich.text import Text

    return Text.from_ansi(safe(text))
