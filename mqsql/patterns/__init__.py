"""Regular expressions as MongoDB has them, searched for within the deadline of a query. Imports `limits` of the project.

They are PCRE2's, in UTF mode, where \\w, \\d, \\s and \\b mean ASCII. Without a deadline a search is bounded by PCRE2's own
limits alone, as in MongoDB. These count anew at each position of the text, and do not count all of the work, so that under a
deadline a search first takes the quickest way that is certainly short, then ways that look at the clock more often:

    cost      a bound for the steps of a search     engine   PCRE2, and what it has compiled
"""

import math
import re
from collections.abc import Callable, Iterator
from functools import cached_property, partial

from mqsql import limits
from mqsql.patterns import engine
from mqsql.patterns.cost import Cost
from mqsql.patterns.engine import MATCH_LIMIT, Cache, Watch

STEPS = 30_000_000
"""Steps that may pass without a look at the clock; some tens of milliseconds."""

SLOWER = 10  # times, without machine code
LEAST_LIMIT = 10
MOST_FLAGS = 200
MOST_BYTES = 2 << 20  # that PCRE2 makes of a pattern, about
SHOWN = 80
_LENGTHS = [1 << bits for bits in range(30)]

_SETTINGS = re.compile(
    r'(?:\(\*(?:UTF|UCP|NOTEMPTY|NOTEMPTY_ATSTART|NO_AUTO_POSSESS|NO_DOTSTAR_ANCHOR|NO_JIT|NO_START_OPT|CASELESS_RESTRICT'
    r'|TURKISH_CASING|CR|LF|CRLF|ANYCRLF|ANY|NUL|BSR_ANYCRLF|BSR_UNICODE|LIMIT_(?:HEAP|MATCH|DEPTH|RECURSION)=\d+)\))*'
)
_LONE = re.compile('[\ud800-\udfff]')
_STAND_IN = '\ud7ff'
"""The unassigned character before the surrogates: patterns take it for a lone one, which UTF-8 cannot hold."""
_FLAGS = re.compile(f'[\U0001f1e6-\U0001f1ff]{{{MOST_FLAGS}}}')


class PatternError(ValueError):
    """A pattern that is wrong, or that a text asks too much of; its message says so in a sentence."""


class Pattern:
    """A pattern with options, some of the letters i, m, s and x."""

    def __init__(self, source: str, options: str) -> None:
        self.source, self.options = source, options
        settings = _SETTINGS.match(source)
        self._settings = settings[0] if settings else ''
        self._cost = Cost(source, options)
        self._size = min(2_000 + 30 * len(source) * self._cost.copies, MOST_BYTES)

    def found_in(self, text: str) -> bool:
        """Whether it is found in the text; StorageError when the deadline has passed, PatternError beyond PCRE2's limits."""
        try:
            return self._found_in(text)
        except UnicodeEncodeError:
            return self._found_in(_LONE.sub(_STAND_IN, text))

    def _found_in(self, text: str) -> bool:
        search: Callable[[str, bool], bool] = self._run
        if limits.current().seconds:
            limits.check()
            search = self._run if len(text) <= self._plain else self._run_within
        try:
            return self._in_either_way(search, text)
        except engine.LibraryError as e:
            raise PatternError(f'{self._named} {_reason(e)}, on a text of {len(text):,} characters') from None

    @property
    def _named(self) -> str:
        return f'the pattern {self.source[:SHOWN]!r}'

    @staticmethod
    def _in_either_way(search: Callable[[str, bool], bool], text: str) -> bool:
        # Machine code has a small stack.
        try:
            return search(text, True)
        except engine.LibraryError as e:
            if engine.code_of(e) != engine.JIT_STACK:
                raise
            return search(text, False)

    @cached_property
    def _plain(self) -> int:
        """The length of texts for which a search is short whatever they hold; -1 if there is none."""
        return max((n for n in _LENGTHS if (n + 1) * self._cost.start(n) <= STEPS), default=-1)

    def _run(self, text: str, jit: bool, watch: Watch = Watch.NEVER, limit: int = MATCH_LIMIT) -> bool:
        make = partial(engine.compiled, self._settings, self._body, self.options, watch, limit, jit)
        code = _CODES.get((self.source, self.options, watch, limit, jit), self._size, make)
        return engine.search(code, text, None if watch is Watch.NEVER else _look)

    @cached_property
    def _body(self) -> str:
        return self.source[len(self._settings) :]

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
        """How to search, the quickest way first, so that few steps pass without a look at the clock."""
        stretch = max(map(len, text.split('\n'))) if self._cost.in_lines else len(text)
        start, unit = self._cost.start(stretch), self._cost.unit(stretch)
        for watch, starts in ((Watch.NEVER, len(text) + 1), (Watch.STARTS, 1)):
            if start * starts <= steps:
                yield watch, MATCH_LIMIT
            elif steps >= LEAST_LIMIT * unit * starts:
                yield watch, 10 ** int(math.log10(steps / (unit * starts)))


def _look(place: object) -> int:
    limits.check()
    return 0


def _reason(error: Exception) -> str:
    match engine.code_of(error):
        case engine.MATCH_LIMIT_EXCEEDED:
            return f'takes more than the {MATCH_LIMIT:,} steps that PCRE2 allows'
        case engine.HEAP_LIMIT_EXCEEDED:
            return f'takes more than {engine.HEAP_LIMIT:,} KiB of memory'
    return f'fails: {error}'


_CODES = Cache()
_PATTERNS = Cache()


def compile(source: str, options: str = '') -> Pattern:
    """The pattern; PatternError with PCRE2's reason and the position if it is wrong."""
    pattern: Pattern = _PATTERNS.get((source, options), 1_000 + 4 * len(source), partial(_compile, source, options))
    return pattern


def _compile(source: str, options: str) -> Pattern:
    limits.check()
    if lone := _LONE.search(source):
        raise PatternError(f'half a character at position {lone.start()}')
    try:
        engine.check(source, options)
    except engine.CompileError as e:
        raise PatternError(engine.reason_of(e)) from None
    return Pattern(source, options)
