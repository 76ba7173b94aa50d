"""The operators that test the values of one path, as a table.

An operator takes its operand and place, and gives the test that the values found there must pass. It raises QueryError
for an operand without a meaning. Those that hold other operators ($not, $elemMatch, $all) are in `query`.
"""

import operator as compare
from collections.abc import Callable, Mapping
from datetime import datetime
from typing import Any

from mqsql import limits
from mqsql.errors import QueryError, short_repr
from mqsql.reference.allowance import work
from mqsql.reference.bits import INT64, bits_of, read_mask
from mqsql.reference.paths import Offer, each
from mqsql.reference.patterns import Regex, TextTest, glob_test, pattern_test, regex_test
from mqsql.reference.place import Place, is_operators, is_pattern, read_items, read_literal, read_number, read_whole
from mqsql.reference.values import MISSING, is_nan, is_number, order, truth
from mqsql.schema import BUFFERS
from mqsql.schema.refused import REFUSED

Test = Callable[[list[Offer]], bool]
Operator = Callable[[Any, Place], Test]
ValueTest = Callable[[Any], bool]


def some(test: ValueTest) -> Test:
    """Holds if the test does for one of the values offered, an array's elements included."""

    def found(offers: list[Offer]) -> bool:
        for value in each(offers):
            work()
            if test(value):
                return True
        return False

    return found


def some_whole(test: ValueTest) -> Test:
    """Holds if the test does for one of the values offered, arrays taken as themselves only."""
    return lambda offers: any(test(offer.value) for offer in offers)


def negate(test: Test) -> Test:
    """Holds where the test does not, so also where nothing is offered."""
    return lambda offers: not test(offers)


def every(tests: list[Test]) -> Test:
    """Holds if all of them do."""
    return lambda offers: all(test(offers) for test in tests)


def never(offers: list[Offer]) -> bool:
    """Holds for nothing."""
    return False


# --- comparison


def equal(operand: object, place: Place) -> Test:
    """Equality by BSON; null equals missing."""
    if is_pattern(operand) and place.kind.mixed:
        return never  # taken literally, and no record can hold a pattern
    wanted = order(read_literal(operand, place), place.fold)
    return some(lambda value: order(value, place.fold) == wanted)


def not_equal(operand: object, place: Place) -> Test:
    """The negation of equality; a pattern is refused."""
    read_literal(operand, place)
    return negate(equal(operand, place))


def ordered(holds: Callable[[Any, Any], bool]) -> Operator:
    """An order test: only values of the operand's type are compared, and NaN with itself only."""

    def read(operand: object, place: Place) -> Test:
        limit = read_literal(operand, place)
        bound = order(limit, place.fold)

        def test(value: Any) -> bool:
            found = order(value, place.fold)
            if is_nan(value) or is_nan(limit):
                return found == bound and holds(0, 0)
            return found[0] == bound[0] and holds(found, bound)

        return some(test)

    return read


def among(operand: object, place: Place) -> Test:
    """Equality with one of the items, or a pattern among them found."""
    items = read_items(operand, place)
    tests = [text_pattern(item, place.item(i)) for i, item in enumerate(items) if is_pattern(item)]
    wanted = {_item(item, place.item(i)) for i, item in enumerate(limits.checked(items)) if not is_pattern(item)}
    return some(lambda value: order(value, place.fold) in wanted or any(test(value) for test in tests))


def _item(item: object, place: Place) -> Any:
    if is_operators(item):
        raise place.error(f'a list of values cannot hold operators: {short_repr(item)}')
    return order(read_literal(item, place), place.fold)


def text_pattern(pattern: Any, place: Place) -> TextTest:
    """The test of a compiled pattern in place of a value."""
    if place.kind is BUFFERS:
        raise place.error('a Buffers column holds no text for a pattern')
    return pattern_test(pattern, place)


# --- element


def exists(operand: object, place: Place) -> Test:
    """Something not missing is offered; the operand is taken for its truth."""
    present = some_whole(lambda value: value is not MISSING)
    return present if truth(operand) else negate(present)


TYPES = {
    'double': 1, 'string': 2, 'object': 3, 'array': 4, 'binData': 5, 'undefined': 6, 'objectId': 7, 'bool': 8,
    'date': 9, 'null': 10, 'regex': 11, 'dbPointer': 12, 'javascript': 13, 'symbol': 14, 'javascriptWithScope': 15,
    'int': 16, 'timestamp': 17, 'long': 18, 'decimal': 19, 'minKey': -1, 'maxKey': 127,
}  # fmt: skip
"""BSON's types by alias; MongoDB's manual, "$type"."""

