"""MongoDB's projection: a dict of what to return.

The statement selects the columns that are needed; objects and arrays in them are cut down afterwards, as the rows are
read. Only $elemMatch asks the database, for the position of the first element that matches, in a column behind the others.
The rules are those of MongoDB's manual, "Project Fields to Return from Query"; the table's key plays the part of `_id`.
"""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from enum import Enum
from typing import Any, TypeAlias

from mqsql import limits
from mqsql.compiler import budget
from mqsql.compiler.element import read_elem_match
from mqsql.compiler.expressions import Expression, read_expression
from mqsql.compiler.expressions.values import MISSING
from mqsql.compiler.keys import read_path
from mqsql.compiler.place import DBREF, MAX_STEPS, Place
from mqsql.compiler.predicate import Field, Predicate
from mqsql.errors import QueryError, named, shown
from mqsql.schema import Record, Table
from mqsql.schema.extent import check_computed
from mqsql.schema.refused import no_step

MAX_EXTRAS = 1_000
"""SQLite's statements give 2,000 columns."""


class Flag(Enum):
    """What 1 and 0 say of a path."""

    KEEP = 1
    DROP = 0


@dataclass(frozen=True)
class Slice:
    """$slice: which elements of an array stay."""

    start: int | None
    count: int | None

    def of(self, array: Sequence[Any]) -> Sequence[Any]:
        """The elements that stay; a negative start counts from the end."""
        if self.count is None:
            return array[self.start :]
        start = self.start or 0
        start = max(len(array) + start, 0) if start < 0 else start
        return array[start : start + self.count]


@dataclass(frozen=True)
class FirstMatch:
    """$elemMatch: only the first matching element stays; its position comes in this column behind the others."""

    extra: int


Leaf: TypeAlias = Flag | Slice | FirstMatch | Expression
Tree: TypeAlias = dict[str, 'Tree | Leaf']


@dataclass(frozen=True)
class Projection:
    """What to select, and how a record is made of it.

    `columns` are selected by the name they are returned under, `hidden` for expressions only, and `extras` behind them.
    """

    columns: Mapping[str, str]
    extras: tuple[Predicate, ...]
    make: Callable[[Record, tuple[Any, ...]], Record]
    hidden: tuple[str, ...] = ()


_GONE = object()  # a value of which nothing stays


def read_projection(projection: Mapping[str, Any], table: Table, place: Place) -> Projection:
    """The projection; `place` is where $elemMatch binds its operands. QueryError for what MongoDB refuses."""
    reader = _Reader(table, place, [])
    leaves = list(reader.leaves((), projection, 'projection'))
    key = dict(leaves).get((table.key,))
    if not (key is None or isinstance(key, Flag)):
        raise QueryError('takes 1 or 0 for the key', f'projection.{table.key}')
    inclusive = _is_inclusive([leaf for steps, leaf in leaves if steps != (table.key,)], key)
    if not inclusive:
        # What is left comes under the names of the columns.
        leaves = [((table.aliases.get(name, name), *steps), leaf) for (name, *steps), leaf in leaves]
    tree: Tree = {table.key: Flag.KEEP, **_tree(leaves)}
    names = tree if inclusive else dict.fromkeys([*table.default_keys, *tree])
    returned = [name for name in names if tree.get(name) is not Flag.DROP]
    columns = {
        name: table.aliases.get(name, name) for name in returned if table.aliases.get(name, name) in table.columns
    }
    hidden = tuple(dict.fromkeys(c for _, leaf in leaves if isinstance(leaf, Expression) for c in leaf.columns))

    @limits.within_python
    def make(record: Record, extras: tuple[Any, ...]) -> Record:
        values = [record.pop(f'${name}') for name in hidden]
        budget.begin()
        try:
            return computed(record, extras, values)
        finally:
            budget.end()

    def computed(record: Record, extras: tuple[Any, ...], values: list[Any]) -> Record:
        known = {name: value for name, value in zip(hidden, values, strict=True) if value is not None}
        cut = _Cut(inclusive, extras, known)
        return {name: cut.column(record.get(name), tree.get(name)) for name in returned}

    return Projection(columns, tuple(reader.extras), make, hidden)


