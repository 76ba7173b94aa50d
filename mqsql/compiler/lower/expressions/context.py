"""Lowers the nodes of an expression; operators are rows of a table."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field, replace
from typing import TypeVar

from sqlglot import exp

from mqsql.compiler.dialect import AnyColumns, Dialect
from mqsql.compiler.dialect.json import JsonRef
from mqsql.compiler.dialect.words import Words
from mqsql.compiler.lower.expressions.comparison import spread
from mqsql.compiler.lower.expressions.operands import (
    Absent,
    Choice,
    Json,
    Nothing,
    NotLoweredError,
    Operand,
    Scalar,
    Type,
    boolean,
    choose,
    constant,
    known,
    truth,
)
from mqsql.compiler.lower.sql import Condition, and_, case, column, is_not_null, is_null, nested, number, or_, param
from mqsql.functions.expressions.tree import Call, Expression, FieldPath, Literal, Parameter, Variable
from mqsql.functions.expressions.values import MISSING
from mqsql.schema import ANY, BOOLEAN, NUMBER, STRING, TIMESTAMP, Table
from mqsql.values.codec import encode_key

MAX_PARTS = 200
"""Nodes of expressions that are lowered; variables may multiply them."""

Lower = Callable[['Lowering', Mapping[str, Expression]], Operand]
"""Gives the operand of a call, of whose operands it is given the trees by step."""

Made = TypeVar('Made')

TYPES = {
    'int': (Type.NUMBER, 2**31),
    'long': (Type.NUMBER, None),
    'double': (Type.NUMBER, None),
    'string': (Type.STRING, None),
    'boolean': (Type.BOOLEAN, None),
    'date': (Type.DATE, None),
}
"""The Scalar of a Parameter, by its type."""


@dataclass
class Lowering:
    """What is known where an expression is lowered, and the `guards`: SQL is exact where all of them hold."""

    table: Table
    dialect: Dialect
    operators: Mapping[str, Lower]
    collated: bool = False
    guards: list[Condition] = field(default_factory=list)
    variables: Mapping[str, Operand] = field(default_factory=dict)
    parts: list[int] = field(default_factory=lambda: [0])

    def each(self, choice: Choice, make: Callable[[Lowering, Operand], Made]) -> list[Made]:
        """What is made of each operand to choose from; what that requires is required only where it is chosen."""
        inner = [replace(self, guards=[]) for _ in (*choice.branches, choice.otherwise)]
        chosen = [*(operand for _, operand in choice.branches), choice.otherwise]
        made = [make(lowering, operand) for lowering, operand in zip(inner, chosen, strict=True)]
        if any(lowering.guards for lowering in inner):
            *first, last = (and_(lowering.guards) for lowering in inner)
            conditions = (condition.copy() for condition, _ in choice.branches)
            self.guard(case(*zip(conditions, first, strict=True), default=last))
        return made

    def guard(self, condition: Condition) -> None:
        """Require a condition of each record; where it is false or NULL, the interpreter is asked."""
        if condition not in self.guards:
            self.guards.append(condition)

    def lower(self, tree: Expression) -> Operand:
        """The operand of a tree; NotLoweredError where SQL has no exact form."""
        self.parts[0] += 1
        if self.parts[0] > MAX_PARTS:
            raise NotLoweredError
        match tree:
            case Parameter(name, type_) if type_ in TYPES:
                scalar, bound = TYPES[type_]
                if scalar is not Type.NUMBER:
                    return Scalar(scalar, param(name))
                made = self.words.number_operand(param(name), integral=type_ != 'double')
                return Scalar(scalar, made, bound=bound, operand=param(name))
            case Literal(value) if value is None or value is MISSING:
                return Absent(Nothing.NULL if value is None else Nothing.MISSING)
            case FieldPath(str(name), steps):
                return self._field(name, steps)
            case Variable(name, ()) if name in self.variables:
                return self.variables[name]
            case Call(operator, operands) if operator in self.operators:
                return self.operators[operator](self, dict(operands))
        raise NotLoweredError

    @property
    def words(self) -> Words:
        """The words of the dialect."""
        return self.dialect.words

    def bind(self, variables: Mapping[str, Operand]) -> Lowering:
        """The same with more variables."""
        return replace(self, variables={**self.variables, **variables})

    def _field(self, name: str, steps: tuple[str, ...]) -> Operand:
        kind, words = self.table.columns[name], self.words

        def stored() -> exp.Expr:
            return column(name, self.table.name)

        if kind is ANY and self.dialect.any_columns:
            return self._any(self.dialect.any_columns, stored, steps)
        if kind.mixed:
            return self._path(JsonRef(stored), steps)
        if kind is NUMBER:
            return self._number_column(stored)
        made = words.microseconds(stored()) if kind is TIMESTAMP else stored()
        return Scalar(_COLUMNS[kind], made, Nothing.MISSING)

    def _path(self, root: JsonRef, steps: tuple[str, ...]) -> Json:
        refs = [root]
        for step in steps:
            refs.append(refs[-1].child(encode_key(step)))
        return Json(self.words, refs[-1], tuple(refs[:-1]))

    def _any(self, columns: AnyColumns, stored: Callable[[], exp.Expr], steps: tuple[str, ...]) -> Operand:
        """The value of an Any column, which keeps strings apart from other values, or one inside it."""
        missing = (is_null(stored()), Absent(Nothing.MISSING))
        other = (columns.is_other(stored()), self._path(columns.opened(stored), steps))
        string: Operand = Absent(Nothing.MISSING) if steps else Scalar(Type.STRING, stored())
        return Choice((missing, other), string)

    def _number_column(self, stored: Callable[[], exp.Expr]) -> Scalar:
        """NaN is the interpreter's."""
        self.guard(or_([is_null(stored()), self.words.is_not_nan(stored())]))
        return Scalar(Type.NUMBER, self.words.number_column(stored()), Nothing.MISSING, finite=False)

    # --- operands of a type

    def all(self, operands: Mapping[str, Expression]) -> list[Operand]:
        """All operands, lowered."""
        return [self.lower(tree) for tree in operands.values()]

    def compared(self, operands: Iterable[Operand]) -> list[Operand]:
        """Operands of a comparison; SQL does not compare strings by a collation."""
        found = [self._settled(operand) for operand in operands]
        if self.collated and sum(map(_may_be_string, found)) > 1:
            raise NotLoweredError
        return found

    def _settled(self, operand: Operand) -> Operand:
        """The operand, where a boolean is known of every record."""
        match operand:
            case Choice(branches, otherwise):
                settled = tuple((condition, self._settled(chosen)) for condition, chosen in branches)
                return Choice(settled, self._settled(otherwise))
            case Scalar(partial=True):
                return boolean(self.decided(operand))
        return operand

    def number(self, operand: Operand) -> Scalar:
        """A finite number, or NULL; of other values an operator on numbers has none, which the interpreter says."""
        scalar = self._scalar(operand, Type.NUMBER)
        if not scalar.finite:
            self.guard(
                or_([is_null(nested(scalar.sql)), exp.Between(this=nested(scalar.sql), low=_float(-1), high=_float(1))])
            )
        return replace(scalar, finite=True)

    def date(self, operand: Operand) -> Scalar:
        """A date, or NULL."""
        return self._scalar(operand, Type.DATE)

    def string(self, operand: Operand) -> Scalar:
        """A string, or NULL."""
        return self._scalar(operand, Type.STRING)

    def _scalar(self, operand: Operand, wanted: Type) -> Scalar:
        match operand:
            case Scalar(type=found) if found is wanted:
                return operand
            case Json():
                return self._typed(operand, wanted)
            case Choice():
                parts = self.each(operand, lambda lowering, chosen: lowering._scalar(chosen, wanted))
                return _joined(operand, parts)
            case Absent(what):
                return Scalar(wanted, exp.null(), what)
        raise NotLoweredError

    def _typed(self, operand: Json, wanted: Type) -> Scalar:
        value, fits = {
            Type.NUMBER: (operand.number, operand.is_number),
            Type.STRING: (operand.string, operand.is_string),
            Type.DATE: (operand.date, operand.is_date),
        }[wanted]
        self.guard(or_([fits(), operand.is_absent()]))
        return value()

    # --- truths

    def truth(self, operand: Operand) -> Scalar:
        """Whether it counts as true: false, null, missing and 0 do not."""
        match operand:
            case Choice():
                return spread(operand, self.truth)
            case Absent():
                return constant(False)
            case Scalar(type=Type.BOOLEAN):
                return operand
            case Scalar(type=Type.NUMBER):
                return boolean(exp.NEQ(this=nested(operand.sql), expression=number(0)))
            case Scalar(absent=None):
                return constant(True)
            case Scalar():
                return boolean(is_not_null(operand.sql))
            case Json():
                nonzero = boolean(exp.NEQ(this=nested(operand.number().sql), expression=number(0)))
                false = or_([operand.is_boolean(False), operand.is_absent()])
                return choose((operand.is_number(), nonzero), (false, constant(False)), otherwise=constant(True))

    def decided(self, condition: Scalar) -> Condition:
        """A condition that is never NULL; where SQL does not know it, the interpreter is asked for all."""
        if condition.partial:
            self.guard(is_not_null(exp.Paren(this=condition.sql)))
        return truth(condition)

    def is_present(self, operand: Operand) -> Condition:
        """It is neither null nor missing; never NULL."""
        return (
            is_not_null(operand.sql)
            if isinstance(operand, Scalar)
            else exp.Not(this=exp.Paren(this=self.is_absent(operand)))
        )

    def is_absent(self, operand: Operand) -> Condition:
        """It is null or missing; never NULL."""
        match operand:
            case Scalar(absent=None):
                return exp.false()
            case Scalar():
                return is_null(operand.sql)
            case Absent():
                return exp.true()
            case Json():
                return known(operand.is_absent())
            case Choice(branches, otherwise):
                parts = [(condition.copy(), self.is_absent(chosen)) for condition, chosen in branches]
                return case(*parts, default=self.is_absent(otherwise))


_COLUMNS = {STRING: Type.STRING, BOOLEAN: Type.BOOLEAN, TIMESTAMP: Type.DATE}


def _may_be_string(operand: Operand) -> bool:
    match operand:
        case Choice(branches, otherwise):
            return any(_may_be_string(chosen) for _, chosen in branches) or _may_be_string(otherwise)
        case Scalar(type=found):
            return found is Type.STRING
        case Json():
            return True
    return False


def _float(sign: int) -> exp.Expr:
    return exp.Literal.number(f'{sign * 1.7976931348623157e308!r}')


def _joined(choice: Choice, every: list[Scalar]) -> Scalar:
    """The scalar of the first condition that holds."""
    *first, last = every
    parts = zip((condition for condition, _ in choice.branches), first, strict=True)
    bounds = [scalar.bound for scalar in every]
    return Scalar(
        last.type,
        case(*((condition.copy(), scalar.sql) for condition, scalar in parts), default=last.sql),
        next((scalar.absent for scalar in every if scalar.absent), None),
        finite=all(scalar.finite for scalar in every),
        bound=None if None in bounds else max(bound for bound in bounds if bound is not None),
    )
