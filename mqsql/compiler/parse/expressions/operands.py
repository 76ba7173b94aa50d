"""The operands that each operator of expressions takes: how many, by position or by name, and which variables it binds."""

from collections.abc import Callable
from typing import Any

from mqsql.compiler.parse.expressions.reader import ExprParser
from mqsql.errors import did_you_mean, short_repr
from mqsql.functions.expressions.tree import Call, Expression, Literal

Parse = Callable[[ExprParser, str, Any], Expression]

MANY = 2**31


# --- by position


def positional(least: int, most: int | None = None) -> Parse:
    """A list of operands; a single one may be given without the list."""
    top = least if most is None else most

    def parse(parser: ExprParser, operator: str, operand: Any) -> Call:
        listed = isinstance(operand, list)
        operands = operand if listed else [operand]
        if not least <= len(operands) <= top:
            raise parser.error(f'takes {_counted(least, top)}, not {len(operands)}')
        return _call(parser, operator, [(f'[{i}]' if listed else '', part) for i, part in enumerate(operands)])

    return parse


def _counted(least: int, most: int) -> str:
    if most == MANY:
        return f'{least} operands or more'
    return f'{least} operand{"s" * (least != 1)}' if least == most else f'{least} to {most} operands'


def _call(parser: ExprParser, operator: str, operands: list[tuple[str, Any]], *variables: str) -> Call:
    return Call(operator, tuple((step, parser.at(step).parse(part)) for step, part in operands), variables)


def _parse_truths(parser: ExprParser, operator: str, operand: Any) -> Call:
    operands = operand if isinstance(operand, list) else [operand]
    return _call(parser, operator, [(f'[{i}]', part) for i, part in enumerate(operands)])


def _parse_if_null(parser: ExprParser, operator: str, operand: Any) -> Call:
    if not isinstance(operand, list) or len(operand) < 2:
        raise parser.error(f'takes a list of 2 operands or more, not {short_repr(operand)}')
    return _parse_truths(parser, operator, operand)


# --- by name


def fields(parser: ExprParser, operand: Any, required: str, optional: str = '') -> dict[str, Any]:
    """The named operands of an operator, checked for their names."""
    if not isinstance(operand, dict):
        raise parser.error(f'takes a dict of {required or optional}, not {short_repr(operand)}')
    names = [*required.split(), *optional.split()]
    if unknown_names := [name for name in operand if name not in names]:
        raise parser.error(did_you_mean('operand', unknown_names[0], names))
    if lacking := [name for name in required.split() if name not in operand]:
        raise parser.error(f'lacks the operand {lacking[0]!r}')
    return operand


def named(required: str, optional: str = '') -> Parse:
    """A dict of operands."""

    def parse(parser: ExprParser, operator: str, operand: Any) -> Call:
        given = fields(parser, operand, required, optional)
        return _call(parser, operator, [(f'.{name}', part) for name, part in given.items()])

    return parse


def _parse_cond(parser: ExprParser, operator: str, operand: Any) -> Call:
    if isinstance(operand, list):
        if len(operand) != 3:
            raise parser.error(f'takes 3 operands, not {len(operand)}')
        operand = dict(zip(('if', 'then', 'else'), operand, strict=True))
    return named('if then else')(parser, operator, operand)  # type: ignore[return-value]


def _parse_switch(parser: ExprParser, operator: str, operand: Any) -> Call:
    given = fields(parser, operand, 'branches', 'default')
    branches = given['branches']
    if not isinstance(branches, list) or not branches:
        raise parser.error(f'takes a non-empty list of branches, not {short_repr(branches)}')
    operands = [part for i, branch in enumerate(branches) for part in _parse_branch(parser, f'.branches[{i}]', branch)]
    if 'default' in given:
        operands.append(('.default', parser.at('.default').parse(given['default'])))
    return Call(operator, tuple(operands))


def _parse_branch(parser: ExprParser, step: str, branch: Any) -> list[tuple[str, Expression]]:
    inside = parser.at(step)
    parts = fields(inside, branch, 'case then')
    return [(f'{step}.{name}', inside.at(f'.{name}').parse(parts[name])) for name in ('case', 'then')]


def _parse_part(parser: ExprParser, operator: str, operand: Any) -> Call:
    """A date, or a dict of it and a time zone."""
    with_names = isinstance(operand, dict) and operand and not next(iter(operand)).startswith('$')
    parse = named('date', 'timezone') if with_names else positional(1)
    return parse(parser, operator, operand)  # type: ignore[return-value]


# --- with variables


