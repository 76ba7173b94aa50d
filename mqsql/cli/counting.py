"""`mqsql count`."""

import click

from mqsql.cli.histories import history_file, open_history, profile_option, split_words, table_option, words_argument
from mqsql.cli.output import json_option, print_json
from mqsql.cli.selecting import Selection, selection_options
from mqsql.cli.showing import errors_shown


@click.command('count')
@words_argument('[FILE] [QUERY]')
@profile_option
@table_option
@selection_options
@json_option
def count(words: tuple[str, ...], table: str, selection: Selection, as_json: bool) -> None:
    """Print how many tasks match.

    FILE, QUERY and the options that choose tasks are those of mqsql find.

    \b
    Examples:
      mqsql count --status error --since 1d
      mqsql count tasks.db '{"result_content.ename": {$exists: true}}'
      mqsql count tasks.db --label 'a/*' --json
    """
    given = split_words(words)
    with errors_shown():
        file = history_file(given['FILE'])
        query = selection.query(given['QUERY'], file)
        with open_history(file, table) as store:
            found = store.count(query)
    if as_json:
        print_json({'count': found})
    else:
        click.echo(found)
