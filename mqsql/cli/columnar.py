"""Writes the records that are found as Parquet or Arrow, in batches."""

import sys
from collections.abc import Callable
from importlib.util import find_spec
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
    if find_spec('pyarrow') is None:
        raise StorageError(f"{form} needs pyarrow, which is not installed; try: pip install 'mqsql[arrow]'")
    from mqsql.storage.frames.collecting import batches

    # Not as a stream of Arrow, in which an error is a text.
    schema, found = batches(records)
    with destination(out) as file, _writer(form, file, schema, standard=standard) as writer:
        for batch in found:
            writer.write_batch(batch)
            advance(batch.num_rows)


def _writer(form: str, file: Any, schema: 'pyarrow.Schema', *, standard: bool) -> Any:
    if form == 'parquet':
        from mqsql.storage.frames.parquet import ParquetFile

        return ParquetFile(file, schema)
    from pyarrow import ipc

    return ipc.new_stream(file, schema) if standard else ipc.new_file(file, schema)
