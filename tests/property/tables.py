"""The table that the property tests draw records for, and drawing for it: all values, and all of the query language.

It is that of the tasks, with columns of the types that tasks do not have.
"""

from collections.abc import Iterable
from dataclasses import replace
from functools import partial

from mqsql.schema import BOOLEAN, NUMBER, TASKS, Index, Record
from mqsql.testing.drawing import finds as of_finds
from mqsql.testing.drawing import places as of_places
from mqsql.testing.drawing import records as of_records
from mqsql.testing.drawing.draws import Draws
from mqsql.testing.drawing.places import Place
from mqsql.testing.drawing.scope import Scope

LOCAL_ZONE = 'CET-1CEST,M3.5.0,M10.5.0/3'
"""The local zone of the property tests: naive times around its clock changes are among those that are drawn."""

TABLE = replace(
    TASKS,
    columns={**TASKS.columns, 'score': NUMBER, 'loss': NUMBER, 'done': BOOLEAN},
    indexes=(*TASKS.indexes, Index(('score',)), Index(('done', 'loss'), (1, -1))),
)
SCOPE = Scope(TABLE)

collections = partial(of_records.collections, SCOPE)
finds = partial(of_finds.finds, SCOPE)
drawn = partial(of_finds.drawn, SCOPE)


def record(d: Draws, columns: set[str]) -> Record:
    """A record with an id and values for some of the columns."""
    return of_records.record(d, SCOPE, columns)


def collection(d: Draws, least: int = 0, most: int = 8) -> list[Record]:
    """Records that have something in a few columns, the same few for all."""
    return of_records.collection(d, SCOPE, least, most)


def places(records: Iterable[Record]) -> list[Place]:
    """Every column and path of the records, with its values."""
    return of_places.places(records, SCOPE)
