"""The table of operators on a field: the SQL of the leaves that bear the name of each.

Operators that parsing folds into others ($ne, $nin, $all, $elemMatch …) have no row.
"""

from __future__ import annotations

from mqsql.compiler.lower.operators import comparison, element, numeric, patterns
from mqsql.compiler.lower.operators.comparison import Lower

LOWERINGS: dict[str, Lower] = {
    '$eq': comparison.lower_eq,
    **comparison.LOWER_ORDER,
    '$in': comparison.lower_in,
    '$glob': patterns.lower_glob,
    '$exists': element.lower_exists,
    '$type': element.lower_type,
    '$mod': numeric.lower_mod,
    '$regex': patterns.lower_regex,
    '$size': element.lower_size,
    **numeric.LOWER_BITS,
}
"""By name."""
