"""`mqsql prune`."""

import sys
from collections.abc import Iterable
from datetime import UTC, datetime, timedelta
from functools import partial
from typing import TYPE_CHECKING, Any

import click

from mqsql.cli.histories import file_argument, history_file, open_history, table_option
from mqsql.cli.output import json_option, local_time, print_json
from mqsql.cli.relaxed import read_query
from mqsql.cli.showing import errors_shown, progress_bar
from mqsql.cli.sizes import size_text, tasks_text
from mqsql.cli.times import Span
from mqsql.errors import StorageError

if TYPE_CHECKING:
    from rich.progress import Progress

    from mqsql.hub.pruning import Choice, Pruning


@click.command('prune')
@file_argument
@table_option
@click.option(
    '--older-than', type=Span(), required=True, metavar='SPAN', help='Tasks that ended longer ago: 30d, 12h, 2w.'
)
@click.option('--keep-errors', is_flag=True, help='Keep the tasks that failed.')
@click.option('--drop-buffers', is_flag=True, help='Keep the tasks, and drop only their arguments and results.')
@click.option(
    '--with-pending', is_flag=True, help='Also delete tasks that never ended, if they were submitted longer ago.'
)
@click.option('--query', metavar='QUERY', default='{}', help="Only tasks that also match: {label: 'test'}.")
@click.option('--dry-run', is_flag=True, help='Say how many tasks and megabytes would go, and change nothing.')
@click.option('--vacuum', is_flag=True, help='Then write the file anew, as small as it can be (no hub may use it).')
@click.option('-y', '--yes', is_flag=True, help='Do not ask before anything is deleted.')
@json_option
def prune(
    file: str | None,
    table: str,
    older_than: timedelta,
    keep_errors: bool,
    drop_buffers: bool,
    with_pending: bool,
    query: str,
    dry_run: bool,
    vacuum: bool,
    yes: bool,
    as_json: bool,
) -> None:
    """Delete old tasks of a history.

    Tasks that ended before the limit are deleted, with all that is known of them; pending and running tasks stay, unless
    --with-pending is given. It asks first; without a terminal it needs --yes. The space is given back to the disk.

    FILE is a path, duckdb:PATH or mongodb://HOST/DATABASE.COLLECTION; without it, the history of the running profile. A hub
    may use it meanwhile: a few tasks are deleted at a time, and the hub has its turn after each. Ctrl-C ends it at any
    moment; what has been deleted until then is gone, and a repeat goes on.

    Clients cannot get the results of tasks without buffers from the hub any more, but everything else.

    \b
    Examples:
      mqsql prune --older-than 30d --dry-run
      mqsql prune tasks.db --older-than 30d --keep-errors --yes
      mqsql prune tasks.db --older-than 1w --drop-buffers --yes
      mqsql prune tasks.db --older-than 1d --query "{label: 'test'}"
    """
    from mqsql.hub.pruning import Choice, Pruning

    if with_pending and drop_buffers:
        raise click.UsageError('a pending task needs its buffers: give --with-pending or --drop-buffers, not both')
    with errors_shown():
        choice = Choice(_ago(older_than), read_query(query), keep_errors, with_pending, drop_buffers)
        url = history_file(file)
        pruning = Pruning(url, table, choice)
        if vacuum and not pruning.is_file:
            raise click.UsageError(f'{pruning.name}: --vacuum is for an SQLite file')
        open_history(url, table).close()  # which says what to do about a file that is no history
        if not dry_run and not yes:
            _ask(pruning, choice)
        facts = _measured(pruning) if dry_run else _deleted(pruning, vacuum=vacuum)
        known = {'file': pruning.name, 'dry_run': dry_run, 'drop_buffers': drop_buffers, 'before': choice.before}
    if as_json:
        print_json({**known, **facts})
    else:
        click.echo(f'{pruning.name}: {_sentence(choice, facts, dry_run=dry_run)}')


def _ago(span: timedelta) -> datetime:
    try:
        return datetime.now(UTC) - span
    except OverflowError:
        return datetime.min.replace(tzinfo=UTC)


def _measured(pruning: 'Pruning') -> dict[str, int]:
    with progress_bar() as progress:
        tasks, size = pruning.amount(partial(_tracked, progress))
    return {'tasks': tasks, 'bytes': size}


def _ask(pruning: 'Pruning', choice: 'Choice') -> None:
    """Have the user agree, or end the program."""
    facts = _measured(pruning)
    if not sys.stdin.isatty():
        raise click.UsageError('nobody can be asked here; --yes deletes without asking, --dry-run says what would go')
    if facts['tasks']:
        what = _what(choice, facts)
        click.confirm(f'{pruning.name}: {"drop" if choice.buffers_only else "delete"} {what}?', abort=True, err=True)


def _deleted(pruning: 'Pruning', *, vacuum: bool) -> dict[str, int]:
    """Delete; what that has done."""
    before = pruning.file_bytes()
    with progress_bar() as progress:
        try:
            pruning.run(partial(_tracked, progress))
            if vacuum:
                progress.add_task('Writing the file anew', total=None)
                pruning.vacuum()
        except KeyboardInterrupt:
            raise click.ClickException(f'interrupted; tasks done: {pruning.done:,}; a repeat goes on') from None
        except StorageError as e:
            if not pruning.done:
                raise
            raise StorageError(f'{e}; tasks done: {pruning.done:,}; a repeat goes on') from e
    after = pruning.file_bytes()
    sizes = {'file_bytes_before': before, 'file_bytes': after} if before is not None and after is not None else {}
    return {'tasks': pruning.done, **sizes}


def _tracked(progress: 'Progress', rows: Iterable[Any], total: int, what: str) -> Iterable[Any]:
    return progress.track(rows, total, description=what) if total else rows


def _sentence(choice: 'Choice', facts: dict[str, int], *, dry_run: bool) -> str:
    verb = ('would drop' if dry_run else 'dropped') if choice.buffers_only else 'would delete' if dry_run else 'deleted'
    sizes = [facts[name] for name in ('file_bytes_before', 'file_bytes') if name in facts]
    of_file = f'; the file had {size_text(sizes[0])} and has {size_text(sizes[1])}' if sizes else ''
    return f'{verb} {_what(choice, facts)}{of_file}'


def _what(choice: 'Choice', facts: dict[str, int]) -> str:
    """What goes: `1,000 tasks (20.0 MB) that ended before 2026-10-28 22:00:00`."""
    size = f' ({size_text(facts["bytes"])})' if 'bytes' in facts else ''
    what = 'the buffers of ' if choice.buffers_only else ''
    when = 'ended, or were submitted and never ended,' if choice.unfinished else 'ended'
    return f'{what}{tasks_text(facts["tasks"])}{size} that {when} before {local_time(choice.before)}'
