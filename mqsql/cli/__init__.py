"""The command line, `mqsql`: one module for each command.

A command imports what it runs when it runs, so that `--help` and mistakes in options are answered at once.
"""

import os
import sys
from typing import Any

import click

from mqsql.cli.backing_up import backup
from mqsql.cli.check import check
from mqsql.cli.compiling import sql
from mqsql.cli.counting import count
from mqsql.cli.different import distinct
from mqsql.cli.explaining import explain
from mqsql.cli.finding import find
from mqsql.cli.fuzz import fuzz
from mqsql.cli.hub_config import hub_config
from mqsql.cli.importing import import_
from mqsql.cli.indexes import index
from mqsql.cli.pruning import prune
from mqsql.cli.reporting import report
from mqsql.cli.show import show
from mqsql.cli.showing import errors_shown
from mqsql.cli.stats import stats
from mqsql.cli.tail import tail
from mqsql.cli.tracing import trace

SECTIONS: dict[str, tuple[click.Command, ...]] = {
    'Ask a history': (find, count, distinct, show, stats, tail, trace, report, sql, explain),
    'Keep a history': (import_, prune, backup, check, index),
    'Set up a hub': (hub_config,),
    'Try a backend': (fuzz,),
}
"""The commands by what they are for, in the order of the help."""

EPILOG = """\b
A history is named by a path or a URL, as mqsql.open takes it; without one,
the history of the running profile is read.

\b
The shell completes commands, options and names of keys after
  eval "$(_MQSQL_COMPLETE=bash_source mqsql)"             in ~/.bashrc
  eval "$(_MQSQL_COMPLETE=zsh_source mqsql)"              in ~/.zshrc
  _MQSQL_COMPLETE=fish_source mqsql | source              in config.fish
"""


class Sections(click.Group):
    """A group whose help lists commands in sections, and which knows what a mistyped one was to be."""

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        """See Group."""
        names = {command: name for name, command in self.commands.items()}
        width = max(map(len, names.values()), default=0)
        for title, commands in SECTIONS.items():
            room = formatter.width - width - 6
            rows = [(f'{names[command]:{width}}', command.get_short_help_str(room)) for command in commands]
            if rows:
                with formatter.section(title):
                    formatter.write_dl(rows)

    def make_context(self, *args: Any, **options: Any) -> click.Context:
        """See Group."""
        with errors_shown():  # --help prints here
            return super().make_context(*args, **options)

    def invoke(self, ctx: click.Context) -> object:
        """See Group. Errors that a command does not expect end it with one line, too, such as a full disk at its end."""
        _prepare_output()
        with errors_shown():
            result = super().invoke(ctx)
            sys.stdout.flush()
        return result

    def resolve_command(
        self, ctx: click.Context, args: list[str]
    ) -> tuple[str | None, click.Command | None, list[str]]:
        """See Group."""
        if args and self.get_command(ctx, args[0]) is None and not args[0].startswith('-'):
            from mqsql.errors import did_you_mean

            ctx.fail(did_you_mean('command', args[0], self.list_commands(ctx)))
        return super().resolve_command(ctx, args)


def _prepare_output() -> None:
    """Have no text fail that is printed: what the encoding of the output lacks is escaped; a closed output takes everything."""
    for name in ('stdout', 'stderr'):
        stream = getattr(sys, name)
        if stream is None:  # the shell closed it
            setattr(sys, name, open(os.devnull, 'w'))  # noqa: SIM115 - until the program ends
        elif stream.errors == 'strict' and hasattr(stream, 'reconfigure'):
            stream.reconfigure(errors='backslashreplace')


@click.group('mqsql', cls=Sections, epilog=EPILOG, context_settings={'help_option_names': ['-h', '--help']})
@click.version_option(package_name='mqsql')
def main() -> None:
    """MongoDB queries over task records, answered with SQL."""


for commands in SECTIONS.values():
    for command in commands:
        main.add_command(command)
