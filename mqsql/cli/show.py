"""`mqsql show`."""

import os
from typing import TYPE_CHECKING, Any

import click

from mqsql.cli.histories import history_file, open_history, profile_option, split_words, table_option, words_argument
from mqsql.cli.output import console, json_option, print_json
from mqsql.cli.showing import errors_shown

if TYPE_CHECKING:
    from mqsql.analysis.task import AmbiguousError, Task


@click.command('show')
@words_argument('[FILE] MSG_ID')
@profile_option
@table_option
@click.option('--full', is_flag=True, help='Print long output whole, not only its last lines.')
@json_option
def show(words: tuple[str, ...], table: str, full: bool, as_json: bool) -> None:
    """Print one task: its times, output and traceback.

    Also its state, its waits, where it ran, the sizes of its buffers, and the other attempts at it if it was resubmitted.

    MSG_ID is the id of the task, or the beginning or the end of it if no other task has that, or the word latest: the task that
    was submitted last. Times are in the zone of this machine. The content of buffers is not printed.

    On a terminal the output and the traceback have their colours, and only their last lines are printed unless --full. --json
    prints all of the record, without its buffers, in MongoDB's relaxed Extended JSON.

    \b
    Examples:
      mqsql show latest
      mqsql show tasks.db _4002_17
      mqsql show tasks.db 5f0c9a1e-d61f_4002_17 --full | less
      mqsql show latest --json | jq .waits
    """
    given = split_words(words, 'MSG_ID')
    name = str(given['MSG_ID'])
    if given['FILE'] is None and (os.path.exists(name) or '://' in name):
        raise click.UsageError("Missing argument 'MSG_ID'; latest is the task that was submitted last.")
    if given['QUERY'] is not None:
        raise click.UsageError(f'MSG_ID is the id of a task, not {given["QUERY"]}; mqsql find takes a query')
    with errors_shown():
        _show(history_file(given['FILE']), table, name, full=full, as_json=as_json)


def _show(file: str, table: str, name: str, *, full: bool, as_json: bool) -> None:
    from mqsql.analysis.task import AmbiguousError, describe, find_task

    with open_history(file, table) as store:
        try:
            task = describe(store, find_task(store, name))
        except AmbiguousError as e:
            raise click.ClickException(_candidates(e)) from e
    if as_json:
        print_json(_as_json(task))
        return
    from mqsql.cli.task_page import print_task

    print_task(console(), task, full=full)


def _candidates(error: 'AmbiguousError') -> str:
    from mqsql.cli.output import cell_text

    lines = [f'{error}:']
    for record in error.candidates:
        cells = [record['msg_id'], cell_text(record['submitted']), cell_text(record['label'])]
        lines.append('  ' + '  '.join(cell for cell in cells if cell))
    return '\n'.join([*lines, '  …'] if error.more else lines)


def _as_json(task: 'Task') -> dict[str, Any]:
    from mqsql.schema import BUFFERS, TASKS

    waits = task.waits
    return {
        'msg_id': task.record['msg_id'],
        'state': task.state,
        'waits': {'queue': waits.queue, 'run': waits.run, 'arrival': waits.arrival},
        'resubmissions': {
            name: [{'msg_id': one.msg_id, 'state': one.state} for one in attempts]
            for name, attempts in (('earlier', task.chain.earlier), ('later', task.chain.later))
        },
        'buffer_sizes': task.buffers,
        'record': {key: value for key, value in task.record.items() if TASKS.columns[key] is not BUFFERS},
    }
