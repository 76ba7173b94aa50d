"""Writes the records that are found as Parquet or Arrow, in batches."""

import sys
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

import click

from mqsql.cli.destinations import STANDARD, destination
from mqsql.errors import StorageError

if TYPE_CHECKING:
    import pyarrow


def write_columnar(records: Any, form: str, out: str | None, advance: Callable[[int], object]) -> None:
    """Write the records of an answer in the format 'parquet' or 'arrow'; `advance` is told how many have been written.

    Arrow is a file where it has a name, and a stream on standard output, as pyarrow.ipc.open_file and open_stream read them.
    """
    standard = out is None or out == STANDARD
    if standard and sys.stdout.isatty():
        raise click.UsageError(f'{form} is binary; write it to a file (-o tasks.{form}) or a pipe')
    try:
        import pyarrow
    except ImportError:
        raise StorageError(f"{form} needs pyarrow, which is not installed; try: pip install 'mqsql[arrow]'") from None
    batches = pyarrow.RecordBatchReader.from_stream(records)
    schema = _with_json(batches.schema) if form == 'parquet' else batches.schema
    with destination(out) as file, _writer(form, file, schema, standard=standard) as writer:
        for batch in batches:
            writer.write_batch(_typed(batch, schema))
            advance(batch.num_rows)


def _with_json(schema: 'pyarrow.Schema') -> 'pyarrow.Schema':
    """The schema with the type of JSON for texts that are: so mqsql, DuckDB and others read documents from Parquet files."""
    import pyarrow

    if not hasattr(pyarrow, 'json_'):  # before 19
        return schema
    json = pyarrow.json_(pyarrow.utf8())
    marked = [bool(field.metadata and field.metadata.get(b'mqsql') == b'json') for field in schema]
    return pyarrow.schema(
        [pyarrow.field(field.name, json) if is_json else field for field, is_json in zip(schema, marked, strict=True)]
    )


def _typed(batch: 'pyarrow.RecordBatch', schema: 'pyarrow.Schema') -> 'pyarrow.RecordBatch':
    """The batch with the types of a schema, which differ by the name of the type alone."""
    import pyarrow

    columns = [
        pyarrow.ExtensionArray.from_storage(field.type, column)
        if isinstance(field.type, pyarrow.BaseExtensionType) and not isinstance(column, pyarrow.ExtensionArray)
        else column
        for field, column in zip(schema, batch.columns, strict=True)
    ]
    return pyarrow.RecordBatch.from_arrays(columns, schema=schema)


def _writer(form: str, file: Any, schema: 'pyarrow.Schema', *, standard: bool) -> Any:
    if form == 'parquet':
        from pyarrow import parquet

        return parquet.ParquetWriter(file, schema, compression='zstd')
    from pyarrow import ipc

    return ipc.new_stream(file, schema) if standard else ipc.new_file(file, schema)
