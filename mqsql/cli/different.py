"""`mqsql distinct`."""

from typing import Any

import click

from mqsql.cli.histories import (
    history_file,
    open_history,
    profile_option,
    refuse_file,
    split_words,
    table_option,
    words_argument,
)
from mqsql.cli.output import cell_text, json_option, print_json
from mqsql.cli.selecting import Selection, selection_options
from mqsql.cli.showing import errors_shown


@click.command('distinct')
@words_argument('[FILE] KEY [QUERY]')
@profile_option
@table_option
@selection_options
@json_option
def distinct(words: tuple[str, ...], table: str, selection: Selection, as_json: bool) -> None:
    """Print the different values that the tasks have at KEY.

    KEY is a column or a path into one, such as result_content.ename; elements of arrays count one by one. Values are in
    MongoDB's order, a line each: texts as they are, other values as JSON. FILE, QUERY and the options that choose tasks are
    those of mqsql find.

    \b
    Examples:
      mqsql distinct label
      mqsql distinct tasks.db result_content.ename --since yesterday
      mqsql distinct tasks.db engine_uuid '{stderr: {$ne: ""}}' --json
    """
    from mqsql.values.bson_order import bson_key

    given = split_words(words, 'KEY')
    if given['FILE'] is None:
        refuse_file(str(given['KEY']), 'which KEY of its tasks')
    with errors_shown():
        file = history_file(given['FILE'])
        query = selection.query(given['QUERY'], file)
        with open_history(file, table) as store:
            values: list[Any] = sorted(store.distinct(str(given['KEY']), query), key=bson_key)
    if as_json:
        print_json(values)
        return
    for value in values:
        click.echo('null' if value is None else cell_text(value))
