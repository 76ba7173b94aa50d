"""The operands of a query, which leave it when it is parsed and reach the database as bound parameters.

A tree keeps only the type of each, which its SQL depends on; the dialect encodes the value.
"""

from enum import StrEnum, auto
from typing import Any, NamedTuple


class OperandType(StrEnum):
    """The variant of an operator's SQL that the type of its operand asks for."""

    PLAIN = ''
    """The operator has but one."""

    COLUMN = 'column'
    """A value of the one type that a column has."""
    NOT_NAN = 'not nan'
    """The same, of a Number column in which NaN is above all numbers, and does not match."""

    # The types of BSON that differ in SQL; those of operands and of $type.
    NULL = 'null'
    STRING = 'string'
    NUMBER = 'number'
    INT = 'int'
    LONG = 'long'
    DOUBLE = 'double'
    BOOLEAN = 'boolean'
    DATE = 'date'
    BINARY = 'binary'
    OBJECT = 'object'
    ARRAY = 'array'
    TAGGED = 'tagged'
    """A value that Documents store as an object of one key, compared as text: a date, binary, or a number beyond JSON's."""

    PREFIX = 'prefix'
    """The text with which those begin that a pattern of $regex matches, and the least text after these."""

    # How a pattern of $glob is matched.
    GLOB = 'text'
    """By the database, whatever the characters of the text."""
    CHARACTERS_GLOB = 'characters'
    """By the database, which must count the characters of the text."""
    FUNCTION = 'function'
    """By the function of the connection."""


class Encoding(StrEnum):
    """How a value becomes a parameter; each dialect has a function for each of these."""

    PLAIN = auto()
    """An int of at most 64 bits that is no value of a record: a count, a position, a mask."""
    STRING = auto()
    """A str, as columns and Documents store it."""
    COLLATED = auto()
    """A pair of a str and a Collation: a key that compares with those of other strings."""
    NAME = auto()
    """A str, the name of a field of a Document."""
    NUMBER = auto()
    """A number that others are equal to; at most 64 bits long if it is an int, and neither NaN nor infinite in JSON."""
    FLOOR = auto()
    """A number but NaN, above which others are, or not: the nearest one that is not greater."""
    CEILING = auto()
    """A number but NaN, below which others are, or not: the nearest one that is not less."""
    LARGE_NUMBER = auto()
    """Any number but NaN: text that orders as it does among the numbers that are tagged."""
    BOOLEAN = auto()
    """A bool, compared with those of a Boolean column, or ordered with booleans in JSON."""
    JSON_BOOLEAN = auto()
    """A bool, equal to a boolean in JSON."""
    TIMESTAMP = auto()
    """A datetime in UTC, compared with those of a Timestamp column."""
    MICROSECONDS = auto()
    """A datetime in UTC: an int, the microseconds since 1970."""
    JSON = auto()
    """Any value, as the text that Documents store."""
    KEY = auto()
    """A pair of a value and a Collation or None: a key in BSON's order."""
    UNORDERED_KEY = auto()
    """A value: a key that is equal for objects that differ only in the order of their fields."""
    GLOB = auto()
    """A pattern of $glob that the database matches itself."""
    AFTER = auto()
    """A str, the least text after all that begin with it."""
    PATTERN = auto()
    """A regular expression."""
    PATTERN_OPTIONS = auto()
    """The options of a regular expression, a colon, and the place in the query."""
    RESULT = auto()
    """A function: its result, for which it is called only if the statement has the parameter."""


class Param(NamedTuple):
    """An operand, or a list of `many` operands, and its encoding."""

    value: Any
    encoding: Encoding = Encoding.PLAIN
    many: bool = False
