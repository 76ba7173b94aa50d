"""The reference of the command line, written from click's commands.

A class of its own and not the extension mkdocs-click, which (0.9.0) prints "Sentinel.UNSET" for each option without a default.
"""

import inspect
import textwrap
from collections.abc import Iterator

import click

from mqsql.cli import main


def commands() -> Iterator[str]:
    """A section for each command: its usage, its help, its options."""
    # With the settings that a call has: click keeps the help option that a command gets first.
    context = click.Context(main, info_name='mqsql', **main.context_settings)
    for name in main.list_commands(context):
        command = main.get_command(context, name)
        assert command is not None
        yield from _sections(command, click.Context(command, parent=context, info_name=name))


def _sections(command: click.Command, context: click.Context, level: int = 2) -> Iterator[str]:
    yield f'{"#" * level} {context.command_path}\n'
    yield f'```text title="Usage"\n{context.command_path} {" ".join(command.collect_usage_pieces(context))}\n```\n'
    yield from _help(command)
    if isinstance(command, click.Group):
        for name in command.list_commands(context):
            inner = command.get_command(context, name)
            assert inner is not None
            yield from _sections(inner, click.Context(inner, parent=context, info_name=name), level + 1)
    else:
        yield from _options(command, context)


def _help(command: click.Command) -> Iterator[str]:
    """The paragraphs of the help; those that click keeps as they are become blocks of code."""
    for paragraph in inspect.cleandoc(command.help or '').split('\n\n'):
        if not paragraph.startswith('\b\n'):
            yield f'{_escaped(paragraph)}\n'
            continue
        head, _, rest = paragraph[2:].partition('\n')
        is_titled = head.endswith(':')
        title = f' title="{head.removesuffix(":")}"' if is_titled else ''
        yield f'```text{title}\n{textwrap.dedent(rest if is_titled else paragraph[2:])}\n```\n'


def _options(command: click.Command, context: click.Context) -> Iterator[str]:
    yield '| option | |'
    yield '|---|---|'
    for parameter in command.params:
        record = parameter.get_help_record(context) if isinstance(parameter, click.Option) else None
        if record:
            names, text = record
            yield f'| `{_cell(names)}` | {_cell(_escaped(text))} |'
    yield ''


def _cell(text: str) -> str:
    return ' '.join(text.split()).replace('|', '\\|')


def _escaped(text: str) -> str:
    """Text of a terminal as Markdown: nothing in it is markup."""
    return text.replace('\\', '\\\\').replace('*', '\\*').replace('_', '\\_').replace('<', '&lt;').replace('[', '\\[')
