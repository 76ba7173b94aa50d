"""The place in a query that is being read; an operator's `read` is given one."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from functools import cached_property
from typing import Any, TypeGuard

from mqsql.compiler.tree.params import Encoding, OperandType, Param
from mqsql.compiler.tree.predicate import Field, Leaf, Origin, Predicate
from mqsql.errors import QueryError, short_repr
from mqsql.limits.budget import Left
from mqsql.schema import BUFFERS, Table
from mqsql.values.collation import Collation
from mqsql.values.libraries import UnstorableError
from mqsql.values.paths import cut_path

MAX_NESTING = 100
_COLLATED = (OperandType.STRING, OperandType.OBJECT, OperandType.ARRAY)

GlobType = Callable[[str], OperandType]
"""How a pattern of $glob is matched; the dialect knows."""


class Params(dict[str, Param]):
    """The operands on their way to the database, by name: p0, p1, …"""

    bound = 0

    def bind_late(self, make: Callable[[], Any]) -> str:
        """The name of a new parameter that holds the result of the function, which is called if the statement has it."""
        return self.bind(Param(make, Encoding.RESULT))

    def bind(self, param: Param) -> str:
        """The name of a new parameter."""
        name = f'p{self.bound}'
        self.bound += 1
        self[name] = param
        return name

    def listed(self, tests: Sequence[Leaf], operator: str) -> Leaf:
        """The operator on a list of the operands of these tests, which are alike but for these, in place of them."""
        params = [self.pop(test.params[0]) for test in tests]
        self[tests[0].params[0]] = Param([param.value for param in params], params[0].encoding, many=True)
        return replace(tests[0], operator=operator)

    @cached_property
    def left(self) -> Left:
        """What the query's expressions may still do and make while they are read: parts without variables are computed."""
        return Left()

    @cached_property
    def now(self) -> datetime:
        """The time of the query, the same wherever it is asked for."""
        return datetime.now(UTC)


@dataclass(frozen=True)
class ParseContext:
    """One operator's place in a query: the field it tests, and the way there for messages.

    `parse_operators` reads a dict of operators on a field, `parse_query` a whole query under a place; both are the parser's,
    handed in because operators that hold other operators need them. `collation` is the query's, `glob_type` the dialect's.
    """

    field: Field
    path: str
    values: Params
    parse_operators: 'Callable[[ParseContext, object], Predicate]'
    parse_query: 'Callable[[ParseContext, object], Predicate]'
    table: Table
    glob_type: GlobType
    depth: int = 0
    siblings: Mapping[str, object] | None = None
    collation: Collation | None = None
    operator: str = ''

    def at(self, step: str, field: Field | None = None, operator: str | None = None) -> 'ParseContext':
        """A step further along the query's own keys; `operator` is the one there, if it is another."""
        return self._with(
            path=cut_path(self.path + step),
            field=field or self.field,
            operator=self.operator if operator is None else operator,
        )

    def among(self, siblings: Mapping[str, object], operator: str) -> 'ParseContext':
        """The place of one of several operators that are given together."""
        return self._with(path=cut_path(f'{self.path}.{operator}'), operator=operator, siblings=siblings)

    def nested(self, step: str = '') -> 'ParseContext':
        """A step that leads into a query, operators or a schema within this one."""
        path, depth = self.path + step, self.depth + 1
        if depth > MAX_NESTING:
            raise QueryError(f'a query is nested at most {MAX_NESTING} levels deep', path[:100] + '…')
        return self._with(path=cut_path(path), depth=depth)

    def _with(self, **changes: Any) -> 'ParseContext':
        """`replace`, which would take four times as long, and happens for every key of every query."""
        changed = object.__new__(ParseContext)
        changed.__dict__.update(self.__dict__, **changes)
        return changed

    def error(self, message: str) -> QueryError:
        """The QueryError for this place."""
        return QueryError(message, self.path)

    def test(self, operator: str, form: OperandType = OperandType.PLAIN, *params: Param) -> Leaf:
        """A test of the field, its operands bound to new parameters."""
        names = tuple(map(self.values.bind, params))
        return Leaf(self.field, operator, form, names, None, self.origin(operator))

    def origin(self, operator: str) -> Origin:
        """The origin of a node made here; `operator` is its own name, if the query has none here."""
        return Origin(self.path, self.operator or operator)

    def comparison(self, operator: str, form: OperandType, *params: Param) -> Leaf:
        """A test whose values are compared, texts by the collation."""
        leaf = self.test(operator, form, *params)
        return replace(leaf, collation=self.collation) if self.collation and form in _COLLATED else leaf

    def refuse_buffers(self) -> None:
        """For operators that compare: blobs are stored, not compared."""
        if self.field.kind is BUFFERS:
            raise self.error('buffers can be tested with None, $exists, $size and $type, not compared')

    def read(self, value: object, position: int | None = None) -> Any:
        """The operand as the field's kind reads it; QueryError says what the column holds and what was given.

        `position` is its index in a list of operands.
        """
        self.refuse_buffers()
        kind = self.field.kind
        try:
            return kind.coerce_operand(value)
        except UnstorableError as e:
            where = f'{self.field.column!r} is a {kind.name} column and {e}' if not kind.mixed else str(e)
            raise QueryError(where, self.path if position is None else f'{self.path}[{position}]') from e.__cause__

    def iterable(self, operand: object) -> list[object]:
        """The items of an operand that may be any iterable but text, bytes and dicts (a list, a set, a generator, a map)."""
        if isinstance(operand, str | bytes | bytearray | memoryview | Mapping) or not isinstance(operand, Iterable):
            raise self.error(f'takes a list or another iterable, not {short_repr(operand)}')
        return list(operand)

    def integer(self, operand: object) -> int:
        """An int, or a float without a fraction."""
        if isinstance(operand, int) and not isinstance(operand, bool):
            return int(operand)
        if isinstance(operand, float) and operand.is_integer():
            return int(operand)
        raise self.error(f'takes an integer, not {short_repr(operand)}')


def is_operators(operand: object) -> TypeGuard[Mapping[str, object]]:
    """A dict is operators when its first key begins with $, else a literal; so is a DBRef."""
    if not isinstance(operand, dict) or ('$ref' in operand and '$id' in operand):
        return False
    return isinstance(first := next(iter(operand), None), str) and first.startswith('$')
