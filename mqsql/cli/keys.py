"""The options that name keys: `--keys a,b.c` and `--sort -completed,label`; and which of the records are wanted."""

from collections.abc import Callable
from dataclasses import dataclass
from functools import wraps
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


def directed(text: str) -> tuple[str, int]:
    """A key and its direction: -1 for one after a `-`."""
    return text.removeprefix('-'), -1 if text.startswith('-') else 1


def signed(key: str, direction: int) -> str:
    """What `directed` reads as these."""
    return f'-{key}' if direction < 0 else key


def _sort_keys(ctx: click.Context, param: click.Parameter, value: tuple[str, ...]) -> list[tuple[str, int]]:
    pairs = [directed(name.removeprefix('+')) for name in key_list(ctx, param, value)]
    if not all(name for name, _ in pairs):
        raise click.BadParameter('takes keys, each after a - if it is to be descending, such as -completed,label')
    return pairs


@dataclass(frozen=True)
class Wanted:
    """What is wanted of the records that match: keys (none: those of the command), their order, and which of them."""

    keys: tuple[str, ...]
    sort: list[tuple[str, int]]
    limit: int | None
    """None if it is not given."""
    skip: int

    @property
    def options(self) -> dict[str, Any]:
        """The same as options of `find`, but for the keys."""
        return {'sort': self.sort or None, 'limit': self.limit, 'skip': self.skip}


def wanted_options(limit_help: str) -> Callable[[Command], Command]:
    """The options `--keys`, `--sort`, `--limit` and `--skip`, which a command gets as `wanted`."""
    options = (
        click.option(
            '--keys',
            multiple=True,
            metavar='KEYS',
            callback=key_list,
            shell_complete=complete_keys,
            help='What to print of a record: label,result_content.ename.',
        ),
        click.option(
            '--sort',
            multiple=True,
            metavar='KEYS',
            callback=_sort_keys,
            shell_complete=complete_keys,
            help='The order: -completed,label; - is descending.',
        ),
        click.option('--limit', type=click.IntRange(min=0), metavar='N', help=limit_help),
        click.option(
            '--skip', type=click.IntRange(min=0), default=0, metavar='N', help='Records to leave out at the beginning.'
        ),
    )

    def add(command: Command) -> Command:
        @wraps(command)
        def run(
            *args: Any,
            keys: tuple[str, ...],
            sort: list[tuple[str, int]],
            limit: int | None,
            skip: int,
            **others: Any,
        ) -> Any:
            return command(*args, wanted=Wanted(keys, sort, limit, skip), **others)

        for option in reversed(options):
            run = option(run)
        return run  # type: ignore[return-value]

    return add