@dataclass(frozen=True)
class _Reader:
    table: Table
    place: Place
    extras: list[Predicate]

    def leaves(
        self, above: tuple[str, ...], fields: Mapping[Any, Any], path: str
    ) -> Iterator[tuple[tuple[str, ...], Leaf]]:
        """The paths, as steps, each with what is said of it; a dict without operator has paths below it."""
        for name, operand in fields.items():
            here = f'{path}.{name}' if isinstance(name, str) else path
            if not isinstance(name, str):
                raise QueryError(f'a key is text, not {shown(name)}', here)
            steps = (*above, *name.split('.'))
            if odd := [step for step in steps if not step or _is_operator(step)]:
                raise QueryError(f'a path cannot have the step {named(odd[0])}{no_step(odd[0])}', here)
            if isinstance(operand, Mapping) and not any(map(_is_operator, operand)):
                if not operand:
                    raise QueryError('takes 1, 0, $slice, $elemMatch or a dict that is not empty', here)
                if len(steps) > MAX_STEPS:
                    raise QueryError(f'a path has at most {MAX_STEPS} steps', here)
                yield from self.leaves(steps, operand, here)
            else:
                yield steps, self._leaf(steps, operand, here)

    def _leaf(self, steps: tuple[str, ...], operand: Any, path: str) -> Leaf:
        ((name, argument),) = operand.items() if isinstance(operand, Mapping) and len(operand) == 1 else (('', None),)
        find_slice = name == '$slice' and not _is_expression_slice(argument)
        if not (isinstance(operand, bool | int | float) or find_slice or name == '$elemMatch'):
            return self._computed(steps, operand, path)
        column, inner = read_path('.'.join(steps), self.table, path, ordered=False)
        if find_slice:
            return _read_slice(argument, f'{path}.$slice')
        if name == '$elemMatch':
            return self._first_match(Field(column, self.table.columns[column], inner), argument, path)
        return Flag.KEEP if operand else Flag.DROP

    def _computed(self, steps: tuple[str, ...], operand: object, path: str) -> Expression:
        """A value that an expression gives; a name that is no column's may have one too."""
        if len(steps) > 1 or steps[0] in (*self.table.columns, *self.table.aliases):
            read_path('.'.join(steps), self.table, path, ordered=False)
        return read_expression(replace(self.place, path=path), operand)

    def _first_match(self, field: Field, operand: object, path: str) -> FirstMatch:
        if len(field.steps) > 1:
            raise QueryError('$elemMatch takes a field of the document, no path further into it', path)
        if isinstance(operand, Mapping) and (odd := {'$expr', '$jsonSchema'} & operand.keys()):
            raise QueryError(f'{min(odd)} is not allowed in a projection', path)
        here = replace(self.place, field=field, path=f'{path}.$elemMatch')
        self.extras.append(read_elem_match(here, operand))
        if len(self.extras) > MAX_EXTRAS:
            raise QueryError(f'takes at most {MAX_EXTRAS:,} $elemMatch', 'projection')
        return FirstMatch(len(self.extras) - 1)


def _is_operator(name: object) -> bool:
    """Whether the name is an operator's; the fields of a DBRef are none."""
    return str(name).startswith('$') and name not in DBREF


def _read_slice(operand: object, path: str) -> Slice:
    if isinstance(operand, list | tuple) and len(operand) == 2:
        start, count = (_whole(part, path) for part in operand)
        if count < 1:
            raise QueryError(f'takes a count above 0, not {count}', path)
        return Slice(start, count)
    count = _whole(operand, path)
    return Slice(0, count) if count >= 0 else Slice(count, None)


def _is_expression_slice(operand: object) -> bool:
    """Whether this is the operand of the expression $slice: an array and what to take of it."""
    return isinstance(operand, list | tuple) and not (
        len(operand) == 2 and all(isinstance(n, int | float) for n in operand)
    )


