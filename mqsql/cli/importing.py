"""`mqsql import`."""

from pathlib import Path

import click

from mqsql.cli.common import PATH, errors_shown, progress_bar, table_option
from mqsql.settings import JOURNAL_MODES, Settings


@click.command('import')
@click.argument('old', type=PATH)
@click.argument('new', type=PATH)
@table_option
@click.option(
    '--journal-mode',
    type=click.Choice(JOURNAL_MODES),
    default=Settings.journal_mode,
    show_default=True,
    help='The journal of NEW (c.SQLiteDB.journal_mode).',
)
def import_(old: Path, new: Path, table: str, journal_mode: str) -> None:
    """Copy a task history into a file of mqsql.

    OLD is a file that ipyparallel's own SQLiteDB wrote. It stays unchanged; stop any hub that writes to it. NEW is
    created, or is a file of mqsql, whose records stay unchanged. Everything is copied, or nothing. Damaged values are
    left out, or their readable part is kept, and each is named.
    """
    from mqsql.hub.importing import import_history
    from mqsql.hub.legacy import LegacyHistory

    damaged: list[str] = []
    with errors_shown():
        with progress_bar() as progress:

            def say(line: str) -> None:
                damaged.append(line)
                progress.console.print(line, markup=False, highlight=False, soft_wrap=True)

            done = import_history(
                old,
                new,
                LegacyHistory(table, say),
                Settings(journal_mode=journal_mode),
                lambda records, total: progress.track(records, total, description='Importing'),
            )
        figures = f'tasks imported: {done.added:,}; there already: {done.present:,}; values damaged: {len(damaged):,}'
        click.echo(f'{new}: {figures}; tables read: {len(done.tables):,}')
