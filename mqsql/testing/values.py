"""Values, task records and collections of them to draw, with the odd ones among the usual. Imports `draws` and the schema.

Few keys and few values, drawn again and again, so that records agree with each other and queries find something.
"""

from datetime import UTC, datetime, timedelta, timezone
from typing import Any

from draws import Draws
from hypothesis import strategies as st
from hypothesis.strategies import SearchStrategy
from tables import TABLE

from mqsql.schema import ANY, BOOLEAN, BUFFERS, DOCUMENT, NUMBER, STRING, TIMESTAMP, Record
from mqsql.values.canonical import INT64
from mqsql.values.codec import encode_key, encode_text

Strategy = SearchStrategy[Any]

LOCAL_ZONE = 'CET-1CEST,M3.5.0,M10.5.0/3'
"""The local zone of the property tests: naive times around its clock changes are among MOMENTS."""

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


def mostly(usual: list[Any], odd: Strategy) -> Strategy:
    """The usual twice as often as the odd; what fails shrinks to the usual."""
    return st.sampled_from(usual) | st.sampled_from(usual) | odd


texts: Strategy = mostly(USUAL_TEXTS, st.sampled_from(ODD_TEXTS) | st.text(st.characters(), max_size=4))
numbers: Strategy = mostly(USUAL_NUMBERS, st.sampled_from(ODD_NUMBERS) | st.integers() | st.floats())
zones: Strategy = st.none() | st.integers(-1439, 1439).map(lambda minutes: timezone(timedelta(minutes=minutes)))
# A day from either end, no zone can take a time out of the years that there are.
any_moments = st.datetimes(datetime.min + timedelta(2), datetime.max - timedelta(2), timezones=zones)
moments: Strategy = mostly(USUAL_MOMENTS, st.sampled_from(ODD_MOMENTS) | any_moments)
binaries: Strategy = mostly(USUAL_BYTES, st.sampled_from(ODD_BYTES) | st.binary(max_size=10))
keys: Strategy = mostly(USUAL_KEYS, st.sampled_from(ODD_KEYS) | st.text(st.characters(), max_size=3))

scalars: Strategy = st.one_of(numbers, texts, numbers, texts, st.none(), st.booleans(), moments, binaries)


def value(d: Draws, depth: int = 3) -> Any:
    """Anything inside a Document, at most so many levels deep."""
    form = d.pick(range(5)) if depth else 0
    return d.draw(scalars) if form < 3 else fields(d, depth) if form == 3 else elements(d, depth)


def fields(d: Draws, depth: int) -> dict[str, Any]:
    """An object."""
    drawn = dict(d.several(0, 3, lambda: (d.draw(keys), value(d, depth - 1))))
    return {**DBREF, **drawn} if d.once_in(16) else drawn


def elements(d: Draws, depth: int) -> list[Any]:
    """An array; one in three holds objects only."""
    one = fields if depth > 1 and d.once_in(3) else value
    return d.several(0, 3, lambda: one(d, depth - 1))


@st.composite
def values(draw: st.DrawFn) -> Any:
    """Anything inside a Document."""
    return value(Draws(draw))


@st.composite
def documents(draw: st.DrawFn) -> Any:
    """Anything that a Document column holds; mostly an object."""
    d = Draws(draw)
    return elements(d, 3) if d.once_in(4) else fields(d, 4)


buffers: Strategy = st.lists(binaries, max_size=3)

BY_KIND: dict[Any, Strategy] = {
    STRING: texts,
    NUMBER: numbers.filter(lambda number: isinstance(number, float) or number in INT64),
    BOOLEAN: st.booleans(),
    TIMESTAMP: moments,
    DOCUMENT: documents(),
    BUFFERS: buffers,
    ANY: texts | values(),
}
DOCUMENTS = [column for column, kind in TABLE.columns.items() if kind is DOCUMENT]
OTHERS = [column for column, kind in TABLE.columns.items() if kind is not DOCUMENT and column != TABLE.key]
NUMBERS = [column for column, kind in TABLE.columns.items() if kind in (NUMBER, BOOLEAN)]
COLUMNS = [['content', 'header'], OTHERS, DOCUMENTS, NUMBERS]


def record(d: Draws, columns: set[str]) -> Record:
    """A record with an id and values for some of the columns, None among them."""
    drawn = {column: None if d.once_in(8) else d.draw(BY_KIND[TABLE.columns[column]]) for column in sorted(columns)}
    kept = {column: drawn[column] for column in drawn if not d.once_in(8)}
    return {TABLE.key: d.pick(ODD_TEXTS) if d.once_in(4) else f'm{d.pick(range(20))}', **kept}


def collection(d: Draws, least: int = 0, most: int = 8) -> list[Record]:
    """About so many records with different ids that have something in a few columns, the same few for all."""
    columns = set(d.several(1, 3, lambda: d.pick(d.pick(COLUMNS))))
    drawn = d.several(least, most, lambda: record(d, columns))
    return list({one[TABLE.key]: one for one in drawn}.values())


@st.composite
def collections(draw: st.DrawFn, *, least: int = 0, most: int = 8) -> list[Record]:
    """A `collection`."""
    return collection(Draws(draw), least, most)
