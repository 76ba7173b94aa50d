"""Regular expressions as MongoDB has them, searched for within the deadline of a query.

They are PCRE2's, in UTF mode, where \\w, \\d, \\s and \\b mean ASCII. Without a deadline only PCRE2's own limits bound a
search, as in MongoDB. These limits start again at each position of the text, and do not count all of the work. So with a
deadline a search is run in the fastest way that is known to be short; if there is none, or it fails, in ways that check the
time more often:

    cost      a bound for the steps of a search     engine   PCRE2, and what it has compiled
"""

import math
import re
from bisect import bisect
from collections.abc import Callable, Iterator
from functools import cached_property

from mqsql import limits
from mqsql.kept import Kept
from mqsql.patterns import engine
from mqsql.patterns.cost import Cost
from mqsql.patterns.engine import MATCH_LIMIT, Watch

STEPS = 30_000_000
"""Steps between two checks of the deadline; they take some tens of milliseconds."""

SLOWER = 10  # how many times slower a search is without machine code
LEAST_LIMIT = 10
MOST_FLAGS = 200
MOST_CODES = 3  # compiled forms that a pattern keeps
MOST_BYTES = 2 << 20  # of a compiled form, about
SHOWN = 80
LONGEST = 1 << 30  # the longest text that SQLite stores

MAX_REGEX = 32_761
"""Characters of the longest pattern that MongoDB compiles."""

FLAGS = {'i': re.IGNORECASE, 'm': re.MULTILINE, 's': re.DOTALL, 'x': re.VERBOSE}
"""The options that change what a pattern finds, as those of a compiled one."""

IGNORED = 'u'

_SETTINGS = re.compile(
    r'(?:\(\*(?:UTF|UCP|NOTEMPTY|NOTEMPTY_ATSTART|NO_AUTO_POSSESS|NO_DOTSTAR_ANCHOR|NO_JIT|NO_START_OPT|CASELESS_RESTRICT'
    r'|TURKISH_CASING|CR|LF|CRLF|ANYCRLF|ANY|NUL|BSR_ANYCRLF|BSR_UNICODE|LIMIT_(?:HEAP|MATCH|DEPTH|RECURSION)=\d+)\))*'
)
_LONE = re.compile('[\ud800-\udfff]')
_STAND_IN = '\ud7ff'
"""Takes the place of a lone surrogate, which UTF-8 cannot hold; the last code point before them, and unassigned."""
_FLAGS = re.compile(f'[\U0001f1e6-\U0001f1ff]{{{MOST_FLAGS}}}')


class PatternError(ValueError):
    """A pattern that is wrong, or a search that takes more than PCRE2 allows; the message is a sentence."""


