"""`mqsql backup`."""

from pathlib import Path

import click

from mqsql.cli.histories import history_file, profile_option, refusal, split_words, words_argument
from mqsql.cli.output import json_option, print_json
from mqsql.cli.showing import errors_shown, progress_bar
from mqsql.cli.sizes import size_text
from mqsql.errors import StorageError


@click.command('backup')
@words_argument('[FILE] OUT')
@profile_option
@click.option('--force', is_flag=True, help='Replace OUT if it exists.')
@json_option
def backup(words: tuple[str, ...], force: bool, as_json: bool) -> None:
    """Copy a history that may be in use.

    OUT is FILE as it is at one moment, with all of its histories and with what hubs have logged beside it and not merged
    into it yet; also what a killed hub has left. It appears when it is complete and SQLite's own check has found nothing,
    so Ctrl-C leaves nothing behind. A hub may write meanwhile; the copy of a large file takes room for what it writes.

    FILE is an SQLite file of mqsql; without it, that of the running profile. Other databases are copied into a file by
    mqsql import.

    \b
    Examples:
      mqsql backup tasks-2026-11-27.db
      mqsql backup tasks.db /backup/tasks.db --force
    """
    from mqsql.hub.backing_up import back_up_history

    given = split_words(words, 'OUT')
    if force and len(words) < 2:
        raise click.UsageError('--force needs FILE and OUT: a history alone could be meant as either')
    with errors_shown():
        file = history_file(given['FILE'])
        with progress_bar() as progress:
            try:
                done = back_up_history(
                    file,
                    str(given['OUT']),
                    lambda steps, total: progress.track(steps, total, description='Copying (MB)'),
                    replace=force,
                )
            except StorageError as e:
                raise StorageError(refusal(file, str(e))) from e
    if as_json:
        print_json({'file': file, 'out': str(Path(str(given['OUT']))), **done._asdict()})
    else:
        logged = f', {done.logged:,} of them from logs' if done.logged else ''
        click.echo(f'{given["OUT"]}: tasks copied: {done.records:,}{logged}; {size_text(done.bytes)}')
