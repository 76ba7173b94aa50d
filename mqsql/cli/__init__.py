"""The command line, `mqsql`: one module for each command.

A command imports what it runs when it runs, so that `--help` and mistakes in options are answered at once.
"""

import click

from mqsql.cli.check import check
from mqsql.cli.hub_config import hub_config
from mqsql.cli.importing import import_


@click.group('mqsql', context_settings={'help_option_names': ['-h', '--help']})
@click.version_option(package_name='mqsql')
def main() -> None:
    """MongoDB queries over task records, answered with SQL."""


for command in (hub_config, import_, check):
    main.add_command(command)
