"""`projection`: MongoDB's dict of what to return.

The rules are those of MongoDB's manual, "Project Fields to Return from Query"; the table's key plays the part of `_id`.
As with `keys`, a column that is asked for and missing comes as None.
"""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from enum import Enum
from typing import Any

from mqsql.errors import named, short_repr
from mqsql.reference.expressions import read_expression
from mqsql.reference.expressions.core import null_if_missing, without_missing
from mqsql.reference.keys import Select
from mqsql.reference.operators import read_int64
from mqsql.reference.place import DBREF, Place, resolve, split_path
from mqsql.reference.query import read_element
from mqsql.reference.values import MISSING, Fold, is_number
from mqsql.schema import BUFFERS, TASKS, Record, Table
from mqsql.schema.refused import no_step
from mqsql.values.extent import check_computed


class Flag(Enum):
    """What 1 and 0 say of a path."""

    INCLUDE = 1
    EXCLUDE = 0


@dataclass(frozen=True)
class Change:
    """$slice or $elemMatch: what becomes of the value at a path."""

    operator: str
    apply: Callable[[Any], Any]


@dataclass(frozen=True)
class Computed:
    """An expression whose value comes at a path."""

    evaluate: Callable[[Record], Any]


Leaf = Flag | Change | Computed
Tree = dict[str, Any]
"""A projection by the steps of its paths: nested dicts whose leaves are Leaf."""


def read_projection(projection: object, table: Table, fold: Fold) -> Select:
    """What makes of a record the dict to return; QueryError for a projection that MongoDB refuses."""
    place = Place(table, 'projection', fold=fold)
    if not isinstance(projection, Mapping):
        raise place.error(f'takes a dict, not {short_repr(projection)}')
    leaves = list(_read_leaves([], projection, place))
    key = next((leaf for steps, leaf in leaves if steps == [table.key]), None)
    others = [(steps, leaf) for steps, leaf in leaves if steps != [table.key]]
    if _is_inclusive([leaf for _, leaf in others], key, place):
        return _including(others, key, table, place)
    return _excluding(others, key, table, place)


# --- reading


def _read_leaves(above: list[str], projection: Mapping[Any, Any], place: Place) -> Iterator[tuple[list[str], Leaf]]:
    """The paths, as steps, each with what is said of it; a dict within has paths below it."""
    for name, operand in projection.items():
        here = place.at(str(name))
        steps = split_path('.'.join([*above, *split_path(name, here)]), here)
        if odd := [step for step in steps if not step or (step.startswith('$') and step not in DBREF)]:
            raise here.error(f'a projection cannot have the step {named(odd[0])}{no_step(odd[0])}')
        if isinstance(operand, Mapping) and not _is_operator(operand):
            if not operand:
                raise here.error('an empty dict says nothing of the path')
            yield from _read_leaves(steps, operand, here)
        else:
            yield steps, _read_leaf(steps, operand, here)


def _is_operator(operand: Mapping[Any, Any]) -> bool:
    # The fields of a DBRef are paths below.
    name = next(iter(operand), '')
    return len(operand) == 1 and str(name).startswith('$') and name not in DBREF


def _read_leaf(steps: list[str], operand: Any, place: Place) -> Leaf:
    if isinstance(operand, bool) or is_number(operand):
        return Flag.INCLUDE if operand else Flag.EXCLUDE
    if isinstance(operand, Mapping):
        ((name, argument),) = operand.items()
        if name == '$elemMatch':
            if len(steps) > 2:
                raise place.error('$elemMatch takes a field of the document, no path further into it')
            if resolve('.'.join(steps), place.table or TASKS, place)[1] is BUFFERS:
                raise place.error('Buffers are not compared')
            return Change(name, _elem_match(argument, place.at(name)))
        if name == '$slice' and _is_find_slice(argument):
            return Change(name, _slice(argument, place.at(name)))
    return Computed(read_expression(operand, place))


def _elem_match(operand: object, place: Place) -> Callable[[Any], Any]:
    if not isinstance(operand, Mapping):
        raise place.error(f'takes operators or a query, not {short_repr(operand)}')
    if odd := {'$jsonSchema', '$expr'} & operand.keys():
        raise place.error(f'{min(odd)} is not allowed in a projection')
    match = read_element(operand, Place(None, place.path, fold=place.fold).nested(10))

    def first(value: Any) -> Any:
        found = [part for part in value if match(part)][:1] if isinstance(value, list) else []
        return found or MISSING

    return first


def _is_find_slice(operand: Any) -> bool:
    return is_number(operand) or (
        isinstance(operand, list | tuple) and len(operand) == 2 and all(map(is_number, operand))
    )


def _slice(operand: Any, place: Place) -> Callable[[Any], Any]:
    """The first n elements, the last n where n is negative, or n elements behind others (counted from the end if negative)."""
    if not isinstance(operand, list | tuple):
        count = read_int64(operand, place)
        part = slice(None, count) if count >= 0 else slice(count, None)
        return lambda value: value[part] if isinstance(value, list) else value
    skip, limit = (read_int64(number, place.item(i)) for i, number in enumerate(operand))
    if limit < 1:
        raise place.item(1).error(f'takes a length above 0, not {limit}')

    def cut(value: Any) -> Any:
        if not isinstance(value, list):
            return value
        start = skip if skip >= 0 else max(len(value) + skip, 0)
        return value[start : start + limit]

    return cut