def _parse_let(parser: ExprParser, operator: str, operand: Any) -> Call:
    given = fields(parser, operand, 'vars in')
    if not isinstance(given['vars'], dict):
        raise parser.error(f'takes a dict of variables, not {short_repr(given["vars"])}')
    names = [check_name(parser, name) for name in given['vars']]
    parts = [(step := f'.vars.{name}', parser.at(step).parse(given['vars'][name])) for name in names]
    return Call(operator, (*parts, ('.in', parser.at('.in', *names).parse(given['in']))), tuple(names))


def _parse_loop(required: str, optional: str, body: str, *variables: str) -> Parse:
    """Operands of which one is evaluated for each element of an array, which a variable holds."""

    def parse(parser: ExprParser, operator: str, operand: Any) -> Call:
        given = fields(parser, operand, required, f'as {optional}' if not variables else '')
        names = variables or (check_name(parser.at('.as'), given.get('as', 'this')),)
        parts = tuple(
            (f'.{name}', parser.at(f'.{name}', *(names if name == body else ())).parse(part))
            for name, part in given.items()
            if name != 'as'
        )
        return Call(operator, parts, names)

    return parse


def check_name(parser: ExprParser, name: Any) -> str:
    """The name of a user's variable: it begins with a small letter (or any beyond ASCII), or is CURRENT, where paths begin."""
    plain = isinstance(name, str) and name and (name[0].islower() or not name[0].isascii())
    if name != 'CURRENT' and not (plain and all(c.isalnum() or c == '_' or not c.isascii() for c in name)):
        raise parser.error(
            f'a variable is named by letters, digits and _, a small letter first, not {short_repr(name)}'
        )
    return str(name)


def _parse_literal(parser: ExprParser, operator: str, operand: Any) -> Literal:
    return Literal(operand)


def _each(names: str, parse: Parse) -> dict[str, Parse]:
    return dict.fromkeys(names.split(), parse)


OPERANDS: dict[str, Parse] = {
    # comparison, conditions, variables
    **_each('$eq $ne $gt $gte $lt $lte $cmp', positional(2)),
    **_each('$and $or', _parse_truths),
    '$not': positional(1),
    '$ifNull': _parse_if_null,
    '$cond': _parse_cond,
    '$switch': _parse_switch,
    '$let': _parse_let,
    '$literal': _parse_literal,
    # numbers
    **_each('$add $multiply $sum $avg $min $max', positional(0, MANY)),
    **_each('$subtract $divide $mod $pow $log', positional(2)),
    **_each('$abs $ceil $floor $sqrt $exp $ln $log10', positional(1)),
    **_each('$round $trunc', positional(1, 2)),
    # dates
    **_each('$year $month $dayOfMonth $dayOfYear $dayOfWeek $isoDayOfWeek $week $isoWeek $isoWeekYear', _parse_part),
    **_each('$hour $minute $second $millisecond', _parse_part),
    **_each('$dateAdd $dateSubtract', named('startDate unit amount', 'timezone')),
    '$dateDiff': named('startDate endDate unit', 'startOfWeek timezone'),
    '$dateTrunc': named('date unit', 'binSize startOfWeek timezone'),
    '$dateToString': named('date', 'format timezone onNull'),
    # strings
    '$concat': positional(0, MANY),
    **_each('$toLower $toUpper $strLenCP $strLenBytes', positional(1)),
    **_each('$strcasecmp $split', positional(2)),
    **_each('$substr $substrBytes $substrCP', positional(3)),
    **_each('$indexOfBytes $indexOfCP', positional(2, 4)),
    **_each('$trim $ltrim $rtrim', named('input', 'chars')),
    **_each('$replaceOne $replaceAll', named('input find replacement')),
    '$regexMatch': named('', 'input regex options'),
    # arrays and objects
    **_each('$size $isArray $first $last $reverseArray $anyElementTrue $allElementsTrue', positional(1)),
    **_each('$arrayElemAt $in $setIsSubset', positional(2)),
    **_each('$slice $range', positional(2, 3)),
    '$indexOfArray': positional(2, 4),
    '$setEquals': positional(2, MANY),
    **_each('$concatArrays $mergeObjects', positional(0, MANY)),
    '$filter': _parse_loop('input cond', 'limit', 'cond'),
    '$map': _parse_loop('input in', '', 'in'),
    '$reduce': _parse_loop('input initialValue in', '', 'in', 'value', 'this'),
    '$objectToArray': positional(1),
    # types
    **_each('$type $isNumber $toBool $toInt $toLong $toDouble $toString $toDate', positional(1)),
}
"""How the operands of each operator are parsed."""
