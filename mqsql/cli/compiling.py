"""`mqsql sql`."""

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

import click

from mqsql.cli.histories import (
    PROFILE,
    history_file,
    open_history,
    profile_option,
    split_words,
    table_option,
    words_argument,
)
from mqsql.cli.keys import Wanted, wanted_options
from mqsql.cli.output import console, json_option, print_json
from mqsql.cli.selecting import Selection, selection_options
from mqsql.cli.showing import errors_shown

if TYPE_CHECKING:
    from rich.console import Console

    from mqsql.compiler import Statement
    from mqsql.schema import Table

DIALECTS = ('sqlite', 'duckdb')


@click.command('sql')
@words_argument('[FILE] [QUERY]')
@profile_option
@table_option
@wanted_options('Records at most; 0: all.')
@selection_options
@click.option('--dialect', type=click.Choice(DIALECTS), default='sqlite', show_default=True, help='The database.')
@json_option
def sql(
    words: tuple[str, ...],
    table: str,
    wanted: Wanted,
    selection: Selection,
    dialect: str,
    as_json: bool,
) -> None:
    """Print the SQL that a query is compiled to.

    No history is read unless FILE or --profile names one: then the SQL reads the indexes on paths which that file has. QUERY
    and the options are those of mqsql find. Values are never part of the text: they are parameters, which are listed as
    comments, with the functions of mqsql that have to be registered on a connection.

    \b
    Examples:
      mqsql sql '{"result_content.ename": "KeyError"}'
      mqsql sql '{label: {$glob: "a/*"}}' --keys label --sort -completed
      mqsql sql --dialect duckdb --since 1h --json '{}'
    """
    given = split_words(words)
    with errors_shown():
        from mqsql.compiler import compile

        file = _named(given['FILE'])
        query = selection.query(given['QUERY'], file)
        statement = compile(
            query, list(wanted.keys) or None, **wanted.options, table=_table(file, table), dialect=dialect
        )
    if as_json:
        functions, indexes = sorted(statement.functions), list(statement.indexes)
        print_json({'sql': statement.sql, 'params': dict(statement.params), 'functions': functions, 'indexes': indexes})
    else:
        _print(statement)


def _print(statement: 'Statement') -> None:
    screen = console()
    print_sql(screen, statement.sql)
    print_params(screen, statement.params)
    for name in sorted(statement.functions):
        screen.print(f'-- function {name}', style='dim')


def _named(file: str | None) -> str | None:
    """The history that the user named; the one that is running does not change what a query is compiled to."""
    profile = click.get_current_context().meta.get(PROFILE)
    return None if file is None and profile is None else history_file(file)


def _table(file: str | None, name: str) -> 'Table':
    if file is None:
        from mqsql.hub.legacy import history_table

        return history_table(name)
    with open_history(file, name) as store:
        store.list_indexes()  # finds those of the file
        return store.table


def print_sql(screen: 'Console', text: str) -> None:
    """A statement in lines, in colours on a terminal."""
    from mqsql.cli.sql_text import lay_out

    shown = lay_out(text, min(screen.width, 100))
    if not screen.is_terminal:
        screen.file.write(f'{shown}\n')
        return
    from rich.syntax import Syntax

    screen.print(Syntax(shown, 'sql', theme='ansi_dark', background_color='default', word_wrap=True))


def print_params(screen: 'Console', params: Mapping[str, Any]) -> None:
    """The values that are bound, as comments of SQL."""
    from mqsql.errors import cut, printable

    for name, value in params.items():
        screen.print(f'-- :{name} = {cut(printable(repr(value)), 1_000)}', style='dim', soft_wrap=True)
