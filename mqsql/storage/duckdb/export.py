"""Writes records of any store to a Parquet file."""

from collections.abc import Iterator
from importlib.util import find_spec
from itertools import islice
from os.path import join
from tempfile import TemporaryDirectory

from mqsql.schema import Record, Table
from mqsql.storage.duckdb.store import DuckStore

BATCH = 10_000  # records that are held in memory


def export(records: Iterator[Record], table: Table, path: str) -> int:
    """Write the records to the file; how many.

    pyarrow writes some at a time. Without it they become a table of DuckDB, which takes ten times as long, and more memory.
    """
    if find_spec('pyarrow'):
        from mqsql.storage.frames import parquet

        if parquet.HAS_JSON:
            return parquet.export(records, table, path)
    with TemporaryDirectory() as directory, DuckStore(join(directory, 'records.duckdb'), table=table) as store:
        while batch := list(islice(records, BATCH)):
            store.add_records(batch)
        return store.to_parquet(path)
