"""`mqsql explain`."""

import shlex
from typing import TYPE_CHECKING, Any

import click

from mqsql.cli.compiling import print_params, print_sql
from mqsql.cli.histories import (
    PROFILE,
    history_file,
    open_history,
    profile_option,
    split_words,
    table_option,
    words_argument,
)
from mqsql.cli.keys import Wanted, signed, wanted_options
from mqsql.cli.output import console, json_option, print_json
from mqsql.cli.selecting import Selection, selection_options
from mqsql.cli.showing import errors_shown
from mqsql.settings import LEGACY_TABLE

if TYPE_CHECKING:
    from rich.console import Console

    from mqsql.analysis.advice import Advice
    from mqsql.schema import Index
    from mqsql.storage import Explanation


@click.command('explain')
@words_argument('[FILE] [QUERY]')
@profile_option
@table_option
@wanted_options('Records at most; 0: all.')
@selection_options
@json_option
def explain(
    words: tuple[str, ...],
    table: str,
    wanted: Wanted,
    selection: Selection,
    as_json: bool,
) -> None:
    """Print how a query is answered, and what index would help.

    That is its SQL, the plan of the database, and the indexes that it uses. A query that reads every record is named, with the
    index that would prevent it: one on a key whose condition few records satisfy, tried on an empty copy of the table. FILE,
    QUERY and the options are those of mqsql find.

    \b
    Examples:
      mqsql explain --status error
      mqsql explain tasks.db '{"content.code": {$regex: "^fit"}}'
      mqsql explain tasks.db --sort -completed --limit 20 --json
    """
    from mqsql.analysis.advice import advise

    given = split_words(words)
    with errors_shown():
        file = history_file(given['FILE'])
        query = selection.query(given['QUERY'], file)
        with open_history(file, table) as store:
            explanation = store.explain(query, list(wanted.keys) or None, **wanted.options)
            advice = advise(store, query, explanation, **wanted.options)
        commands = [_command(given['FILE'], table, index) for index in advice.indexes]
    if as_json:
        print_json(_as_json(explanation, advice, commands))
    else:
        _print(explanation, advice, commands)


def _command(file: str | None, table: str, index: 'Index') -> str:
    """The line that creates an index."""
    keys = ','.join(signed(*key) for key in index.keys)
    named = [] if table == LEGACY_TABLE else ['--table', table]
    profile = click.get_current_context().meta.get(PROFILE)
    chosen = ['--profile', profile] if profile else []
    files, last = [file] if file else [], ['--', keys] if keys.startswith('-') else [keys]
    return shlex.join(['mqsql', 'index', 'create', *chosen, *named, *files, *last])


def _as_json(explanation: 'Explanation', advice: 'Advice', commands: list[str]) -> dict[str, Any]:
    return {
        'sql': explanation.sql,
        'params': dict(explanation.params),
        'plan': list(explanation.plan),
        'indexes': list(explanation.indexes),
        'full_scan': advice.full_scan,
        'sorts': advice.sorts,
        'conditions': [{'key': one.key, 'test': one.test, 'matching': one.matching} for one in advice.conditions],
        'create_indexes': [
            {'keys': dict(index.keys), 'command': command}
            for index, command in zip(advice.indexes, commands, strict=True)
        ],
    }


def _print(explanation: 'Explanation', advice: 'Advice', commands: list[str]) -> None:
    screen = console()
    if explanation.sql:
        print_sql(screen, explanation.sql)
        print_params(screen, explanation.params)
    screen.print('\nplan', style='bold')
    for line in explanation.plan:
        screen.print(f'  {line}', soft_wrap=True)
    screen.print('\nindexes', style='bold')
    screen.print(f'  {", ".join(explanation.indexes) or "none"}', soft_wrap=True)
    _print_advice(screen, advice, commands)


def _print_advice(screen: 'Console', advice: 'Advice', commands: list[str]) -> None:
    if advice.full_scan:
        screen.print(f'\nWarning: all {advice.records:,} records are read.', style='yellow')
    if advice.sorts:
        screen.print('\nWarning: all records that match are sorted to find the first.', style='yellow')
    for condition in advice.conditions:
        screen.print(f'  {condition.matching:,} satisfy the condition on {condition.key}', soft_wrap=True)
    if commands:
        screen.print('This would help:')
        for command in commands:
            screen.print(f'  {command}', style='bold', soft_wrap=True)
    elif advice.full_scan or advice.sorts:
        screen.print('No index on one of these keys would help.')
