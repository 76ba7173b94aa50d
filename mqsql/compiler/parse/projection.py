"""Parses MongoDB's projection, a dict of what to return.

The rules are those of MongoDB's manual, "Project Fields to Return from Query"; the table's key is its `_id`.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from typing import Any

from mqsql.compiler.parse.context import ParseContext
from mqsql.compiler.parse.expressions import parse_expression
from mqsql.compiler.parse.keys import parse_path
from mqsql.compiler.parse.operators.element import parse_elem_match
from mqsql.compiler.tree.predicate import Field, Predicate
from mqsql.compiler.tree.projection import FirstMatch, Flag, Leaf, Projection, Slice, Tree
from mqsql.errors import QueryError, named, short_repr
from mqsql.functions.expressions import Expression
from mqsql.schema import Table
from mqsql.schema.refused import no_step
from mqsql.values.paths import DBREF, MAX_STEPS

MAX_EXTRAS = 1_000
"""SQLite's statements give 2,000 columns."""


def parse_projection(projection: Mapping[str, Any], table: Table, place: ParseContext) -> Projection:
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
    return Projection(columns, tuple(reader.computed), tree, inclusive, tuple(returned), hidden)


@dataclass(frozen=True)
class _Reader:
    table: Table
    place: ParseContext
    computed: list[Predicate]

    def leaves(
        self, above: tuple[str, ...], fields: Mapping[Any, Any], path: str
    ) -> Iterator[tuple[tuple[str, ...], Leaf]]:
        """The paths, as steps, each with what is said of it; a dict without operator has paths below it."""
        for name, operand in fields.items():
            here = f'{path}.{name}' if isinstance(name, str) else path
            if not isinstance(name, str):
                raise QueryError(f'a key is text, not {short_repr(name)}', here)
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
        column, inner = parse_path('.'.join(steps), self.table, path, ordered=False)
        if find_slice:
            return _parse_slice(argument, f'{path}.$slice')
        if name == '$elemMatch':
            return self._first_match(Field(column, self.table.columns[column], inner), argument, path)
        return Flag.KEEP if operand else Flag.DROP

    def _computed(self, steps: tuple[str, ...], operand: object, path: str) -> Expression:
        """A value that an expression gives; a name that is no column's may have one too."""
        if len(steps) > 1 or steps[0] in (*self.table.columns, *self.table.aliases):
            parse_path('.'.join(steps), self.table, path, ordered=False)
        return parse_expression(replace(self.place, path=path), operand)

    def _first_match(self, field: Field, operand: object, path: str) -> FirstMatch:
        if len(field.steps) > 1:
            raise QueryError('$elemMatch takes a field of the document, no path further into it', path)
        if isinstance(operand, Mapping) and (odd := {'$expr', '$jsonSchema'} & operand.keys()):
            raise QueryError(f'{min(odd)} is not allowed in a projection', path)
        here = replace(self.place, field=field, path=f'{path}.$elemMatch')
        self.computed.append(parse_elem_match(here, operand))
        if len(self.computed) > MAX_EXTRAS:
            raise QueryError(f'takes at most {MAX_EXTRAS:,} $elemMatch', 'projection')
        return FirstMatch(len(self.computed) - 1)


def _is_operator(name: object) -> bool:
    """Whether the name is an operator's; the fields of a DBRef are none."""
    return str(name).startswith('$') and name not in DBREF


def _parse_slice(operand: object, path: str) -> Slice:
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
    raise QueryError(f'takes n or [skip, n], not {short_repr(part)}', path)


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
