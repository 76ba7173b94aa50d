"""Expressions of every operator to draw, mostly with operands that it takes, now and then with none that it takes.

A row of SIGNATURES says what an operator takes: the kinds of operands by position or name,
`?` behind those that may lack and `*` behind one that stands any number of times. What it gives stands behind the arrow.
"""

from collections.abc import Mapping, Sequence
from datetime import UTC, datetime, timedelta
from typing import Any

from mqsql.testing.drawing import values as some
from mqsql.testing.drawing.draws import Draws

D = datetime(2024, 2, 29, 23, 59, 59, 123_456, tzinfo=UTC)
DATES = [D, D + timedelta(40, 1), D.replace(year=1968), datetime(2024, 3, 31, 1, 30, tzinfo=UTC), *some.ENDS]
LISTS = [[], [3, 1, 2, 1.0], ['a', 'b', None], [[1], {'a': 1}], [{'a': 1, 'b': [1, 2]}, {'a': 2}, 5, {'b': 3}]]
OBJECTS = [{}, {'a': 1, 'b': 'x'}, {'b': None}]
FRACTIONS = [0.1, 0.2, 0.4, 0.5, -0.5, 2.5, -2.5, 1e16, 1e308]

VALUES: dict[str, Sequence[Any]] = {
    'number': [*some.USUAL_NUMBERS, *some.ODD_NUMBERS, *FRACTIONS],
    'index': [0, 1, 2, -1, 1.0, 3, 2**31, -(2**63), 2.5, 10**18],
    'text': [
        *some.USUAL_TEXTS,
        *some.FOREIGN_TEXTS,
        'aaa',
        ' x ',
        '5',
        '-7',
        '2.5',
        '2024-02-29T12:00:00Z',
        'nan',
        '\0',
    ],
    'date': DATES,
    'list': LISTS,
    'object': OBJECTS,
    'truth': [True, False, None, 0, 1, 'a', ''],
    'unit': ['day', 'week', 'month', 'quarter', 'year', 'hour', 'minute', 'second', 'millisecond', 'fortnight'],
    'zone': [
        'UTC',
        'Australia/Lord_Howe',
        'Europe/Paris',
        'America/New_York',
        '+05:30',
        '-0800',
        '+00',
        'GMT',
        'Z',
        '+99:99',
        '+02:',
        'Nope',
    ],
    'day': ['monday', 'Sun', 'FRI', 'xx'],
    'format': ['%Y-%m-%d', '%H:%M:%S.%L', '%j %w %u %U %V %G', '%z %Z %b %B', '%%', '', '%q'],
    'regex': ['a', '^a', 'b$', '.', '[ab]', 'A', '', '('],
    'letters': ['i', '', 'ms', 'q'],
    'operator': [{'$literal': {'$add': [1]}}, {'$literal': '$a'}],
    'nothing': [None, '$$REMOVE'],
}
ORDINARY: dict[str, Sequence[Any]] = {
    'number': [*some.USUAL_NUMBERS, *some.ORDINARY_NUMBERS],
    'index': [0, 1, 2, -1, 1.0, 3],
    'text': [*some.USUAL_TEXTS, 'é', 'aaa', ' x ', '5', '2.5'],
    'date': [*some.USUAL_MOMENTS, *some.ORDINARY_MOMENTS],
    'unit': ['day', 'week', 'month', 'quarter', 'year', 'hour', 'minute', 'second', 'millisecond'],
    'zone': ['UTC', 'Europe/Paris', 'America/New_York', '+05:30'],
    'day': ['monday', 'sunday'],
    'format': ['%Y-%m-%d', '%H:%M:%S.%L'],
    'regex': ['a', '^a', 'b$', '.', '[ab]'],
    'letters': ['i', ''],
}
"""The usual ones of these."""

Paths = Mapping[str, Sequence[str]]
"""Where records have a value of each kind."""

KINDS = ['number', 'text', 'date', 'list', 'object', 'truth', 'nothing', 'operator']