def _whole(part: object, path: str) -> int:
    if isinstance(part, int | float) and not isinstance(part, bool) and abs(part) < 2**63:
        return int(part)
    raise QueryError(f'takes n or [skip, n], not {shown(part)}', path)


def _is_inclusive(leaves: list[Leaf], key: Flag | None) -> bool:
    """Whether the projection says what to return, rather than what to leave out."""
    includes = any(leaf is Flag.KEEP or isinstance(leaf, Expression) for leaf in leaves)
    if includes and Flag.DROP in leaves:
        raise QueryError('inclusion and exclusion do not mix', 'projection')
    if includes or Flag.DROP in leaves:
        return includes
    if any(isinstance(leaf, Slice) for leaf in leaves) or not leaves:
        return key is Flag.KEEP
    return True


def _tree(leaves: list[tuple[tuple[str, ...], Leaf]]) -> Tree:
    tree: Tree = {}
    for (*above, last), leaf in leaves:
        branch = tree
        for step in above:
            inner = branch.setdefault(step, {})
            if not isinstance(inner, dict):
                raise QueryError(
                    f'a path leads through the end of another: {named(".".join([*above, last]))}', 'projection'
                )
            branch = inner
        if last in branch:
            raise QueryError(
                f'a path leads through the end of another: {named(".".join([*above, last]))}', 'projection'
            )
        branch[last] = leaf
    return tree


def _computes(node: Tree | Leaf | None) -> bool:
    """Whether an expression gives it, or something in it."""
    return isinstance(node, Expression) or (isinstance(node, dict) and any(map(_computes, node.values())))


def _unsliced(tree: Tree) -> Tree:
    """The tree for an array that is directly in another: $slice does not reach into it."""
    return {
        name: _unsliced(node) if isinstance(node, dict) else Flag.KEEP if isinstance(node, Slice) else node
        for name, node in tree.items()
    }


@dataclass(frozen=True)
class _Cut:
    """Cuts one record's values down."""

    inclusive: bool
    extras: tuple[Any, ...]
    record: Record

    def column(self, value: Any, node: Tree | Leaf | None) -> Any:
        """The value of a column; None where nothing stays. A column without a node was asked for as it is."""
        if node is None:
            return value
        cut = self._field(value, node)
        if _computes(node):
            cut = self._with_computed(cut, node)
        return None if cut is _GONE else cut

    def _with_computed(self, value: Any, node: Tree | Leaf | None) -> Any:
        """The value with what expressions give; an object takes the place of what a computed field goes into."""
        if isinstance(node, Expression):
            given = node.value(self.record)
            return _GONE if given is MISSING else check_computed(given)
        assert isinstance(node, dict)
        if isinstance(value, list):
            return [self._with_computed(item, node) for item in value]
        fields = dict(value) if isinstance(value, dict) else {}
        for name, inner in node.items():
            if _computes(inner):
                fields[name] = self._with_computed(fields.get(name), inner)
        return {name: field for name, field in fields.items() if field is not _GONE}

    def _field(self, value: Any, node: Tree | Leaf | None) -> Any:
        match node:
            case None:
                return _GONE if self.inclusive else value
            case Flag.KEEP:
                return value
            case Flag.DROP | Expression():
                return _GONE
            case Slice():
                return node.of(value) if isinstance(value, Sequence) and not isinstance(value, str | bytes) else value
            case FirstMatch():
                at = self.extras[node.extra]  # None behind an array
                return _GONE if at is None or value is None else value[at : at + 1]
        return self._inside(value, node)

    def _inside(self, value: Any, tree: Tree) -> Any:
        if isinstance(value, list):
            cut = [self._inside(item, _unsliced(tree) if isinstance(item, list) else tree) for item in value]
            return [item for item in cut if item is not _GONE]
        if not isinstance(value, dict):
            return ({} if _computes(tree) else _GONE) if self.inclusive else value
        fields = ((k, self._field(v, tree.get(k))) for k, v in value.items())
        return {k: v for k, v in fields if v is not _GONE}