NUMBERS = frozenset(TYPES[name] for name in ('double', 'int', 'long', 'decimal'))
INT32 = range(-(2**31), 2**31)


def type_of(value: Any) -> int | None:
    """The number of a value's BSON type; an int is a long when 32 bits do not hold it. None for missing."""
    match value:
        case bool():
            return TYPES['bool']
        case int():
            return TYPES['int' if value in INT32 else 'long']
        case None:
            return TYPES['null']
    names = {float: 'double', str: 'string', dict: 'object', list: 'array', bytes: 'binData', datetime: 'date'}
    return TYPES[names[type(value)]] if type(value) in names else None


def of_type(operand: object, place: Place) -> Test:
    """The value's type is one of those named."""
    listed = isinstance(operand, list | tuple)
    wanted = read_types(operand if listed else [operand], place)
    return some(lambda value: type_of(value) in wanted)


def read_types(names: Any, place: Place) -> frozenset[int]:
    """The numbers of the types that a list names by alias or number."""
    if not names:
        raise place.error('takes at least one type')
    return frozenset().union(*(_read_type(name, place) for name in names))


def _read_type(name: object, place: Place) -> frozenset[int]:
    if isinstance(name, str) and name in (*TYPES, 'number'):
        return NUMBERS if name == 'number' else frozenset({TYPES[name]})
    if is_number(name) and name in TYPES.values():
        return frozenset({int(name)})  # type: ignore[call-overload]
    raise place.error(f'takes the name or number of a BSON type, not {short_repr(name)}')


# --- evaluation and arrays


def remainder(operand: object, place: Place) -> Test:
    """The value, cut to an integer, leaves this remainder, which has the sign of the value."""
    if not isinstance(operand, list | tuple) or len(operand) != 2:
        raise place.error(f'takes a list of divisor and remainder, not {short_repr(operand)}')
    divisor, wanted = (read_int64(part, place.item(i)) for i, part in enumerate(operand))
    if divisor == 0:
        raise place.error('the divisor is 0')

    def test(value: Any) -> bool:
        if not is_number(value) or value in (float('inf'), float('-inf')) or is_nan(value) or int(value) not in INT64:
            return False
        rest = abs(int(value)) % abs(divisor)
        return wanted == (rest if value > 0 else -rest)

    return some(test)


def read_int64(operand: object, place: Place) -> int:
    """A finite number, cut to a whole one of 64 bits."""
    number = read_number(operand, place)
    try:
        whole = int(number)
    except (ValueError, OverflowError):
        raise place.error(f'takes a finite number, not {short_repr(operand)}') from None
    if whole not in INT64:
        raise place.error(f'{short_repr(operand)} does not fit 64 bits')
    return whole


def size(operand: object, place: Place) -> Test:
    """An array of so many elements."""
    length = read_whole(operand, place)
    return some_whole(lambda value: isinstance(value, list) and len(value) == length)


def bits(quantifier: Callable[[Any], bool], wanted: bool) -> Operator:
    """The bits at all (or any) of the positions are set (or clear)."""

    def read(operand: object, place: Place) -> Test:
        mask = read_mask(operand, place)

        def test(value: Any) -> bool:
            is_set = bits_of(value)
            return is_set is not None and quantifier(is_set(bit) == wanted for bit in mask)

        return some(test)

    return read


def regex(operand: Regex, place: Place) -> Test:
    """Text in which the pattern is found; `query` adds the $options."""
    return some(regex_test(operand, place))


def glob(operand: object, place: Place) -> Test:
    """Text that the shell pattern takes."""
    return some(glob_test(operand, place))


VALUE_OPERATORS: Mapping[str, Operator] = {
    '$eq': equal,
    '$ne': not_equal,
    '$gt': ordered(compare.gt),
    '$ge': ordered(compare.gt),  # so the hub's documentation spells it
    '$gte': ordered(compare.ge),
    '$lt': ordered(compare.lt),
    '$le': ordered(compare.lt),
    '$lte': ordered(compare.le),
    '$in': among,
    '$nin': lambda operand, place: negate(among(operand, place)),
    '$exists': exists,
    '$type': of_type,
    '$mod': remainder,
    '$size': size,
    '$regex': regex,
    '$glob': glob,
    '$bitsAllSet': bits(all, True),
    '$bitsAnySet': bits(any, True),
    '$bitsAllClear': bits(all, False),
    '$bitsAnyClear': bits(any, False),
}
"""The operators that hold no others."""


def refuse(name: str, place: Place) -> QueryError:
    """The error for an operator of MongoDB that has no meaning here."""
    return place.error(f'{name} {REFUSED[name]}')