def _is_inclusive(leaves: list[Leaf], key: Leaf | None, place: Place) -> bool:
    """Whether the projection says what to return, rather than what to leave out."""
    if key is not None and not isinstance(key, Flag):
        raise place.error('takes 1 or 0 for the key')
    includes = any(leaf is Flag.INCLUDE or isinstance(leaf, Computed) for leaf in leaves)
    if Flag.EXCLUDE in leaves:
        if includes:
            raise place.error('inclusion and exclusion do not mix')
        return False
    changes = {leaf.operator for leaf in leaves if isinstance(leaf, Change)}
    return includes or (key is Flag.INCLUDE if '$slice' in changes or not changes else True)


def _tree(leaves: list[tuple[list[str], Leaf]], place: Place) -> Tree:
    tree: Tree = {}
    for steps, leaf in leaves:
        branch = tree
        for step in steps[:-1]:
            branch = branch.setdefault(step, {})
            if not isinstance(branch, dict):
                raise place.error(f'another path is part of {named(".".join(steps))}')
        if steps[-1] in branch:
            raise place.error(f'{named(".".join(steps))} is part of another path')
        branch[steps[-1]] = leaf
    return tree


# --- applying


def _including(leaves: list[tuple[list[str], Leaf]], key: Leaf | None, table: Table, place: Place) -> Select:
    tree, columns = _tree(leaves, place), {}
    for steps, leaf in leaves:
        if not isinstance(leaf, Computed) or steps[0] in (*table.columns, *table.aliases):
            columns[steps[0]] = resolve('.'.join(steps), table, place)[0][0]
    tree = tree if key is Flag.EXCLUDE else {table.key: Flag.INCLUDE, **tree}

    def select(record: Record) -> Record:
        named = {name: record[column] for name, column in {table.key: table.key, **columns}.items() if column in record}
        found = _compute(_prune(named, tree, inclusive=True), tree, record)
        return {name: null_if_missing(found.get(name)) for name in tree}

    return select


def _excluding(leaves: list[tuple[list[str], Leaf]], key: Leaf | None, table: Table, place: Place) -> Select:
    tree = _tree([(resolve('.'.join(steps), table, place)[0], leaf) for steps, leaf in leaves], place)
    tree |= {table.key: Flag.EXCLUDE} if key is Flag.EXCLUDE else {}
    names = [name for name in {**dict.fromkeys(table.default_keys), **tree} if tree.get(name) is not Flag.EXCLUDE]

    def select(record: Record) -> Record:
        found = _prune({name: record[name] for name in names if name in record}, tree, inclusive=False)
        return {name: found.get(name) for name in names}

    return select


def _prune(value: Any, tree: Tree, *, inclusive: bool) -> Any:
    """The value without what the tree leaves out, and with its changes made; MISSING where nothing stays.

    $elemMatch is for a field of a document; in the documents of an array it keeps nothing. $slice finds its array
    through arrays, but not through one that is directly in another: what is there stays whole.
    """
    if isinstance(value, list):
        tree = _replaced(tree, '$elemMatch', _NOTHING)
        deeper = _replaced(tree, '$slice', Flag.INCLUDE)
        parts = [_prune(part, deeper if isinstance(part, list) else tree, inclusive=inclusive) for part in value]
        return [part for part in parts if part is not MISSING]
    if not isinstance(value, dict):
        # An object takes the place of what a computed field goes into.
        return value if not inclusive else {} if _computes(tree) else MISSING
    parts_by_name = {name: _prune_field(part, tree.get(name), inclusive) for name, part in value.items()}
    return without_missing(parts_by_name)


_NOTHING = Change('$elemMatch', lambda _: MISSING)


def _replaced(tree: Tree, operator: str, by: Leaf) -> Tree:
    """The tree with another leaf in place of those that have the operator."""
    return {name: _replaced_in(node, operator, by) for name, node in tree.items()}


def _replaced_in(node: Any, operator: str, by: Leaf) -> Any:
    if isinstance(node, dict):
        return _replaced(node, operator, by)
    return by if isinstance(node, Change) and node.operator == operator else node


def _prune_field(value: Any, node: Any, inclusive: bool) -> Any:
    match node:
        case None:
            return MISSING if inclusive else value
        case Flag.INCLUDE:
            return value
        case Change():
            return node.apply(value)
        case dict():
            return _prune(value, node, inclusive=inclusive)
    return MISSING


def _computes(tree: Tree) -> bool:
    return any(isinstance(node, Computed) or (isinstance(node, dict) and _computes(node)) for node in tree.values())


def _compute(value: Any, tree: Tree, record: Record) -> Any:
    """The value with the tree's computed fields, in each object of an array."""
    if isinstance(value, list):
        return [_compute(part, tree, record) for part in value]
    fields = dict(value) if isinstance(value, dict) else {}
    for name, node in tree.items():
        if isinstance(node, Computed):
            fields[name] = check_computed(node.evaluate(record))
        elif isinstance(node, dict) and _computes(node):
            fields[name] = _compute(fields.get(name), node, record)
    return without_missing(fields)
