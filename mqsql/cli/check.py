"""`mqsql check`."""

from collections.abc import Callable, Iterator
from functools import partial
from typing import TYPE_CHECKING, Any

import click

from mqsql.cli.histories import file_argument, history_file, table_option
from mqsql.cli.output import json_option, print_json
from mqsql.cli.showing import errors_shown, progress_bar
from mqsql.cli.sizes import size_text, tasks_text

if TYPE_CHECKING:
    from mqsql.storage.findings import Finding
    from mqsql.storage.sqlite.facts import Facts

FactsOf = Callable[[], 'Facts | None']
"""Gives what else is known of a history; asked for last, so that what cannot be checked is refused first."""


@click.command('check')
@file_argument
@table_option
@click.option(
    '--delete-orphans',
    is_flag=True,
    help='Delete the chunks of buffers in MongoDB that no record names (not with SQLite).',
)
@click.option('--renew-statistics', is_flag=True, help="Make the statistics of SQLite's planner anew first.")
@json_option
def check(file: str | None, table: str, delete_orphans: bool, renew_statistics: bool, as_json: bool) -> None:
    """List what is wrong with a history.

    FILE is a file of mqsql (SQLite), or mongodb://USER:PASSWORD@HOST:PORT/DATABASE.COLLECTION; without it, the history of
    the running profile. It is only read, also while a hub is using it.

    Of a file it lists values that cannot be read, with table, key and column; buffers that are missing or that no record
    names; indexes and triggers that are missing or changed; and the findings of SQLite's own check. It also says how large
    the file is, which layout and indexes it has, and notes what is no fault: an earlier layout, statistics of the planner
    that are missing or stale, changes that a killed hub has left.

    Of a collection it lists values and buffers, too: a process that is killed while it stores a record leaves chunks of
    buffers in MongoDB that no record names. Those of the last hour are not counted, since their record may be yet to come.

    The exit status is 0 if nothing is wrong, else 1.

    \b
    Examples:
      mqsql check
      mqsql check tasks.db --json
      mqsql check tasks.db --renew-statistics
    """
    from mqsql.hub import checking
    from mqsql.hub.legacy import history_table
    from mqsql.storage.urls import shown

    with errors_shown():
        url = history_file(file)
        name = shown(url, history_table(table).name)
        if renew_statistics:
            checking.renew_statistics(url, table)
        facts = partial(checking.history_facts, url, table)
        findings = _findings(url, table, delete_orphans=delete_orphans)
        number = _print_json(name, facts, findings) if as_json else _print(name, facts, findings)
    if number:
        raise SystemExit(1)


def _findings(url: str, table: str, *, delete_orphans: bool) -> Iterator['Finding']:
    """The findings, with a bar that is gone before the first is printed."""
    from mqsql.hub.checking import check_history

    with progress_bar() as progress:
        whole = progress.add_task('Checking the file', total=None)

        def track(rows: Any, total: int) -> Any:
            progress.remove_task(whole)
            return progress.track(rows, total, description='Checking')

        for finding in check_history(url, table, track, delete_orphans=delete_orphans):
            progress.stop()  # on a terminal the lines would come after the bar
            yield finding


def _print(name: str, known: FactsOf, findings: Iterator['Finding']) -> int:
    number = 0
    for finding in findings:
        click.echo(str(finding))
        number += 1
    if facts := known():
        for note in facts.notes:
            click.echo(f'note: {note}')
        parts = [f'{tasks_text(facts.records)} in {size_text(facts.bytes)}', f'layout {facts.layout}']
        parts.append(f'indexes: {len(facts.indexes)}')
        parts.append(f'statistics of {tasks_text(facts.statistics)}' if facts.statistics else 'no statistics')
        click.echo(f'{name}: {"; ".join(parts)}')
    click.echo(f'{name}: problems found: {number:,}')
    return number


def _print_json(name: str, known: FactsOf, findings: Iterator['Finding']) -> int:
    from dataclasses import asdict

    problems = [finding._asdict() for finding in findings]
    facts = known()
    print_json({'file': name, **(asdict(facts) if facts else {}), 'problems': problems})
    return len(problems)
