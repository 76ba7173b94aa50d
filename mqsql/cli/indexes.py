"""`mqsql index create|drop|list`."""

import re
from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING

import click

from mqsql.cli.histories import (
    file_argument,
    history_file,
    open_history,
    profile_option,
    refuse_file,
    split_words,
    table_option,
    words_argument,
)
from mqsql.cli.keys import directed, signed
from mqsql.cli.output import json_option, print_json
from mqsql.cli.showing import errors_shown, progress_bar

if TYPE_CHECKING:
    from mqsql.storage import Store

Keys = list[tuple[str, int]]


_DESCENDING = re.compile(r'-[A-Za-z_]\w')
"""How a key in descending order begins; options with one dash have one letter."""


class KeysCommand(click.Command):
    """A command with the argument KEYS, in which -completed is a key and no options."""

    def parse_args(self, ctx: click.Context, args: list[str]) -> list[str]:
        """See Command. What begins with a space is no option, and `_read_keys` takes that away."""
        return super().parse_args(ctx, [f' {word}' if _DESCENDING.match(word) else word for word in args])


@click.group('index')
def index() -> None:
    """Create, drop and list the indexes of a history.

    An index makes queries and sorts on its keys fast; no answer changes. mqsql explain says which index a query uses, and
    which one would help it.
    """


@index.command('create', cls=KeysCommand)
@words_argument('[FILE] KEYS')
@profile_option
@table_option
@json_option
def create(words: tuple[str, ...], table: str, as_json: bool) -> None:
    """Create an index on KEYS.

    KEYS are columns or paths into them, separated by commas; one after a - is in descending order. An index that is there
    already is kept.

    The file is locked while the index is made, some seconds with 1,000,000 tasks; a hub keeps its tasks in memory
    meanwhile. Ctrl-C ends it, and leaves the file as it was.

    \b
    Examples:
      mqsql index create result_content.ename
      mqsql index create tasks.db header.session,-completed
    """
    given = split_words(words, 'KEYS')
    keys = str(given['KEYS']).strip()
    if given['FILE'] is None:
        refuse_file(keys, 'an index on which KEYS')
    with errors_shown(), _changing(given['FILE'], table) as store:
        before = store.list_indexes()
        with progress_bar() as progress:
            progress.add_task(f'Creating an index on {keys}', total=None)
            name = store.create_index(_read_keys(keys))
    created = name not in before
    if as_json:
        print_json({'name': name, 'created': created})
    else:
        click.echo(f'{name}: {"created" if created else "it is there already"}')


@index.command('drop', cls=KeysCommand)
@words_argument('[FILE] KEYS')
@profile_option
@table_option
@json_option
def drop(words: tuple[str, ...], table: str, as_json: bool) -> None:
    """Drop the index on KEYS.

    KEYS are those that it was created with, or its name. The indexes that every history has cannot be dropped.

    \b
    Examples:
      mqsql index drop result_content.ename
      mqsql index drop tasks.db header.session,-completed
      mqsql index drop tasks.db header.session_1_completed_-1
    """
    from mqsql.errors import QueryError
    from mqsql.schema import TASKS

    given = split_words(words, 'KEYS')
    keys = str(given['KEYS']).strip()
    if given['FILE'] is None:
        refuse_file(keys, 'an index on which KEYS')
    with errors_shown(), _changing(given['FILE'], table) as store:
        name = keys
        if keys not in (known := store.list_indexes()):
            named = [name for name, of in known.items() if of == tuple(_read_keys(keys))]
            name = named[0] if named else keys
        if name in (index.name for index in TASKS.indexes):
            raise QueryError(
                f'every history has {name!r}: it would be made again when the file is next opened', 'index'
            )
        store.drop_index(name)
    if as_json:
        print_json({'name': name, 'dropped': True})
    else:
        click.echo(f'{name}: dropped')


@index.command('list')
@file_argument
@table_option
@json_option
def list_(file: str | None, table: str, as_json: bool) -> None:
    """List the indexes.

    \b
    Examples:
      mqsql index list
      mqsql index list tasks.db --json
    """
    with errors_shown(), open_history(history_file(file), table) as store:
        found = store.list_indexes()
    if as_json:
        print_json([{'name': name, 'keys': [list(key) for key in keys]} for name, keys in found.items()])
        return
    rows = [(name, ', '.join(signed(*key) for key in keys)) for name, keys in found.items()]
    width = max((len(name) for name, _ in rows), default=0)
    for name, keys in rows:
        click.echo(f'{name:{width}}  {keys}')


def _read_keys(text: str) -> Keys:
    names = [name.strip() for name in text.split(',')]
    if not all(name.lstrip('-') for name in names):
        raise click.UsageError(
            f'KEYS are keys separated by commas, such as label or header.session,-completed, not {text!r}'
        )
    return [directed(name) for name in names]


@contextmanager
def _changing(file: str | None, table: str) -> Iterator['Store']:
    """The store of a history that is there, to be changed."""
    from mqsql.hub.legacy import history_table
    from mqsql.settings import INTERRUPTIBLE
    from mqsql.storage import open_location
    from mqsql.storage.urls import read_url

    url = history_file(file)
    open_history(url, table).close()  # which creates nothing
    with open_location(read_url(url), readonly=False, table=history_table(table), settings=INTERRUPTIBLE) as store:
        yield store
