"""A second, naive reading of the query language, over plain dicts.

It shares nothing with the compiler: a mistake in one shows as a difference from the other. Speed is not a goal.

    place         places in a query, and the reading of operands
    values        BSON's order and equality; collation changes how texts compare
    paths         what a dotted path finds; sorting has rules of its own
    operators     the tests of values, with patterns and bits; json_schema and expressions are languages within
    query         from a query to a function of a record
    keys          what of a record is returned; projection is MongoDB's way to say it
    narrowing     what an index can use of a query
    find          which records, in what order, with which keys
"""

from mqsql.reference.find import count, distinct, find, find_one, found, matches, selection
from mqsql.reference.query import OPERATORS

__all__ = ['OPERATORS', 'count', 'distinct', 'find', 'find_one', 'found', 'matches', 'selection']
