"""Expressions to draw whose operators SQL has, and records that are at the edges of these.

A row of OPERATORS says what an operator takes and, after the arrow, what it gives; most operands are of the type that is asked
for. Imports `draws`.
"""

import math
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any

from mqsql.testing.drawing.draws import Draws

D = datetime(2024, 2, 29, 23, 59, 59, 123_456, tzinfo=UTC)
OLD = datetime(1969, 12, 31, 23, 59, 59, 999_999, tzinfo=UTC)
FIRST, LAST = datetime.min.replace(tzinfo=UTC), datetime.max.replace(tzinfo=UTC)
DATES = [D, D + timedelta(microseconds=600), OLD, D.replace(hour=0, minute=0, second=0, microsecond=0), FIRST, LAST]
NUMBERS = [
    0,
    1,
    -1,
    2,
    5,
    60_000,
    2**31 - 1,
    2**31,
    2**53 + 1,
    2**63 - 1,
    -(2**63),
    0.0,
    -0.0,
    0.5,
    -2.5,
    1e308,
    5e-324,
    2.0**63,
]
ODD_NUMBERS = [math.nan, math.inf, -math.inf, 2**63, -(10**30)]
STRINGS = ['', 'a', 'A', 'b', 'aé', 'É', '\0', '\x01b', '\ud800', '\ud7ff', '\U0001f600', '5', '2024']
OBJECTS = [{}, {'b': 1}, {'b': 'a'}, {'b': D}, {'b': [1, {'c': 2}]}, {'b': {'c': 3}}]
ARRAYS = [[], [1, 2], ['a', None], [{'b': 1}, {'b': 2}, 5], [[1]]]
OTHERS = [True, False, None, b'', b'ab']
VALUES: list[Any] = [*DATES, *NUMBERS, *ODD_NUMBERS, *STRINGS, *OBJECTS, *ARRAYS, *OTHERS]

KINDS: dict[str, list[Any]] = {
    'number': NUMBERS,
    'integer': [0, 1, -1, 7, 1000, 2**40, 1.0, 0.5],
    'date': DATES,
    'string': STRINGS,
    'truth': [True, False, None, 0, 1, 'a'],
    'array': ARRAYS,
    'any': VALUES,
    'unit': ['year', 'quarter', 'month', 'week', 'day', 'hour', 'minute', 'second', 'millisecond'],
    'day': ['sunday', 'mon', 'FRI'],
    'zone': ['UTC', 'UTC', '+01:00'],
    'list': [[1, 2.0, 5], ['a', 'A', '\0'], DATES[:3], [1, 'a', None], []],
}
PATHS = {
    'number': ['$content.n', '$content.m', '$content.o.b'],
    'integer': ['$content.n'],
    'date': ['$started', '$completed', '$submitted', '$content.d'],
    'string': ['$queue', '$engine_uuid', '$label', '$content.s'],
    'truth': ['$content.t', '$content.a', '$received'],
    'array': ['$content.l', '$content.a', '$content.o.b'],
    'any': ['$content.a', '$content.a', '$content.o.b', '$content.a.b', '$content.nope', '$content', '$label'],
}
COMPARISONS = '$eq $ne $gt $gte $lt $lte'.split()
PARTS = '$year $month $dayOfMonth $dayOfYear $dayOfWeek $isoDayOfWeek $hour $minute $second $millisecond'.split()
OPERATORS = {
    **dict.fromkeys(COMPARISONS, 'same same -> truth'),
    '$cmp': 'same same -> number',
    **dict.fromkeys(['$and', '$or'], 'truth truth truth? -> truth'),
    '$not': 'truth -> truth',
    '$in': 'same list -> truth',
    '$add': 'number number number? -> number',
    '$subtract': 'number number -> number',
    '$multiply': 'number number number? -> number',
    **dict.fromkeys(['$divide', '$mod'], 'number number -> number'),
    **dict.fromkeys(['$abs', '$ceil', '$floor', '$round', '$trunc'], 'number -> number'),
    **dict.fromkeys(PARTS, 'date=date timezone=zone? -> number'),
    '$dateTrunc': 'date=date unit=unit startOfWeek=day? timezone=zone? -> date',
    '$dateDiff': 'startDate=date endDate=date unit=unit startOfWeek=day? -> number',
    **dict.fromkeys(['$dateAdd', '$dateSubtract'], 'startDate=date unit=unit amount=integer -> date'),
    '$concat': 'string string string? -> string',
    **dict.fromkeys(['$toLower', '$toUpper'], 'string -> string'),
    **dict.fromkeys(['$strLenCP', '$strLenBytes'], 'string -> number'),
    '$size': 'array -> number',
    **dict.fromkeys(['$isArray', '$isNumber'], 'any -> truth'),
    '$type': 'any -> string',
}
"""The operators that are lowered, but for those that give any of their operands."""

