"""`mqsql find`."""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

import click

from mqsql.cli.destinations import STANDARD, check_other_file, destination, text_destination
from mqsql.cli.histories import history_file, open_history, profile_option, split_words, table_option, words_argument
from mqsql.cli.keys import Wanted, wanted_options
from mqsql.cli.output import console
from mqsql.cli.selecting import Selection, selection_options
from mqsql.cli.showing import errors_shown, progress_bar

if TYPE_CHECKING:
    from mqsql.schema import Record
    from mqsql.storage import Store

BINARY_FORMATS = ('parquet', 'arrow')
FORMATS = ('table', 'json', 'jsonl', 'csv', *BINARY_FORMATS)
SHOWN = 20
"""Records of a table, unless --limit says otherwise."""


_STEP = 200
"""Records between two steps of the progress bar, each of which takes as long as a record."""


@dataclass(frozen=True)
class Request:
    """What is to be found: the records of a query, and what is wanted of them."""

    query: dict[str, Any]
    wanted: Wanted

    def records(self, store: 'Store', keys: Sequence[str] | None = None) -> 'Iterable[Record]':
        """The records, with these keys in place of those that were asked for."""
        found = _outermost(self.wanted.keys) or None if keys is None else _outermost(keys)
        return store.find(self.query, found, **self.wanted.options)

    def count(self, store: 'Store') -> int:
        """How many there are."""
        return store.count(self.query, limit=self.wanted.limit, skip=self.wanted.skip)


@click.command('find')
@words_argument('[FILE] [QUERY]')
@profile_option
@table_option
@wanted_options(f'Records at most; 0: all. A table has {SHOWN} unless this says otherwise.')
@selection_options
@click.option(
    '--format',
    'form',
    type=click.Choice(FORMATS),
    help='How to write the records. The default is a table, or what the name of OUT says.',
)
@click.option('--json', 'as_json', is_flag=True, help='The same as --format json.')
@click.option(
    '-o', '--output', 'out', metavar='OUT', type=click.Path(), help='Write to this file; - is standard output.'
)
def find(
    words: tuple[str, ...],
    table: str,
    wanted: Wanted,
    selection: Selection,
    form: str | None,
    as_json: bool,
    out: str | None,
) -> None:
    """Print the tasks that match.

    QUERY is MongoDB's, as JSON or as one types it: {label: 'a', 'result_content.ename': {$in: ['KeyError', 'OSError']}}.
    Times are {$date: '2026-11-22T20:15:00Z'}, in UTC if they name no zone. The options --since … --pending must hold, too.
    Tasks come in the order of insertion unless --sort says otherwise.

    A task has the keys msg_id, client_uuid, engine_uuid, submitted, started, completed, received, resubmitted, queue, label,
    header, metadata, content, buffers, result_header, result_metadata, result_content, result_buffers, error, execute_input,
    execute_result, display_data, stdout and stderr; header.msg_type is a part of one.

    FILE is a path, or a URL as mqsql.open takes it (duckdb:PATH, parquet:PATH, mongodb://HOST/DATABASE.COLLECTION). Without it
    the history of the running profile is read. A hub may write to it meanwhile.

    json and jsonl are MongoDB's relaxed Extended JSON, as of mongoexport: times are {"$date": …}. csv has a column for each of
    --keys, documents as JSON. parquet and arrow (an Arrow IPC stream, or file with -o) need mqsql[arrow].

    \b
    Examples:
      mqsql find --status error --since 1h
      mqsql find tasks.db '{label: {$glob: "a/*"}, stderr: {$ne: ""}}'
      mqsql find tasks.db --sort -completed --keys label,result_content.ename
      mqsql find --engine 3 --pending --json | jq '.[].msg_id'
      mqsql find tasks.db --since yesterday --until today -o tasks.parquet
    """
    given = split_words(words)
    form = 'json' if as_json and form in (None, 'json') else form
    if as_json and form != 'json':
        raise click.UsageError(f'give --json or --format {form}, not both')
    with errors_shown():
        file = history_file(given['FILE'])
        check_other_file(out, file)
        chosen = form or _format_of(out)
        query = selection.query(given['QUERY'], file)
        cut = wanted.limit is None and chosen == 'table'
        request = Request(query, replace(wanted, limit=SHOWN) if cut else wanted)
        with open_history(file, table) as store:
            _write(store, request, chosen, out, cut=cut)


def _outermost(keys: Sequence[str]) -> list[str]:
    """The keys without those that are in others: what is asked for as a whole is not asked for in part."""
    known = set(keys)
    parents = {key: ['.'.join(key.split('.')[:depth]) for depth in range(1, key.count('.') + 1)] for key in known}
    return [key for key in keys if known.isdisjoint(parents[key])]


def _format_of(out: str | None) -> str:
    from mqsql.cli.formats import SUFFIXES, format_of

    if out is None or out == STANDARD:
        return 'table'
    found = format_of(out)
    if found is None:
        raise click.UsageError(f'{out}: the name says no format ({", ".join(SUFFIXES)}); give --format')
    return found


def _write(store: 'Store', request: Request, form: str, out: str | None, *, cut: bool) -> None:
    if form == 'table':
        _write_table(store, request, out, cut=cut)
        return
    with progress_bar() as progress:
        task = None
        if out not in (None, STANDARD) and not progress.disable:
            task = progress.add_task('Writing', total=request.count(store))

        def advance(records: int) -> None:
            if task is not None:
                progress.advance(task, records)

        if form in BINARY_FORMATS:
            from mqsql.cli.columnar import write_columnar

            write_columnar(request.records(store), form, out, advance)
        else:
            _write_lines(store, request, form, out, advance)


def _write_lines(
    store: 'Store', request: Request, form: str, out: str | None, advance: Callable[[int], object]
) -> None:
    from mqsql.cli.formats import LINES

    keys = request.wanted.keys or store.table.default_keys
    with destination(out) as stream:
        for number, line in enumerate(LINES[form](request.records(store, keys), keys), 1):
            stream.write(line)
            if number % _STEP == 0:
                advance(_STEP)


def _write_table(store: 'Store', request: Request, out: str | None, *, cut: bool) -> None:
    from mqsql.cli.task_table import TASK_KEYS, print_tasks

    with text_destination(out) as file:
        number = print_tasks(
            console(file), store.table, request.records(store, request.wanted.keys or TASK_KEYS), request.wanted.keys
        )
    if cut and number == request.wanted.limit:
        total = store.count(request.query, skip=request.wanted.skip)
        click.echo(f'{number:,} of {total:,}', err=True)
