"""The table of operators: one row each.

`read` checks the operand and gives a predicate, in which sugar is already folded ($ne is Not of $eq); `lower` gives the SQL
condition of the Tests that bear the operator's name, None where it only folds. `offers` says, by the Test's form, what the
Test wants to see of a path's end; one that looks at whole arrays as well as at elements holds if either does.
"""

from collections.abc import Callable
from dataclasses import dataclass

from mqsql.compiler import comparison, element, numeric, patterns
from mqsql.compiler.paths import Offers
from mqsql.compiler.place import Place
from mqsql.compiler.predicate import Not, Predicate
from mqsql.compiler.sql import Condition, Value

Read = Callable[[Place, object], Predicate | None]
Lower = Callable[[Value, str, tuple[str, ...]], Condition]

ELEMENTS = (Offers(),)
WHOLE = (Offers(elements=False),)
BOTH = ELEMENTS + WHOLE
NULLS = (Offers(missing=True),)


def _offers_types(form: str) -> tuple[Offers, ...]:
    return BOTH if form == 'array' else ELEMENTS


def _offers_values(form: str) -> tuple[Offers, ...]:
    return NULLS if form == 'null' else _offers_types(form)


def _offers_whole(form: str) -> tuple[Offers, ...]:
    return WHOLE


@dataclass(frozen=True)
class Operator:
    """A row: how an operator is read, what its Tests become, and what they see of a path, by form."""

    read: Read
    lower: Lower | None = None
    offers: Callable[[str], tuple[Offers, ...]] = _offers_values


def _read_not(place: Place, operand: object) -> Predicate:
    return Not(place.parse_operators(place.deeper(), operand))


_ORDERS = {
    name: Operator(comparison.READ_ORDER[name], comparison.LOWER_ORDER[name]) for name in ('$gt', '$gte', '$lt', '$lte')
}

OPERATORS: dict[str, Operator] = {
    # comparison
    '$eq': Operator(comparison.read_eq, comparison.lower_eq),
    '$ne': Operator(comparison.read_ne),
    **_ORDERS,
    '$in': Operator(comparison.read_in, comparison.lower_in),
    '$nin': Operator(comparison.read_nin),
    # as the hub's documentation spells them
    '$ge': Operator(comparison.READ_ORDER['$gt']),
    '$le': Operator(comparison.READ_ORDER['$lt']),
    '$glob': Operator(patterns.read_glob, patterns.lower_glob),
    # logical
    '$not': Operator(_read_not),
    # element
    '$exists': Operator(element.read_exists, element.lower_exists, offers=_offers_whole),
    '$type': Operator(element.read_type, element.lower_type, offers=_offers_types),
    # evaluation
    '$mod': Operator(numeric.read_mod, numeric.lower_mod),
    '$regex': Operator(patterns.read_regex, patterns.lower_regex),
    '$options': Operator(patterns.read_options),
    # array
    '$all': Operator(element.read_all),
    '$elemMatch': Operator(element.read_elem_match),
    '$size': Operator(element.read_size, element.lower_size, offers=_offers_whole),
    # bitwise
    **{name: Operator(numeric.READ_BITS[name], numeric.LOWER_BITS[name]) for name in numeric.BITS},
}
"""Operators on a field, by name."""
