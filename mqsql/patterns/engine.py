"""Patterns compiled by PCRE2.

MongoDB compiles in UTF mode and without UCP. `pcre2.compile` cannot do that: it forces UCP, and JavaScript's escapes. So this
module uses the layer below it, which may change between minor versions of the package.
"""

from collections.abc import Callable
from enum import Enum
from typing import Any, TypeAlias

from pcre2 import _cy

Code: TypeAlias = Any
Look: TypeAlias = Callable[[object], int]

MATCH_LIMIT = 10_000_000
"""Steps at one position of the text after which PCRE2 gives up: its default, and so MongoDB's."""

HEAP_LIMIT = 100_000  # KiB
JIT_STACK, MATCH_LIMIT_EXCEEDED, HEAP_LIMIT_EXCEEDED = -46, -47, -63

_ALT_BSUX, _AUTO_CALLOUT = 0x2, 0x4
_FORCED = int(_cy.CompileOption.UCP) | _ALT_BSUX
_OPTIONS = {
    'i': int(_cy.CompileOption.CASELESS),
    'm': int(_cy.CompileOption.MULTILINE),
    's': int(_cy.CompileOption.DOTALL),
    'x': int(_cy.CompileOption.EXTENDED),
}
_SILENT = _cy.create_match_context()

LibraryError: type[Exception] = _cy.LibraryError
"""What PCRE2 raises."""

CompileError: type[Exception] = _cy.PatternError
"""What it raises for a pattern that is wrong."""


class Watch(Enum):
    """When a search checks the deadline: never, at the beginning of each line, at each position where it begins, or at each
    item of the pattern.
    """

    NEVER = ''
    LINES = r'(?(?<![^\n])(?C1))'
    STARTS = '(?C1)'
    ITEMS = '(?C)'


def code_of(error: Any) -> int:
    """The number of a LibraryError, one of PCRE2's."""
    return int(error.code)


def reason_of(error: Any) -> str:
    """PCRE2's words for a CompileError, and the position."""
    return f'{str(error.msg).partition("; ")[2]} at position {error.pos}'


def check(source: str, options: str) -> None:
    """Compile the pattern and forget it; CompileError for one that is wrong."""
    _cy.compile(source, _bits(options), _FORCED)


def search(code: Code, text: str, look: Look | None = None) -> bool:
    """Whether the pattern is found in the text; `look` is called as the code's Watch says, and may raise."""
    context = _SILENT if look is None else _cy.create_match_context(callout_function=look)
    return _cy.match(code, text, len(text), 0, context)[0] is not None


def compiled(settings: str, source: str, options: str, watch: Watch, limit: int, jit: bool) -> Code:
    """The compiled pattern; PCRE2 takes `settings` only at the beginning of its text."""
    whole = f'(*LIMIT_HEAP={HEAP_LIMIT})(*LIMIT_MATCH={limit}){settings}{watch.value}{source}'
    code = _cy.compile(whole, _bits(options) | (_AUTO_CALLOUT if watch is Watch.ITEMS else 0), _FORCED)
    if jit:
        _translate(code)
    return code


def _translate(code: Code) -> None:
    # Some machines cannot, or may not, run code made at run time; the pattern is then interpreted.
    try:
        _cy.jit_compile(code)
    except (LibraryError, MemoryError):
        return


def _bits(options: str) -> int:
    return sum(_OPTIONS[letter] for letter in options)