COMPARISONS = '$eq $ne $gt $gte $lt $lte $cmp'
PARTS = (
    '$year $month $dayOfMonth $dayOfYear $dayOfWeek $isoDayOfWeek $week $isoWeek $isoWeekYear '
    '$hour $minute $second $millisecond'
)
SIGNATURES = {
    **dict.fromkeys(COMPARISONS.split(), 'any any -> truth'),
    **dict.fromkeys(['$and', '$or'], 'truth* -> truth'),
    '$not': 'truth -> truth',
    '$cond': 'truth any any -> any',
    '$ifNull': 'any any any? -> any',
    '$switch': 'branches=branches default=any? -> any',
    '$let': 'vars=vars in=body:x -> any',
    '$literal': 'plain -> any',
    '$add': 'number* -> number',
    '$subtract': 'number number -> number',
    '$multiply': 'number* -> number',
    **dict.fromkeys(['$divide', '$mod', '$pow', '$log'], 'number number -> number'),
    **dict.fromkeys(['$abs', '$ceil', '$floor', '$sqrt', '$exp', '$ln', '$log10'], 'number -> number'),
    **dict.fromkeys(['$round', '$trunc'], 'number index? -> number'),
    **dict.fromkeys(['$sum', '$avg', '$min', '$max'], 'number* -> number'),
    **dict.fromkeys(PARTS.split(), 'date=date timezone=zone? -> number'),
    **dict.fromkeys(['$dateAdd', '$dateSubtract'], 'startDate=date unit=unit amount=index timezone=zone? -> date'),
    '$dateDiff': 'startDate=date endDate=date unit=unit timezone=zone? startOfWeek=day? -> number',
    '$dateTrunc': 'date=date unit=unit binSize=index? timezone=zone? startOfWeek=day? -> date',
    '$dateToString': 'date=date format=format? timezone=zone? onNull=any? -> text',
    '$concat': 'text* -> text',
    **dict.fromkeys(['$toLower', '$toUpper'], 'text -> text'),
    **dict.fromkeys(['$strLenCP', '$strLenBytes'], 'text -> number'),
    **dict.fromkeys(['$substr', '$substrBytes', '$substrCP'], 'text index index -> text'),
    **dict.fromkeys(['$indexOfBytes', '$indexOfCP'], 'text text index? index? -> number'),
    '$split': 'text text -> list',
    '$strcasecmp': 'text text -> number',
    **dict.fromkeys(['$trim', '$ltrim', '$rtrim'], 'input=text chars=text? -> text'),
    **dict.fromkeys(['$replaceOne', '$replaceAll'], 'input=text find=text replacement=text -> text'),
    '$regexMatch': 'input=text regex=regex options=letters? -> truth',
    '$size': 'list -> number',
    '$isArray': 'any -> truth',
    '$arrayElemAt': 'list index -> any',
    **dict.fromkeys(['$first', '$last'], 'list -> any'),
    '$slice': 'list index index? -> list',
    '$concatArrays': 'list* -> list',
    '$reverseArray': 'list -> list',
    '$range': 'index index index? -> list',
    '$in': 'any list -> truth',
    '$indexOfArray': 'list any index? index? -> number',
    '$setIsSubset': 'list list -> truth',
    '$setEquals': 'list list list? -> truth',
    **dict.fromkeys(['$anyElementTrue', '$allElementsTrue'], 'list -> truth'),
    '$filter': 'input=list cond=body:this limit=index? -> list',
    '$map': 'input=list in=body:this -> list',
    '$reduce': 'input=list initialValue=any in=body:this,value -> any',
    '$mergeObjects': 'object* -> object',
    '$objectToArray': 'object -> list',
    '$type': 'any -> text',
    '$isNumber': 'any -> truth',
    **dict.fromkeys(['$toBool', '$toInt', '$toLong', '$toDouble', '$toString', '$toDate'], 'any -> any'),
}
"""What each operator takes, and what it gives."""

GIVES = {kind: [name for name, row in SIGNATURES.items() if row.endswith(f'> {kind}')] for kind in KINDS}
DEEPEST = 4


class Expressions:
    """Draws expressions; `paths` are those of the records by kind, `names` the variables that stand at the place."""

    def __init__(
        self, d: Draws, paths: Paths, values: some.Values = some.ALL, names: tuple[str, ...] = (), depth: int = 0
    ) -> None:
        self.d, self.paths, self.values, self.names, self.depth = d, paths, values, names, depth
        self.choices = VALUES if values.odd else {**VALUES, **ORDINARY}

    def inside(self, *names: str) -> 'Expressions':
        """Those a level further in, with more variables."""
        return Expressions(self.d, self.paths, self.values, (*self.names, *names), self.depth + 1)

    def operator(self, name: str | None = None) -> dict[str, Any]:
        """An operator with its operands."""
        chosen = name or self.d.pick(list(SIGNATURES))
        taken, _ = SIGNATURES[chosen].split(' ->')
        rows = taken.split()
        if '=' in taken:
            return {chosen: {key: self.of(kind.rstrip('?')) for key, kind in self.kept(rows)}}
        operands = [self.of(kind.rstrip('*?')) for kind in self.counted(rows)]
        return {chosen: operands[0] if chosen == '$literal' or (len(operands) == 1 and self.d.once_in(2)) else operands}

    def kept(self, rows: list[str]) -> list[list[str]]:
        """The operands by name, without some that may lack."""
        return [row.split('=') for row in rows if not row.endswith('?') or self.d.once_in(2)]

    def counted(self, rows: list[str]) -> list[str]:
        """The operands by position, as many as there may be."""
        if rows[-1].endswith('*'):
            return rows[-1:] * self.d.pick(range(4))
        least = sum(not row.endswith('?') for row in rows)
        return rows[: self.d.pick(range(least, len(rows) + 1))]

    def of(self, kind: str) -> Any:
        """An expression that gives a value of this kind, or (now and then) of another."""
        if kind in ('branches', 'vars', 'plain') or kind.startswith('body:'):
            return getattr(self, kind.partition(':')[0])(*kind.partition(':')[2].split(','))
        if kind == 'any' or self.d.once_in(12):
            kind = self.d.pick(KINDS)
        if self.depth < DEEPEST and self.d.once_in(3):
            return self.inside().operator(self.d.pick([*GIVES.get(kind, []), *GIVES['truth'], '$cond', '$arrayElemAt']))
        if self.names and self.d.once_in(3):
            return f'$${self.d.pick(self.names)}'
        if self.paths.get(kind) and self.d.once_in(2):
            return f'${self.d.pick(self.paths[kind])}'
        return self.d.pick(self.choices[kind])

    def body(self, *names: str) -> Any:
        """An expression in which these variables stand."""
        return self.inside(*names).of(self.d.pick(KINDS))

    def vars(self, _: str) -> Any:
        """The variables of $let."""
        return {'x': self.of('any')}

    def branches(self, _: str) -> Any:
        """Those of $switch."""
        return self.d.several(1, 3, lambda: {'case': self.of('truth'), 'then': self.of('any')})

    def plain(self, _: str) -> Any:
        """What $literal takes as it is."""
        return self.d.pick(self.choices[self.d.pick(KINDS)])
