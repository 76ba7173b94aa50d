"""The operands of a query, which leave it when it is parsed and reach the database as bound parameters."""

from enum import Enum
from typing import Any, NamedTuple


class Encoding(Enum):
    """How a database gets an operand: each dialect encodes it as it stores such values."""

    PLAIN = 'a count, a text of the compiler, or JSON: as it is'
    STRING = 'a string'
    TIMESTAMP = 'a time, as a typed column stores it'
    NUMBER = 'a number that others are equal to'
    FLOOR = 'a number above which others are, or not: the nearest one that is not greater'
    CEILING = 'a number below which others are, or not: the nearest one that is not less'
    BOOLEAN = 'a boolean, as a typed column stores it'
    JSON_BOOLEAN = 'a boolean that others in JSON are equal to'
    RESULT = 'the result of a function, which is called only for a statement that has the parameter'
    GLOB = 'a pattern of fnmatch, in the form that its test names'


class Param(NamedTuple):
    """An operand, or a list of `many` operands, and its encoding."""

    value: Any
    encoding: Encoding = Encoding.PLAIN
    many: bool = False
