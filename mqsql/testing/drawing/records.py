"""Records to draw that have something in a few columns, the same few for all."""

from hypothesis import strategies as st

from mqsql.schema import BOOLEAN, DOCUMENT, NUMBER, Record, Table
from mqsql.testing.drawing.draws import Draws
from mqsql.testing.drawing.scope import Scope


def column_groups(table: Table) -> list[list[str]]:
    """Groups of columns, from one of which each column is picked."""
    kinds = {column: kind for column, kind in table.columns.items() if column != table.key}
    documents = [column for column, kind in kinds.items() if kind is DOCUMENT]
    others = [column for column, kind in kinds.items() if kind is not DOCUMENT]
    numbers = [column for column, kind in kinds.items() if kind in (NUMBER, BOOLEAN)]
    few: list[str] = [column for column in ('content', 'header') if column in documents]
    return [group for group in (few, others, documents, numbers) if group]


def record(d: Draws, scope: Scope, columns: set[str]) -> Record:
    """A record with an id and values for some of the columns, None among them."""
    table, by_kind = scope.table, scope.values.by_kind
    drawn = {column: None if d.once_in(8) else d.draw(by_kind[table.columns[column]]) for column in sorted(columns)}
    kept = {column: drawn[column] for column in drawn if not d.once_in(8)}
    return {table.key: key_of_record(d, scope), **kept}


def key_of_record(d: Draws, scope: Scope) -> str:
    """What names a record; now and then an odd text."""
    return d.pick(scope.values.ids) if d.once_in(4) else f'm{d.pick(range(20))}'


def collection(d: Draws, scope: Scope, least: int = 0, most: int = 8) -> list[Record]:
    """About so many records with different ids that have something in a few columns, the same few for all."""
    groups = column_groups(scope.table)
    columns = set(d.several(1, 3, lambda: d.pick(d.pick(groups)))) if groups else set()
    drawn = d.several(least, most, lambda: record(d, scope, columns))
    return list({one[scope.table.key]: one for one in drawn}.values())


@st.composite
def collections(draw: st.DrawFn, scope: Scope, *, least: int = 0, most: int = 8) -> list[Record]:
    """A `collection`."""
    return collection(Draws(draw), scope, least, most)
