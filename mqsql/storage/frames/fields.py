"""The columns of a table of records: a name as it was asked for, and where in a record its values are."""

from typing import Any, NamedTuple

from mqsql.compiler import Query
from mqsql.schema import ANY, NUMBER, ColumnType, Record, Table

MISSING = object()

_VARIED = frozenset({NUMBER, ANY, None})


class Field(NamedTuple):
    """A column: `steps` lead to its values from those that a record has under `root`.

    `kind` is the type of column that has the values; None if they may have any type. `type` names the type of Arrow that all
    values have together, once it is known.
    """

    name: str
    root: str
    steps: tuple[str, ...]
    kind: ColumnType | None
    type: str | None = None

    @property
    def varies(self) -> bool:
        """Whether only the values themselves say which type of Arrow has them."""
        return self.kind in _VARIED

    def of(self, records: list[Record]) -> list[Any]:
        """The values of records."""
        return self.at([record.get(self.root) for record in records])

    def at(self, values: list[Any]) -> list[Any]:
        """What the steps lead to."""
        if not self.steps:
            return values
        found = [walk(value, self.steps) for value in values]
        return [None if value is MISSING else value for value in found]


def fields_of(query: Query, table: Table) -> list[Field]:
    """The columns for the records of a query: one for each key, the paths of a projection in one document."""
    return [_field(name, table, computed=name in query.computed) for name in query.keys]


def _field(name: str, table: Table, *, computed: bool) -> Field:
    root, *steps = name.split('.')
    column = table.aliases.get(root, root)
    kind = None if computed or steps else table.columns.get(column)
    return Field(name, root, tuple(steps), kind)


def walk(value: Any, steps: tuple[str, ...]) -> Any:
    """What a path leads to, as in MongoDB's expressions: from an array, an array of what it leads to from the objects in it."""
    for i, step in enumerate(steps):
        if isinstance(value, list):
            found = [walk(item, steps[i:]) for item in value if isinstance(item, dict)]
            return [item for item in found if item is not MISSING]
        if not isinstance(value, dict):
            return MISSING
        value = value.get(step, MISSING)
    return value
