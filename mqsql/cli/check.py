"""`mqsql check`."""

import click

from mqsql.cli.histories import table_option
from mqsql.cli.showing import errors_shown, progress_bar


@click.command('check')
@click.argument('database')
@table_option
@click.option(
    '--delete-orphans',
    is_flag=True,
    help='Delete the chunks of buffers in MongoDB that no record names (not with SQLite).',
)
def check(database: str, table: str, delete_orphans: bool) -> None:
    """List what is wrong with a history.

    DATABASE is a file of mqsql (SQLite), or mongodb://USER:PASSWORD@HOST:PORT/DATABASE.COLLECTION. It is only read, also
    while a hub is using it.

    Of a file it lists values that cannot be read, with table, key and column; buffers that are missing or that no record
    names; indexes and triggers that are missing or changed; and the findings of SQLite's own check. Of a collection it
    lists values and buffers, too: a process that is killed while it stores a record leaves chunks of buffers in MongoDB
    that no record names. Those of the last hour are not counted, since their record may be yet to come.

    The exit status is 0 if nothing is wrong, else 1.
    """
    from mqsql.hub.checking import check_history
    from mqsql.hub.legacy import history_table
    from mqsql.storage.urls import shown

    number = 0
    with errors_shown():
        with progress_bar() as progress:
            findings = check_history(
                database,
                table,
                lambda rows, total: progress.track(rows, total, description='Checking'),
                delete_orphans=delete_orphans,
            )
            for number, finding in enumerate(findings, 1):
                if number == 1:
                    progress.stop()  # on a terminal the lines would come after the bar
                click.echo(str(finding))
        click.echo(f'{shown(database, history_table(table).name)}: problems found: {number:,}')
    if number:
        raise SystemExit(1)
