"""`mqsql report`."""

from typing import Any

import click

from mqsql.cli.destinations import STANDARD, check_other_file, destination
from mqsql.cli.engine_numbers import engine_numbers
from mqsql.cli.histories import history_file, open_history, profile_option, split_words, table_option, words_argument
from mqsql.cli.output import json_option, print_json
from mqsql.cli.selecting import Selection, selection_options
from mqsql.cli.showing import errors_shown, progress_bar
from mqsql.cli.sizes import size_text

MOST_BARS = 250_000
"""As mqsql.analysis.report says, which --help does not import."""


@click.command('report')
@words_argument('[FILE] [QUERY]')
@profile_option
@table_option
@selection_options
@click.option(
    '-o', '--output', 'out', metavar='OUT', type=click.Path(), required=True, help='The page; - is standard output.'
)
@click.option('--title', metavar='TEXT', help='The title of the page. The default is the name of the history.')
@click.option(
    '--bars',
    type=click.IntRange(min=0),
    default=MOST_BARS,
    show_default=True,
    metavar='NUMBER',
    help='Tasks that the timeline shows one by one, those that ran the longest; each takes 13 bytes of the page.',
)
@json_option
def report(
    words: tuple[str, ...], table: str, selection: Selection, out: str, title: str | None, bars: int, as_json: bool
) -> None:
    """Write a page with the figures and a timeline.

    The page is one HTML file that needs nothing from the network. It shows how many tasks are in each state, how long they
    waited and ran, how many ended when, a timeline of each engine, the failures by exception, the slowest tasks, engines and
    labels.

    Zoom into the timeline with the wheel, two fingers, the keys + and -, or its buttons. From afar it shows how busy engines
    were, and nearby single tasks.

    FILE, QUERY and the options that choose tasks are those of mqsql find.

    \b
    Examples:
      mqsql report -o report.html
      mqsql report tasks.db --since yesterday --until today -o yesterday.html
      mqsql report tasks.db --label 'train/*' --title Training -o training.html
    """
    given = split_words(words)
    if out == STANDARD and as_json:
        raise click.UsageError('the page itself goes to standard output; leave out --json, or name a file')
    with errors_shown():
        file = history_file(given['FILE'])
        check_other_file(out, file)
        query = selection.query(given['QUERY'], file)
        with destination(out) as stream:  # before the work, in case it cannot be written
            page = _page(file, table, query, title, _chosen(selection, given['QUERY']), bars)
            stream.write(page)
    if as_json:
        print_json({'file': out, 'bytes': len(page)})
    elif out != STANDARD:
        click.echo(f'{out}: {size_text(len(page))}')


def _page(file: str, table: str, query: dict[str, Any], title: str | None, chosen: str, bars: int) -> bytes:
    from mqsql.analysis.report import About
    from mqsql.analysis.report import report as page_of
    from mqsql.storage.urls import shown

    with open_history(file, table) as store, progress_bar() as progress:

        def watch(records: Any, total: int) -> Any:
            return progress.track(records, total, description='Reading')

        name = title or f'Tasks of {shown(file, store.table.name)}'
        about = About(name, chosen, engine_numbers(file))
        return page_of(store, query, watch, about, bars).encode('utf-8', 'replace')


def _chosen(selection: Selection, query: str | None) -> str:
    """How the tasks were chosen, in the words of the options."""
    moments = (('since', selection.since), ('until', selection.until))
    words = (
        *(f'{name} {moment.isoformat(" ", "seconds")}' for name, moment in moments if moment),
        *(f'client {text}' for text in selection.clients),
        *(f'engine {text}' for text in selection.engines),
        *(f'label {text}' for text in selection.labels),
        *(f'status {text}' for text in selection.states),
        *(['pending'] if selection.pending else []),
        *([query] if query else []),
    )
    return ', '.join(words)
