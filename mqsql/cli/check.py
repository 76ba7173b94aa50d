"""`mqsql check`."""

from pathlib import Path

import click

from mqsql.cli.common import PATH, errors_shown, progress_bar, table_option


@click.command('check')
@click.argument('file', type=PATH)
@table_option
def check(file: Path, table: str) -> None:
    """List what is wrong with a file of mqsql.

    It lists values that cannot be read, with table, key and column; buffers that are missing or that no record names;
    indexes and triggers that are missing or changed; and the findings of SQLite's own check. It only reads FILE, also
    while a hub is using it. The exit status is 0 if nothing is wrong, else 1.
    """
    from mqsql.hub.checking import check_file

    number = 0
    with errors_shown():
        with progress_bar() as progress:
            findings = check_file(file, table, lambda rows, total: progress.track(rows, total, description='Checking'))
            for number, finding in enumerate(findings, 1):
                if number == 1:
                    progress.stop()  # on a terminal the lines would come after the bar
                click.echo(str(finding))
        click.echo(f'{file}: problems found: {number:,}')
    if number:
        raise SystemExit(1)