CHOOSING = ['$cond', '$ifNull', '$switch', '$let']
GIVES = {kind: [name for name, row in OPERATORS.items() if row.endswith(f'> {kind}')] for kind in KINDS}
DEEPEST = 3


def record(d: Draws, i: int) -> dict[str, Any]:
    """A record, many of whose fields are of the type that their name stands for."""
    content = {
        'n': d.pick(NUMBERS),
        'm': d.pick(NUMBERS + ODD_NUMBERS),
        'd': d.pick(DATES),
        's': d.pick(STRINGS),
        't': d.pick(KINDS['truth']),
        'l': d.pick(ARRAYS),
        'o': d.pick(OBJECTS),
        'a': d.pick(VALUES),
    }
    kept: Any = {name: d.pick(VALUES) if d.once_in(8) else value for name, value in content.items() if not d.once_in(8)}
    columns = {
        'started': d.pick(DATES),
        'completed': d.pick(DATES),
        'submitted': D,
        'queue': d.pick(STRINGS),
        'engine_uuid': d.pick(STRINGS),
        'label': d.pick(VALUES),
        'content': [kept, {'b': 1}] if d.once_in(10) else kept,
    }
    return {'msg_id': f'm{i}', **{name: value for name, value in columns.items() if not d.once_in(5)}}


class Lowered:
    """Draws expressions; `names` are the variables that are bound at the place."""

    def __init__(self, d: Draws, names: tuple[str, ...] = (), depth: int = 0) -> None:
        self.d, self.names, self.depth = d, names, depth

    def condition(self) -> dict[str, Any]:
        """An expression that is true or false."""
        if self.d.once_in(2):
            return self.operator(self.d.pick(GIVES['truth'] if self.d.once_in(3) else COMPARISONS))
        name = self.d.pick(list(OPERATORS))
        kind = OPERATORS[name].rpartition(' ')[2]
        return {self.d.pick(COMPARISONS): [Lowered(self.d, self.names, self.depth + 1).operator(name), self.of(kind)]}

    def operator(self, name: str) -> dict[str, Any]:
        """An operator with its operands."""
        taken, _ = OPERATORS[name].split(' ->')
        same = self.d.pick(['number', 'date', 'string', 'any', 'truth'])
        rows = [row.rstrip('?').replace('same', same) for row in taken.split() if row[-1] != '?' or self.d.once_in(2)]
        if '=' in taken:
            return {name: {key: self.of(kind) for key, kind in (row.split('=') for row in rows)}}
        operands = [self.of(kind) for kind in rows]
        if name == '$subtract' and self.d.once_in(3):
            operands = [self.of('date'), self.of(self.d.pick(['date', 'integer']))]
        if name == '$add' and self.d.once_in(3):
            operands = [self.of('date'), self.of('integer')]
        return {name: operands}

    def of(self, kind: str) -> Any:
        """An expression that gives a value of this kind, or, now and then, of another."""
        if kind in ('unit', 'day', 'zone', 'list'):
            return self.d.pick(KINDS[kind])
        if self.d.once_in(12):
            kind = self.d.pick(['number', 'date', 'string', 'truth', 'any', 'array'])
        if self.depth < DEEPEST and self.d.once_in(3):
            return self._deeper(kind)
        if self.names and self.d.once_in(3):
            return f'$${self.d.pick(self.names)}'
        if not self.d.once_in(3):
            return self.d.pick(PATHS[kind])
        return {'$literal': self.d.pick(KINDS[kind])}

    def _deeper(self, kind: str) -> Any:
        inside = Lowered(self.d, self.names, self.depth + 1)
        gives = GIVES['number' if kind == 'integer' else kind]
        if gives and not self.d.once_in(3):
            return inside.operator(self.d.pick(gives))
        choosing: dict[str, Callable[[], Any]] = {
            '$cond': lambda: [inside.condition(), inside.of(kind), inside.of(kind)],
            '$ifNull': lambda: [inside.of(kind), inside.of(kind)],
            '$switch': lambda: {
                'branches': [{'case': inside.condition(), 'then': inside.of(kind)} for _ in range(2)],
                **({'default': inside.of(kind)} if self.d.once_in(2) else {}),
            },
            '$let': lambda: {
                'vars': {'x': inside.of(kind)},
                'in': Lowered(self.d, (*self.names, 'x'), self.depth + 1).of(kind),
            },
        }
        name = self.d.pick(CHOOSING)
        return {name: choosing[name]()}
