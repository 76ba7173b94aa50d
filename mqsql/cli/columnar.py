"""Writes the records that are found as Parquet or Arrow, in batches."""

import sys
from typing import TYPE_CHECKING, Any

import click

from mqsql.cli.destinations import STANDARD, destination
from mqsql.errors import StorageError

if TYPE_CHECKING:
    import pyarrow


def write_columnar(records: Any, form: str, out: str | None) -> None:
    """Write the records of an answer in the format 'parquet' or 'arrow'.

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
    with destination(out) as file, _writer(form, file, batches.schema, standard=standard) as writer:
        for batch in batches:
            writer.write_batch(batch)


def _writer(form: str, file: Any, schema: 'pyarrow.Schema', *, standard: bool) -> Any:
    if form == 'parquet':
        from pyarrow import parquet

        return parquet.ParquetWriter(file, schema, compression='zstd')
    from pyarrow import ipc

    return ipc.new_stream(file, schema) if standard else ipc.new_file(file, schema)