class Pattern:
    """A pattern with options, some of the letters i, m, s and x."""

    def __init__(self, source: str, options: str) -> None:
        self.source, self.options = source, options
        settings = _SETTINGS.match(source)
        self._settings = settings[0] if settings else ''
        self._cost = Cost(source, options)
        self._codes: dict[tuple[Watch, int, bool], engine.Code] = {}

    @property
    def size(self) -> int:
        """Bytes that it takes, about."""
        return 2_000 + MOST_CODES * min(30 * len(self.source) * self._cost.copies, MOST_BYTES)

    def found_in(self, text: str) -> bool:
        """Whether the pattern is found in the text; StorageError after the deadline, PatternError beyond PCRE2's limits."""
        deadline = limits.current()
        deadline.check()
        if deadline.seconds and len(text) > self._plain:
            return self._search(self._run_within, text)
        try:
            return engine.search(self._quickest, text)
        except (engine.LibraryError, UnicodeEncodeError):
            return self._search(self._run, text)

    @cached_property
    def _plain(self) -> int:
        """The longest text for which every search is short; -1 if there is none."""
        return bisect(range(LONGEST), False, key=lambda n: (n + 1) * self._cost.start(n) > STEPS) - 1

    @cached_property
    def _quickest(self) -> engine.Code:
        return self._code(Watch.NEVER, MATCH_LIMIT, True)

    def _search(self, run: Callable[[str, bool], bool], text: str) -> bool:
        try:
            return self._in_either_way(run, text)
        except UnicodeEncodeError:
            return self._search(run, _LONE.sub(_STAND_IN, text))
        except engine.LibraryError as e:
            raise PatternError(f'{self._named} {_reason(e)}, on a text of {len(text):,} characters') from None

    @staticmethod
    def _in_either_way(run: Callable[[str, bool], bool], text: str) -> bool:
        # Machine code has a small stack.
        try:
            return run(text, True)
        except engine.LibraryError as e:
            if engine.code_of(e) != engine.JIT_STACK:
                raise
            return run(text, False)

    @property
    def _named(self) -> str:
        return f'the pattern {self.source[:SHOWN]!r}'

    def _run(self, text: str, jit: bool, watch: Watch = Watch.NEVER, limit: int = MATCH_LIMIT) -> bool:
        code = self._code(watch, limit, jit)
        return engine.search(code, text) if watch is Watch.NEVER else engine.search(code, text, _look)

    def _code(self, watch: Watch, limit: int, jit: bool) -> engine.Code:
        key = watch, limit, jit
        if (code := self._codes.get(key)) is None:
            body = self.source[len(self._settings) :]
            code = engine.compiled(self._settings, body, self.options, watch, limit, jit)
            if len(self._codes) >= MOST_CODES:
                self._codes.clear()
            self._codes[key] = code
        return code

    def _run_within(self, text: str, jit: bool) -> bool:
        if '\\X' in self.source and _FLAGS.search(text):
            raise PatternError(
                f'{self._named} has \\X, and a text {MOST_FLAGS} letters of flags in a row: that takes too long'
            )
        for watch, limit in self._ways(text, STEPS if jit else STEPS // SLOWER):
            try:
                return self._run(text, jit, watch, limit)
            except engine.LibraryError as e:
                if limit == MATCH_LIMIT or engine.code_of(e) != engine.MATCH_LIMIT_EXCEEDED:
                    raise
        return self._run(text, jit, Watch.ITEMS)

    def _ways(self, text: str, steps: int) -> Iterator[tuple[Watch, int]]:
        """The ways to search, the fastest first, that check the deadline often enough."""
        line = max(map(len, text.split('\n')))
        stretch = line if self._cost.in_lines else len(text)
        start, unit = self._cost.start(stretch), self._cost.unit(stretch)
        for watch, starts in ((Watch.NEVER, len(text) + 1), (Watch.LINES, line + 1), (Watch.STARTS, 1)):
            if watch is Watch.LINES and line == len(text):
                continue  # which would look as often as never
            if start * starts <= steps:
                yield watch, MATCH_LIMIT
            elif steps >= LEAST_LIMIT * unit * starts:
                yield watch, 10 ** int(math.log10(steps / (unit * starts)))


def _look(place: object) -> int:
    limits.check()
    return 0


def _reason(error: Exception) -> str:
    if isinstance(error, engine.CompileError):
        return 'is too large to be searched for within a query_timeout'
    match engine.code_of(error):
        case engine.MATCH_LIMIT_EXCEEDED:
            return f'takes more steps than PCRE2 allows, {MATCH_LIMIT:,} at one position'
        case engine.HEAP_LIMIT_EXCEEDED:
            return f'takes more than {engine.HEAP_LIMIT:,} KiB of memory'
    return f'fails: {error}'


def compile(source: str, options: str = '') -> Pattern:
    """The pattern; PatternError with PCRE2's reason and the position if it is wrong."""
    return _PATTERNS.get((source, options), _compile)


_PATTERNS: Kept[tuple[str, str], Pattern] = Kept(64 << 20)


def _compile(key: tuple[str, str]) -> tuple[Pattern, int]:
    source, options = key
    limits.check()
    if lone := _LONE.search(source):
        raise PatternError(f'a lone surrogate at position {lone.start()}')
    try:
        engine.check(source, options)
    except engine.CompileError as e:
        raise PatternError(engine.reason_of(e)) from None
    pattern = Pattern(source, options)
    return pattern, pattern.size
