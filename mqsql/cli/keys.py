"""The options that name keys: `--keys a,b.c` and `--sort -completed,label`; and which of the records are wanted."""

from collections.abc import Callable
from typing import Any, TypeVar

import click

Command = TypeVar('Command', bound=Callable[..., Any])


def complete_keys(ctx: click.Context, param: click.Parameter, incomplete: str) -> list[str]:
    """The columns that the last of the keys may be, for the shell."""
    from mqsql.schema import TASKS

    before, comma, last = incomplete.rpartition(',')
    sign = last[:1] if last[:1] in ('-', '+') else ''
    return [f'{before}{comma}{sign}{name}' for name in TASKS.columns if name.startswith(last.removeprefix(sign))]


def key_list(ctx: click.Context, param: click.Parameter, value: tuple[str, ...]) -> tuple[str, ...]:
    """The keys of an option that may be repeated and takes several, separated by commas."""
    found = [key.strip() for text in value for key in text.split(',')]
    if value and not all(found):
        raise click.BadParameter(
            f'takes keys separated by commas, such as label,result_content.ename, not {value[0]!r}'
        )
    return tuple(dict.fromkeys(found))


def _sort_keys(ctx: click.Context, param: click.Parameter, value: tuple[str, ...]) -> list[tuple[str, int]]:
    names = key_list(ctx, param, value)
    pairs = [(name.removeprefix('-').removeprefix('+'), -1 if name.startswith('-') else 1) for name in names]
    if not all(name for name, _ in pairs):
        raise click.BadParameter('takes keys, each after a - if it is to be descending, such as -completed,label')
    return pairs


keys_option = click.option(
    '--keys',
    multiple=True,
    metavar='KEYS',
    callback=key_list,
    shell_complete=complete_keys,
    help='What to print of a record: label,result_content.ename.',
)
sort_option = click.option(
    '--sort',
    multiple=True,
    metavar='KEYS',
    callback=_sort_keys,
    shell_complete=complete_keys,
    help='The order: -completed,label; - is descending.',
)
skip_option = click.option(
    '--skip', type=click.IntRange(min=0), default=0, metavar='N', help='Records to leave out at the beginning.'
)


def limit_option(help: str) -> Callable[[Command], Command]:
    """The option `--limit`; None if it is not given."""
    return click.option('--limit', type=click.IntRange(min=0), metavar='N', help=help)
