"""Compares the tables, indexes and triggers of a file with those that mqsql makes.

A hostile file may have anything under the names of mqsql: a view that never ends, a computed column, a trigger that runs at
each change, an index that computes.
"""

import re
from collections.abc import Iterator, Mapping
from dataclasses import replace
from typing import NamedTuple

import apsw

from mqsql.compiler.dialects.sqlite.objects import SchemaObject
from mqsql.errors import StorageError
from mqsql.schema import BUFFERS, Index, Table
from mqsql.schema.indexes import index_on_paths
from mqsql.storage.sqlite import ddl
from mqsql.storage.statements import folded

_QUOTED = re.compile(r'"(?:[^"]|"")*"|`(?:[^`]|``)*`|\[[^]]*]|\'(?:[^\']|\'\')*\'')
_CONSTRAINED = re.compile(r'\b(?:CHECK|GENERATED|AS)\b', re.IGNORECASE)


class Object(NamedTuple):
    """A table, view, index or trigger of a file: its type, the table that it is on, the SQL that made it."""

    type: str
    table: str
    sql: str | None


def objects_of(connection: apsw.Connection) -> dict[str, Object]:
    """The tables, views, indexes and triggers of a file by name."""
    rows = connection.execute('SELECT name, type, tbl_name, sql FROM sqlite_schema')
    return {name: Object(*rest) for name, *rest in rows}


# --- tables


def check_table(connection: apsw.Connection, path: str, table: Table) -> None:
    """StorageError if the tables of `table` are missing or not as mqsql makes them."""
    found = _columns(connection, path, table.name)
    found.discard(ddl.POSITION)
    if not found:
        raise StorageError(f'{path}: it holds no table {table.name!r}; open it without readonly=True to create it')
    if differing := sorted(found.symmetric_difference(table.columns)):
        sides = [f'{name!r} is only in the {"file" if name in found else "definition"}' for name in differing]
        raise StorageError(f'{path}: its table {table.name!r} was defined otherwise: {", ".join(sides)}')
    if BUFFERS in table.columns.values() and _columns(connection, path, table.buffers_table) != {'id', 'data'}:
        raise StorageError(f'{path}: its table {table.buffers_table!r} was not made by mqsql; name another file')


def check_kinds(connection: apsw.Connection, path: str, table: Table) -> None:
    """StorageError if a name of ours belongs to anything but an ordinary table."""
    for name in (table.name, table.buffers_table):
        _columns(connection, path, name)


def _columns(connection: apsw.Connection, path: str, name: str) -> set[str]:
    """The columns of a table; StorageError if it is not an ordinary one."""
    # PRAGMA table_list would prepare every view of the file, for minutes if there are many.
    listed = """SELECT type, rootpage, EXISTS (SELECT 1 FROM pragma_index_info(t.name)) FROM sqlite_schema AS t
        WHERE type IN ('table', 'view') AND name = ? COLLATE NOCASE"""
    for kind, page, without_rowid in connection.execute(listed, (name,)).fetchall():
        if kind == 'view' or not page or without_rowid:
            what = 'a view' if kind == 'view' else 'WITHOUT ROWID' if page else 'a virtual table'
            raise StorageError(f'{path}: its {name!r} is {what}, which mqsql did not make; name another file')
    columns = connection.execute('SELECT name, hidden, dflt_value FROM pragma_table_xinfo(?)', (name,)).fetchall()
    ((sql,),) = connection.execute(
        "SELECT max(sql) FROM sqlite_schema WHERE type = 'table' AND name = ? COLLATE NOCASE", (name,)
    ).fetchall()
    computed = any(hidden or default is not None for _, hidden, default in columns)
    if computed or (sql and _computes(str(sql))):
        raise StorageError(
            f'{path}: its table {name!r} computes or checks values, which mqsql did not make; name another file'
        )
    return {str(column) for column, _, _ in columns}


def _computes(sql: str) -> bool:
    """Whether a table that was made so computes or checks values."""
    return _CONSTRAINED.search(_QUOTED.sub('""', sql)) is not None


def computing(connection: apsw.Connection) -> list[str]:
    """The indexes and tables of a file that compute or check what they hold."""
    indexes = computed_indexes(connection)
    return [
        name
        for name, found in objects_of(connection).items()
        if name in indexes or (found.type == 'table' and found.sql and _computes(found.sql))
    ]


# --- indexes and triggers


def missing(connection: apsw.Connection, path: str, table: Table) -> list[str]:
    """The statements that create the missing indexes and triggers of a table, and replace the changed ones."""
    there = objects_of(connection)
    by_name = {folded(name): found for name, found in there.items()}
    statements = [
        sql
        for made in ddl.objects(_without_paths(table))
        if _differs(found := by_name.get(folded(made.name)), made)
        for sql in _renewed(path, found, made)
    ]
    for index in _on_paths(table, there):
        if any(_differs(there.get(made.name), made) for made in ddl.index_objects(table, index)):
            # A new file has nothing to count for the planner.
            make = ddl.create_index if table.name in there else ddl.make_index
            statements += [*_drop_all(there, table, index), *make(table, index)]
    return statements


