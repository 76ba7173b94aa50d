"""Indexes on paths: tables of the values that a path offers, which SQLite itself keeps true. Imports `paths`, `schema`.

Its rows are those that json_each would give for the path (type, value), with the record's rowid. A test on the path becomes
the same test on these rows, so an index changes no answer; and the rows are written by triggers whose SQL any SQLite
understands, so no other program that writes to the file can make them stale.
"""

from collections.abc import Iterator
from itertools import count

from sqlglot import exp

from mqsql.compiler.dialects import DIALECTS
from mqsql.compiler.paths import Offers, Walk
from mqsql.compiler.sql import Node, identifier, select
from mqsql.schema import Index, Table


def path_index(table: Table, index: Index) -> Iterator[tuple[str, str]]:
    """The names of the objects of an index on a path, each with the statement that creates it; the first fills it too."""
    assert index.path is not None
    column, _ = index.path
    name = table.paths[index.path]
    offered, rows = _named(name), _named(table.name)
    yield (
        name,
        f'CREATE TABLE {offered} AS {_select(table, index, [exp.Table(this=identifier(table.name))], table.name)}',
    )
    yield f'{name}.values', f'CREATE INDEX {_named(f"{name}.values")} ON {offered} (type, value, record)'
    yield f'{name}.record', f'CREATE INDEX {_named(f"{name}.record")} ON {offered} (record)'
    add = f'INSERT INTO {offered} {_select(table, index, [], "new")};'
    drop = f'DELETE FROM {offered} WHERE record = old.rowid;'
    for when, event, work in (
        ('inserted', 'INSERT', add),
        ('updated', f'UPDATE OF {_named(column)}', drop + ' ' + add),
        ('deleted', 'DELETE', drop),
    ):
        trigger = f'{name}.{when}'
        yield trigger, f'CREATE TRIGGER {_named(trigger)} AFTER {event} ON {rows} BEGIN {work} END'


def _select(table: Table, index: Index, tables: list[exp.Table], source: str) -> str:
    """SELECT what the path offers in the rows of `source`, each value of a record once."""
    assert index.path is not None
    column, steps = index.path
    numbers = count(1)
    start = Node(lambda: exp.Column(this=identifier(column), table=identifier(source)))
    walk = Walk(start, steps, Offers(), lambda value: exp.true(), lambda: f'e{next(numbers)}')
    each, alias = walk.rows()
    names = [('type', exp.column('type', alias)), ('value', exp.column('value', alias))]
    rowid = exp.Column(this=exp.to_identifier('rowid'), table=identifier(source))
    outputs: list[exp.Expr] = [exp.Alias(this=e, alias=exp.to_identifier(n)) for n, e in [*names, ('record', rowid)]]
    statement = select(outputs, [*tables, *each])
    statement.set('distinct', exp.Distinct())
    return DIALECTS['sqlite'].render(statement)


def _named(name: str) -> str:
    return DIALECTS['sqlite'].render(identifier(name))
