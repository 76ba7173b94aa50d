"""The history that a command reads: the argument FILE, the running profile's file by default."""

import os
import sys
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

import click
from click.shell_completion import CompletionItem

from mqsql.settings import LEGACY_TABLE

if TYPE_CHECKING:
    from mqsql.storage import Store

Command = TypeVar('Command', bound=Callable[..., Any])

PROFILE = 'mqsql.profile'
"""Where a context keeps the profile that was asked for."""
FOUND = 'mqsql.found'
"""Where it keeps the file that was found for none; this may be asked for again."""

FILE_HELP = """FILE is a path, or a URL: sqlite:///PATH, duckdb:PATH, parquet:PATH, mongodb://HOST/DATABASE.COLLECTION, dict:.
Without FILE the history of the running profile is read (profile_NAME/tasks.db in IPython's directory), or the one that was
written last."""

table_option = click.option(
    '--table', default=LEGACY_TABLE, show_default=True, help='The name of the history (c.SQLiteDB.table).'
)


class FileType(click.ParamType):  # type: ignore[type-arg]
    """A path or a URL; the shell completes paths."""

    name = 'file'

    def shell_complete(self, ctx: click.Context, param: click.Parameter, incomplete: str) -> list[CompletionItem]:
        """See ParamType."""
        return [CompletionItem(incomplete, type='file')]


def file_argument(command: Command) -> Command:
    """The argument FILE, optional, and `--profile`, which says whose file it is; `history_file` gives what they mean."""
    return profile_option(click.argument('file', required=False, type=FileType())(command))


def profile_option(command: Command) -> Command:
    """The option `--profile`, kept for `history_file`; the command does not see it."""
    return click.option(
        '--profile',
        metavar='NAME',
        expose_value=False,
        callback=_keep_profile,
        shell_complete=_complete_profile,
        help='Read the history of this profile of IPython, in place of FILE.',
    )(command)


def _keep_profile(ctx: click.Context, param: click.Parameter, value: str | None) -> None:
    ctx.meta[PROFILE] = value


def _complete_profile(ctx: click.Context, param: click.Parameter, incomplete: str) -> list[str]:
    from mqsql.cli.profiles import profile_names

    return [name for name in profile_names() if name.startswith(incomplete)]


def history_file(file: str | None) -> str:
    """What the user named, or the file of the profile that is running, or else of the one that was written last.

    UsageError if there is none, or if several profiles are running.
    """
    context = click.get_current_context(silent=True)
    profile = context.meta.get(PROFILE) if context else None
    if file is not None:
        if profile is not None and context and file != context.meta.get(FOUND):
            raise click.UsageError('give FILE or --profile, not both')
        return file
    found = str(_default_file()) if profile is None else _file_of(profile)
    if context:
        context.meta[FOUND] = found
    if profile is None and sys.stderr.isatty():
        click.secho(f'reading {found}', err=True, dim=True)
    return found


def _file_of(profile: str) -> str:
    from mqsql.cli.profiles import NAME, profile_directory, profile_names

    path = profile_directory(profile) / NAME
    if path.is_file():
        return str(path)
    known = ', '.join(profile_names()) or 'none'
    missing = f'{path}: there is no such file' if path.parent.is_dir() else f'there is no profile {profile!r}'
    raise click.UsageError(f'{missing}; profiles: {known}')


def _default_file() -> Path:
    from mqsql.cli.profiles import NAME, histories, ipython_directory, is_running

    found = histories()
    if not found:
        raise click.UsageError(f'no history was found in {ipython_directory()}/profile_*/{NAME}; name one: FILE')
    running = [path for path in found if is_running(path.parent)] if len(found) > 1 else found
    if len(running) > 1:
        names = ', '.join(path.parent.name.removeprefix('profile_') for path in running)
        raise click.UsageError(f'several profiles are running: {names}; choose one with --profile NAME, or name a FILE')
    return (running or found)[0]


def open_history(file: str | None, table: str) -> 'Store':
    """The store of a history, read-only, whatever `mqsql.open` takes; StorageError if it cannot be opened."""
    from mqsql.errors import StorageError
    from mqsql.hub.legacy import history_table
    from mqsql.storage import open

    named = history_file(file)
    try:
        return open(named, readonly=True, table=history_table(table))
    except StorageError as e:
        raise StorageError(refusal(named, str(e))) from e


def refusal(file: str, reason: str) -> str:
    """Why a history cannot be read, with what a command can do about it in place of what a program can."""
    from mqsql.hub.legacy import is_legacy_file
    from mqsql.storage.urls import SQLITE, read_url

    kind, path = read_url(file)
    if kind == SQLITE and is_legacy_file(path):
        return f"{file}: IPython Parallel's own SQLiteDB wrote this; mqsql import {file} NEW makes a history that can be read"
    return reason.partition('; open it without readonly=True')[0]


def refuse_file(word: str, missing: str) -> None:
    """UsageError if what stands in the place of another argument is a file, so that it is the other that is missing."""
    if os.path.exists(word):
        raise click.UsageError(f'{word} is a file; {missing}?')


def words_argument(metavar: str) -> Callable[[Command], Command]:
    """The arguments of a command that takes FILE and QUERY, both optional: `split_words` says which is which."""
    return click.argument('words', nargs=-1, metavar=metavar, type=FileType())


def split_words(words: Sequence[str], *names: str) -> dict[str, str | None]:
    """The arguments FILE, those of these names, and QUERY, which begins with `{`; UsageError unless they are these.

    FILE and QUERY may be left out, so only the others tell them apart.
    """
    queries = [word for word in words if word.lstrip().startswith('{')]
    others = [word for word in words if not word.lstrip().startswith('{')]
    if len(queries) > 1:
        raise click.UsageError(f'QUERY is given twice: {queries[0]} and {queries[1]}; combine them by $and')
    if len(others) < len(names):
        raise click.UsageError(f"Missing argument '{names[len(others)]}'.")
    if len(others) > len(names) + 1:
        raise click.UsageError(f'{others[-1]!r} is one argument too many; QUERY begins with {{')
    file = others.pop(0) if len(others) > len(names) else None
    return {'FILE': file, **dict(zip(names, others, strict=True)), 'QUERY': queries[0] if queries else None}
