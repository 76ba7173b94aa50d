"""The command line, `mqsql`."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import click
from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn

from mqsql.errors import MqsqlError
from mqsql.storage.check import check_file
from mqsql.storage.connection import JOURNAL_MODES, Settings
from mqsql.storage.shipped import SHIPPED_TABLE, History
from mqsql.storage.transfer import import_history

HUB_PACKAGES = {'ipyparallel', 'IPython', 'traitlets'}

PATH = click.Path(dir_okay=False, path_type=Path)


@click.group('mqsql', context_settings={'help_option_names': ['-h', '--help']})
@click.version_option(package_name='mqsql')
def main() -> None:
    """MongoDB queries over task records, answered with SQL."""


@main.command('hub-config')
def hub_config() -> None:
    """Print all options of the hub's database.

    The output belongs into ipcontroller_config.py; each option has its help and is commented out.
    """
    try:
        from mqsql.hub import config
    except ModuleNotFoundError as e:
        package = str(e.name).partition('.')[0]
        if package not in HUB_PACKAGES:
            raise
        raise click.ClickException(f"{package} is not installed; try: pip install 'mqsql[hub]'") from e
    click.echo(config())


@main.command('import')
@click.argument('old', type=PATH)
@click.argument('new', type=PATH)
@click.option('--table', default=SHIPPED_TABLE, show_default=True, help='The name of the history (c.SQLiteDB.table).')
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
    damaged: list[str] = []
    with _errors():
        with _progress() as progress:

            def say(line: str) -> None:
                damaged.append(line)
                progress.console.print(line, markup=False, highlight=False, soft_wrap=True)

            done = import_history(
                old,
                new,
                History(table, say),
                Settings(journal_mode=journal_mode),
                lambda records, total: progress.track(records, total, description='Importing'),
            )
        figures = f'tasks imported: {done.added:,}; there already: {done.present:,}; values damaged: {len(damaged):,}'
        click.echo(f'{new}: {figures}; tables read: {len(done.tables):,}')


@main.command('check')
@click.argument('file', type=PATH)
@click.option('--table', default=SHIPPED_TABLE, show_default=True, help='The name of the history (c.SQLiteDB.table).')
def check(file: Path, table: str) -> None:
    """List what is wrong with a file of mqsql.

    It lists values that cannot be read, with table, key and column; buffers that are missing or that no record names;
    indexes and triggers that are missing or changed; and the findings of SQLite's own check. It only reads FILE, also
    while a hub is using it. The exit status is 0 if nothing is wrong, else 1.
    """
    number = 0
    with _errors():
        with _progress() as progress:
            findings = check_file(file, table, lambda rows, total: progress.track(rows, total, description='Checking'))
            for number, finding in enumerate(findings, 1):
                if number == 1:
                    progress.stop()  # on a terminal the lines would be behind the bar
                click.echo(str(finding))
        click.echo(f'{file}: problems found: {number:,}')
    if number:
        raise SystemExit(1)


def _progress() -> Progress:
    """A bar on standard error if that is a terminal, else nothing."""
    console = Console(stderr=True)
    columns = TextColumn('{task.description}'), BarColumn(), MofNCompleteColumn(), TimeRemainingColumn()
    return Progress(*columns, console=console, disable=not console.is_terminal)


@contextmanager
def _errors() -> Iterator[None]:
    """Errors that a user can do something about end the program with one line."""
    try:
        yield
    except MqsqlError as e:
        raise click.ClickException(str(e)) from e
    except OSError as e:
        reason = e.strerror or str(e) or type(e).__name__
        raise click.ClickException(f'{e.filename}: {reason}' if e.filename else reason) from e
