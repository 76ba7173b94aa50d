"""Values to draw, with the odd ones among the usual, or the usual alone.

Few keys and few values, drawn again and again, so that records agree with each other and queries find something.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta, timezone
from functools import cached_property
from typing import Any

from hypothesis import strategies as st
from hypothesis.strategies import SearchStrategy

from mqsql.schema import ANY, BOOLEAN, BUFFERS, DOCUMENT, NUMBER, STRING, TIMESTAMP, ColumnType
from mqsql.testing.drawing.draws import Draws
from mqsql.values.canonical import INT64
from mqsql.values.codec import encode_key, encode_text

Strategy = SearchStrategy[Any]

USUAL_TEXTS = ['a', 'b', 'ab', 'B', '']
QUOTING_TEXTS = ["it's", '"', '\\', '%', '_', '*', '[', ';', '--', '/*', ':p0', '?', '$a', 'a.b', '1', 'null', 'a\n']
FOREIGN_TEXTS = ['é', 'e\u0301', 'É', 'ß', '\u0131', '\u2028', '\ue000', '\uffff', '\U0001f600', '\U0010ffff']
CODED_TEXTS = ['\0', 'a\0b', '\x01', '\ud7ff', '\ud800', '\udfff', '\ud83d\ude00', '"\0']
LIKE_CODED = [encode_text(text) for text in CODED_TEXTS] + [encode_key(text) for text in ('"', '$"')]
ODD_TEXTS = [*QUOTING_TEXTS, *FOREIGN_TEXTS, *CODED_TEXTS, *LIKE_CODED, '2026-03-29T02:30:00']
USUAL_NUMBERS = [0, 1, 2, -1, 1.0, 1.5, 3]
ODD_FLOATS = [-0.0, 0.5, -2.5, 0.1, 5e-324, 2.2250738585072014e-308, 1e-7, 1e16, 1e30, 1.7976931348623157e308]
NOT_FINITE = [float('inf'), float('-inf'), float('nan')]
NEAR_POWERS = [sign * (2**bits + more) for bits in (31, 53, 63, 64) for more in (-1, 0, 1) for sign in (1, -1)]
ODD_NUMBERS = [*ODD_FLOATS, *NOT_FINITE, *NEAR_POWERS, 2.0**53, 2.0**63, -(2.0**63), 100, 10**30, -(10**30), 10**400]
USUAL_MOMENTS = [datetime(2026, 10, 25, hour, 30, tzinfo=UTC) for hour in range(3)]
TWICE_ON_THE_CLOCK = [datetime(2026, 10, 25, 2, 30, fold=fold) for fold in (0, 1)]
NEVER_ON_THE_CLOCK = datetime(2026, 3, 29, 2, 30)
ZONED = [datetime(2026, 10, 25, 1, 30, tzinfo=timezone(timedelta(minutes=m))) for m in (60, -60, 345, -1439)]
BEFORE_1970 = datetime(1969, 12, 31, 23, 59, 59, 999999, tzinfo=UTC)
ENDS = [moment.replace(tzinfo=UTC) for moment in (datetime.min, datetime(99, 1, 1), datetime.max)]
ODD_MOMENTS = [*TWICE_ON_THE_CLOCK, NEVER_ON_THE_CLOCK, *ZONED, BEFORE_1970, datetime(1970, 1, 1, tzinfo=UTC), *ENDS]
USUAL_BYTES = [b'', b'\x05', b'ab']
ODD_BYTES = [b'\0', b'\xff', b'\x05\0', b'\0' * 9, b'\xff' * 9, b'$date']
USUAL_KEYS = ['a', 'b', 'c']
QUOTING_KEYS = ['', 'a.b', '"', "'", '\\', '[0]', '#-1', '*', 'a b', '$a', '$date', '$$a', '$numberDouble']
DBREF = {'$ref': 'a', '$id': 1}
ODD_KEYS = [*QUOTING_KEYS, *LIKE_CODED, '0', '1', '01', 'é', '\0', '\ud800', '\x01']

PATTERNS = [
    '{}',
    '^{}',
    '{}$',
    '^{}.',
    '(?i){}',
    'a|{}',
    '^{}$',
    r'\A{}\Z',
    '[^a]',
    '',
    '.',
    r'\d',
    r'\w',
    r'\W',
    r'^\s',
    r'\b{}',
    '^.$',
    '^..$',
    '{} #b',
]
"""Regular expressions that Python takes too; a text takes the place of the braces."""

PCRE_PATTERNS = [
    r'{}\z',
    r'^\h|\v|\R',
    r'^\Q{}\E',
    r'(?<n>{})\k<n>',
    r'\p{L}',
    r'^\P{Lu}\X',
    r'[[:upper:][:punct:]]',
    r'\x{e9}|\x{1f600}',
    r'a(?i){}',
    r'(?i){}(?-i)b',
    r'(*UCP)^\w+$',
    r'{}\K.',
    r'(?|(a)|(b))\1',
    r'^(?:a|{})++\N',
]


def mostly(usual: list[Any], odd: Strategy) -> Strategy:
    """The usual twice as often as the odd; what fails shrinks to the usual."""
    return st.sampled_from(usual) | st.sampled_from(usual) | odd


@dataclass(frozen=True, eq=False)
class Values:
    """Values of each type, and what queries make of them."""

    name: str
    texts: Strategy
    numbers: Strategy
    moments: Strategy
    binaries: Strategy
    keys: Strategy
    ids: Sequence[str]
    """Odd keys of records."""
    tick: timedelta
    """By how much two times differ at least."""
    patterns: Sequence[str]
    """The regular expressions of `$regex`."""
    odd: bool
    """Whether documents are arrays or DBRefs at times and have bytes in them, and operands other forms that a column takes."""

    @cached_property
    def scalars(self) -> Strategy:
        """Whatever is neither an object nor an array."""
        others = [st.none(), st.booleans(), self.moments, *([self.binaries] if self.odd else [])]
        return st.one_of(self.numbers, self.texts, self.numbers, self.texts, *others)

    def value(self, d: Draws, depth: int = 3) -> Any:
        """Anything inside a Document, at most so many levels deep."""
        form = d.pick(range(5)) if depth else 0
        return d.draw(self.scalars) if form < 3 else self.fields(d, depth) if form == 3 else self.elements(d, depth)

    def fields(self, d: Draws, depth: int) -> dict[str, Any]:
        """An object."""
        drawn = dict(d.several(0, 3, lambda: (d.draw(self.keys), self.value(d, depth - 1))))
        return {**DBREF, **drawn} if self.odd and d.once_in(16) else drawn

    def elements(self, d: Draws, depth: int) -> list[Any]:
        """An array; one in three holds objects only."""
        one = self.fields if depth > 1 and d.once_in(3) else self.value
        return d.several(0, 3, lambda: one(d, depth - 1))

    @cached_property
    def any_value(self) -> Strategy:
        """Anything inside a Document."""

        @st.composite
        def drawn(draw: st.DrawFn) -> Any:
            return self.value(Draws(draw))

        return drawn()

    @cached_property
    def documents(self) -> Strategy:
        """Anything that a Document column holds: an object, or an odd array."""

        @st.composite
        def drawn(draw: st.DrawFn) -> Any:
            d = Draws(draw)
            return self.elements(d, 3) if self.odd and d.once_in(4) else self.fields(d, 4)

        return drawn()

    @cached_property
    def by_kind(self) -> Mapping[ColumnType, Strategy]:
        """What a column of each type holds."""
        return {
            STRING: self.texts,
            NUMBER: self.numbers.filter(lambda number: isinstance(number, float) or number in INT64),
            BOOLEAN: st.booleans(),
            TIMESTAMP: self.moments,
            DOCUMENT: self.documents,
            BUFFERS: st.lists(self.binaries, max_size=3),
            ANY: self.texts | self.any_value,
        }

    @cached_property
    def operands(self) -> Mapping[ColumnType, Strategy]:
        """What a column of each type compares with."""
        more = {NUMBER: self.numbers, DOCUMENT: self.any_value}
        return {kind: st.none() | strategy for kind, strategy in {**self.by_kind, **more}.items()}

    @cached_property
    def path_steps(self) -> Strategy:
        """A step of a path."""
        return self.keys.filter(lambda key: '.' not in key) | st.sampled_from(['a', '0', '1'])


zones: Strategy = st.none() | st.integers(-1439, 1439).map(lambda minutes: timezone(timedelta(minutes=minutes)))
# A day from either end, no zone can take a time out of the years that there are.
any_moments = st.datetimes(datetime.min + timedelta(2), datetime.max - timedelta(2), timezones=zones)

ALL = Values(
    'all',
    texts=mostly(USUAL_TEXTS, st.sampled_from(ODD_TEXTS) | st.text(st.characters(), max_size=4)),
    numbers=mostly(USUAL_NUMBERS, st.sampled_from(ODD_NUMBERS) | st.integers() | st.floats()),
    moments=mostly(USUAL_MOMENTS, st.sampled_from(ODD_MOMENTS) | any_moments),
    binaries=mostly(USUAL_BYTES, st.sampled_from(ODD_BYTES) | st.binary(max_size=10)),
    keys=mostly(USUAL_KEYS, st.sampled_from(ODD_KEYS) | st.text(st.characters(), max_size=3)),
    ids=ODD_TEXTS,
    tick=timedelta(microseconds=1),
    patterns=PATTERNS + PCRE_PATTERNS,
    odd=True,
)
"""Every value that a record can hold."""

ORDINARY_TEXTS = ["it's", 'a/b', 'a.b', '%', '_', '1', 'null', 'é', 'É', 'a b', '[a]', '!', 'b*']
ORDINARY_NUMBERS = [0.5, -2.5, 10, 10.0, 100, 2**31, 2**40, 1e10]
ORDINARY_MOMENTS = [
    *(
        datetime(2026, 10, 25, hour, tzinfo=timezone(timedelta(hours=zone)))
        for zone, hour in ((9, 10), (-5, 1), (1, 2))
    ),
    *(datetime(2026, 10, day, 12, 0, 0, 1000 * day, tzinfo=UTC) for day in (24, 25, 26)),
]

USUAL = Values(
    'usual',
    texts=mostly(USUAL_TEXTS, st.sampled_from(ORDINARY_TEXTS)),
    numbers=mostly(USUAL_NUMBERS, st.sampled_from(ORDINARY_NUMBERS)),
    moments=mostly(USUAL_MOMENTS, st.sampled_from(ORDINARY_MOMENTS)),
    binaries=st.sampled_from(USUAL_BYTES),
    keys=st.sampled_from(USUAL_KEYS),
    ids=["it's", 'a.b', '%', 'é', 'M1', 'm 1', '1'],
    tick=timedelta(milliseconds=1),
    patterns=['{}', '^{}', '{}$', '^{}.', 'a|{}', '^{}$', '[^a]', '.', r'\d', r'\w', '^..$'],
    odd=False,
)
"""What every database of records should hold.

Texts in UTF-8, integers that a float holds, times by the millisecond with a zone; in documents, whatever JSON has, and times.
"""

VALUES = {values.name: values for values in (USUAL, ALL)}


def values_of(name: str) -> Values:
    """The values of a name; ValueError names both."""
    if name not in VALUES:
        raise ValueError(f'values is {" or ".join(map(repr, VALUES))}, not {name!r}')
    return VALUES[name]
