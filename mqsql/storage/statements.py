"""SQL that is the same in every database: names, and statements on the record of a key, with positional parameters."""

from collections.abc import Sequence
from functools import lru_cache

from mqsql.schema import Table


def quote(name: str) -> str:
    """A name as an SQL identifier."""
    return '"' + name.replace('"', '""') + '"'


def folded(name: str) -> str:
    """A name as SQLite and DuckDB compare names: the case of ASCII letters does not count."""
    return name.encode().lower().decode()


def listed(names: Sequence[str]) -> str:
    """The names in a list."""
    return ', '.join(map(quote, names))


@lru_cache(maxsize=256)
def insert(table: Table, columns: tuple[str, ...]) -> str:
    """INSERT of a record with these columns."""
    return f'INSERT INTO {quote(table.name)} ({listed(columns)}) VALUES ({", ".join("?" * len(columns))})'


@lru_cache(maxsize=256)
def update(table: Table, columns: tuple[str, ...]) -> str:
    """UPDATE of these columns of the record whose key is the last parameter."""
    changes = ', '.join(f'{quote(c)} = ?' for c in columns)
    return f'UPDATE {quote(table.name)} SET {changes} WHERE {quote(table.key)} = ?'


@lru_cache(maxsize=16)
def exists(table: Table) -> str:
    """SELECT of one row if there is a record of a key, else none."""
    return f'SELECT 1 FROM {quote(table.name)} WHERE {quote(table.key)} = ?'


@lru_cache(maxsize=16)
def delete(table: Table) -> str:
    """DELETE of the record of a key."""
    return f'DELETE FROM {quote(table.name)} WHERE {quote(table.key)} = ?'
