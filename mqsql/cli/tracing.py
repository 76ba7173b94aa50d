"""`mqsql trace`."""

import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING

import click

from mqsql.cli.destinations import STANDARD, check_other_file, destination
from mqsql.cli.engine_numbers import engine_numbers
from mqsql.cli.histories import history_file, open_history, profile_option, split_words, table_option, words_argument
from mqsql.cli.output import json_option, print_json
from mqsql.cli.selecting import Selection, selection_options
from mqsql.cli.showing import errors_shown, progress_bar

if TYPE_CHECKING:
    from mqsql.analysis.trace import Trace

GZIP_LEVEL = 4
"""The file is 13 times as small as without; level 6 takes three times as long to save a tenth of that."""


@click.command('trace')
@words_argument('[FILE] [QUERY]')
@profile_option
@table_option
@selection_options
@click.option(
    '-o',
    '--output',
    'out',
    metavar='OUT',
    type=click.Path(),
    required=True,
    help='The trace, compressed if the name ends in .gz; - is standard output.',
)
@json_option
def trace(words: tuple[str, ...], table: str, selection: Selection, out: str, as_json: bool) -> None:
    """Write a timeline for Perfetto or chrome://tracing.

    Open it at https://ui.perfetto.dev, which reads it in the browser and sends it nowhere, or at chrome://tracing.

    Each engine is a process. It has a track of tasks, further ones for tasks that overlap, and a track of the tasks that waited
    for it. Click at a task for its msg_id, label, state, exception and client. Tasks that have not ended last until the latest
    time in the history.

    FILE, QUERY and the options that choose tasks are those of mqsql find.

    \b
    Examples:
      mqsql trace -o trace.json.gz
      mqsql trace tasks.db --since yesterday --until today -o trace.json
      mqsql trace tasks.db --engine 3 --status failed -o trace.json
    """
    given = split_words(words)
    if out == STANDARD and as_json:
        raise click.UsageError('the trace itself goes to standard output; leave out --json, or name a file')
    with errors_shown():
        file = history_file(given['FILE'])
        check_other_file(out, file)
        query = selection.query(given['QUERY'], file)
        from mqsql.analysis.trace import write_trace

        with open_history(file, table) as store, _writing(out) as write, progress_bar() as progress:
            passes = iter(('Tasks', 'Waits'))
            written = write_trace(
                store,
                query,
                write,
                lambda records, total: progress.track(records, total, description=next(passes)),
                engine_numbers(file),
            )
    if out != STANDARD:
        _report(written, out, as_json=as_json)


@contextmanager
def _writing(out: str) -> Iterator[Callable[[bytes], object]]:
    """What writes to the file, compressed if its name says so."""
    from gzip import GzipFile

    with destination(out) as stream:
        if not out.endswith('.gz'):
            yield stream.write
            return
        # Without a time and a name in it, the same history gives the same file.
        with GzipFile(filename='', mode='wb', compresslevel=GZIP_LEVEL, fileobj=stream, mtime=0) as compressed:
            yield compressed.write


def _report(written: 'Trace', out: str, *, as_json: bool) -> None:
    figures = {'tasks': written.runs, 'waits': written.waits, 'engines': written.engines, 'tracks': written.tracks}
    if as_json:
        print_json({'file': out, **figures})
        return
    click.echo(f'{out}: {", ".join(f"{name} {number:,}" for name, number in figures.items())}')
    if sys.stdout.isatty():
        click.echo('Open it at https://ui.perfetto.dev')
