"""The table of operators on a field: how the operand of each is read.

A reader checks the operand and gives a predicate, in which sugar is already folded ($ne is Not of $eq).
`compiler.lower.operators` has the SQL of the leaves that remain.
"""

from collections.abc import Callable

from mqsql.compiler.parse.context import ParseContext
from mqsql.compiler.parse.operators import comparison, element, numeric, patterns
from mqsql.compiler.tree.predicate import Not, Predicate

Read = Callable[[ParseContext, object], Predicate | None]


def _parse_not(place: ParseContext, operand: object) -> Predicate:
    return Not(place.parse_operators(place.nested(), operand))


OPERATORS: dict[str, Read] = {
    # comparison
    '$eq': comparison.parse_eq,
    '$ne': comparison.parse_ne,
    **comparison.PARSE_ORDER,
    '$in': comparison.parse_in,
    '$nin': comparison.parse_nin,
    # as the hub's documentation spells them
    '$ge': comparison.PARSE_ORDER['$gt'],
    '$le': comparison.PARSE_ORDER['$lt'],
    '$glob': patterns.parse_glob,
    # logical
    '$not': _parse_not,
    # element
    '$exists': element.parse_exists,
    '$type': element.parse_type,
    # evaluation
    '$mod': numeric.parse_mod,
    '$regex': patterns.parse_regex,
    '$options': patterns.parse_options,
    # array
    '$all': element.parse_all,
    '$elemMatch': element.parse_elem_match,
    '$size': element.parse_size,
    # bitwise
    **numeric.PARSE_BITS,
}
"""By name."""