_FORMER = '~others'
"""The end of the name that the second table of an index on paths has in files of earlier versions."""
_PARTS = ('~inserted', '~updated', '~deleted', '~multikey', _FORMER)


def _without_paths(table: Table) -> Table:
    return replace(table, indexes=table.column_indexes)


def _on_paths(table: Table, there: Mapping[str, Object]) -> set[Index]:
    """The indexes on paths that a table has, or of which the file has a part."""
    begun = {name.removesuffix(part) for name in there for part in _PARTS if name.endswith(part)}
    found = (index_on_paths(name, table.name) for name in begun)
    known = {index for index in found if index and {column for column, _ in index.paths} <= table.columns.keys()}
    return known | set(table.path_indexes)


def _all_objects(table: Table, there: Mapping[str, Object]) -> Iterator[SchemaObject]:
    yield from ddl.objects(_without_paths(table))
    for index in _on_paths(table, there):
        yield from ddl.index_objects(table, index)


def _differs(found: Object | None, made: SchemaObject) -> bool:
    """Whether an object is missing or not as mqsql makes it; `check_table` compares the columns of tables."""
    if found is None or found.type != made.kind:
        return True
    return found.sql != made.sql and made.kind != 'table'


def _renewed(path: str, found: Object | None, made: SchemaObject) -> list[str]:
    if found is None:
        return [made.sql]
    if found.type != made.kind:
        raise StorageError(f'{path}: its {found.type} {made.name!r} has the name of a {made.kind} of mqsql; rename it')
    return [ddl.drop(made.kind, made.name), made.sql]


def _drop_all(there: Mapping[str, Object], table: Table, index: Index) -> Iterator[str]:
    """Statements that drop all that is left of an index on paths; SQLite's indexes go with their tables."""
    names = {folded(made.name) for made in ddl.index_objects(table, index)}
    names.add(folded(index.stored_name(table.name) + _FORMER))
    for kind in ('trigger', 'view', 'table'):
        for name, found in there.items():
            if found.type == kind and folded(name) in names:
                yield ddl.drop(kind, name)


def foreign(connection: apsw.Connection, table: Table) -> Iterator[tuple[str, str, str]]:
    """The objects of other programs that run when mqsql changes records: `trigger` or `index`, the name, and the table.

    Only indexes on expressions or with a condition count; mqsql makes none.
    """
    there = objects_of(connection)
    made = list(_all_objects(table, there))
    ours = {one.name for one in made if one.kind == 'trigger'}
    created = [one.name for one in made if one.kind == 'table']
    tables = set(map(folded, created))
    computed = computed_indexes(connection)
    for name, found in there.items():
        odd = name in computed if found.type == 'index' else found.type == 'trigger' and name not in ours
        if odd and folded(found.table) in tables:
            yield found.type, name, found.table


def computed_indexes(connection: apsw.Connection) -> set[str]:
    """The indexes of a file on expressions or with a condition, which may be of any size."""
    rows = connection.execute(
        "SELECT i.name FROM (SELECT name FROM sqlite_schema WHERE type = 'table' AND rootpage) AS t, "
        'pragma_index_list(t.name) AS i WHERE i.partial OR EXISTS (SELECT 1 FROM pragma_index_xinfo(i.name) WHERE cid = -2)'
    )
    return {name for (name,) in rows}


def check_foreign(connection: apsw.Connection, path: str, table: Table) -> None:
    """StorageError if an object of another program would run when mqsql changes records: it could undo that, or never end."""
    for kind, name, on in foreign(connection, table):
        raise StorageError(
            f'{path}: the {kind} {name!r} on {on!r} was not made by mqsql and would run at each change; open the file with '
            f'readonly=True, or remove it in the sqlite3 shell: {ddl.drop(kind, name)};'
        )


_RENEWED = ', and is renewed when the file is opened without readonly=True'


def _problem(found: Object | None, made: SchemaObject) -> str | None:
    if found is None:
        return 'is missing'
    if not _differs(found, made):
        return None
    # An earlier version may have made it otherwise.
    return f'is not as mqsql makes it{_RENEWED if made.kind != "table" else ""}'


def _problems_of_paths(there: Mapping[str, Object], table: Table, index: Index) -> Iterator[tuple[str, str]]:
    name = index.stored_name(table.name)
    if name + _FORMER in there:
        yield name, f'is an index of an earlier mqsql{_RENEWED}'
        return
    for made in ddl.index_objects(table, index):
        if problem := _problem(there.get(made.name), made):
            yield made.name, problem


def problems(connection: apsw.Connection, table: Table) -> Iterator[tuple[str, str]]:
    """The names of the indexes and triggers of a table that differ from those that mqsql makes, each with what is wrong."""
    there = objects_of(connection)
    for made in ddl.objects(_without_paths(table)):
        if problem := _problem(there.get(made.name), made):
            yield made.name, problem
    for index in _on_paths(table, there):
        yield from _problems_of_paths(there, table, index)
    for kind, name, on in foreign(connection, table):
        yield name, f'is a{"n" * (kind == "index")} {kind} of another program on {on!r}'
