"""The table of operators on a field: how the operand of each is read.

A reader checks the operand and gives a predicate, in which sugar is already folded ($ne is Not of $eq).
`compiler.lower.operators` has the SQL of the Tests that remain.
"""

from collections.abc import Callable

from mqsql.compiler.parse.context import ParseContext
from mqsql.compiler.parse.operators import comparison, element, numeric, patterns
from mqsql.compiler.tree.predicate import Not, Predicate

Read = Callable[[ParseContext, object], Predicate | None]


def _read_not(place: ParseContext, operand: object) -> Predicate:
    return Not(place.parse_operators(place.nested(), operand))


OPERATORS: dict[str, Read] = {
    # comparison
    '$eq': comparison.read_eq,
    '$ne': comparison.read_ne,
    **comparison.READ_ORDER,
    '$in': comparison.read_in,
    '$nin': comparison.read_nin,
    # as the hub's documentation spells them
    '$ge': comparison.READ_ORDER['$gt'],
    '$le': comparison.READ_ORDER['$lt'],
    '$glob': patterns.read_glob,
    # logical
    '$not': _read_not,
    # element
    '$exists': element.read_exists,
    '$type': element.read_type,
    # evaluation
    '$mod': numeric.read_mod,
    '$regex': patterns.read_regex,
    '$options': patterns.read_options,
    # array
    '$all': element.read_all,
    '$elemMatch': element.read_elem_match,
    '$size': element.read_size,
    # bitwise
    **numeric.READ_BITS,
}
"""By name."""
