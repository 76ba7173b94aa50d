"""`mqsql import`."""

import click

from mqsql.cli.histories import table_option
from mqsql.cli.output import json_option, print_json
from mqsql.cli.showing import errors_shown, progress_bar
from mqsql.settings import JOURNAL_MODES, Settings


@click.command('import')
@click.argument('old')
@click.argument('new')
@table_option
@click.option(
    '--journal-mode',
    type=click.Choice(JOURNAL_MODES),
    default=Settings.journal_mode,
    show_default=True,
    help='The journal of NEW, if that is an SQLite file (c.SQLiteDB.journal_mode).',
)
@json_option
def import_(old: str, new: str, table: str, journal_mode: str, as_json: bool) -> None:
    """Copy a task history from one database to another.

    OLD and NEW are each a path of an SQLite file, or a URL:

    \b
      duckdb:PATH     a DuckDB file
      parquet:PATH    Parquet files (OLD only)
      mongodb://USER:PASSWORD@HOST:PORT/DATABASE.COLLECTION

    OLD may also be what ipyparallel's own classes wrote: a file of SQLiteDB, or a collection of MongoDB
    (mongodb://HOST/ipython-tasks.task_records). It stays unchanged; stop any hub that writes to it. NEW is created if it
    does not exist. Records that it has already stay as they are, so an import may be repeated.

    Into an SQLite file everything is copied, or nothing. Into another database records are copied in batches: after a
    failure, repeat the import, and it goes on. Damaged values are left out, or their readable part is kept, and each is
    named; so is each value that NEW cannot hold, such as an integer of more than 64 bits in MongoDB.

    --table names the history in files. A URL that has a collection names the history itself.

    \b
    Examples:
      mqsql import old/tasks.db tasks.db
      mqsql import mongodb://HOST/ipython-tasks.task_records tasks.db
      mqsql import tasks.db duckdb:tasks.duckdb --json
    """
    from dataclasses import asdict

    from mqsql.hub.importing import import_history
    from mqsql.hub.legacy import LegacyHistory

    named: list[str] = []
    with errors_shown():
        with progress_bar() as progress:

            def say(line: str) -> None:
                named.append(line)
                progress.console.print(line, markup=False, highlight=False, soft_wrap=True)

            done = import_history(
                old,
                new,
                LegacyHistory(table, say),
                Settings(journal_mode=journal_mode),
                lambda records, total: progress.track(records, total, description='Importing'),
            )
        damaged = len(named) - done.refused - done.lost
        if as_json:
            print_json({**asdict(done), 'damaged': damaged})
            return
        figures = f'tasks imported: {done.added:,}; there already: {done.present:,}; values damaged: {damaged:,}'
        if done.refused or done.lost:
            figures += f'; not storable there: values {done.refused:,}, tasks {done.lost:,}'
        click.echo(f'{done.name}: {figures}; tables read: {len(done.tables):,}')
