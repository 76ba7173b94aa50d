"""`mqsql hub-config`."""

import click

from mqsql.hub import DATABASES


@click.command('hub-config')
@click.option(
    '--db', 'database', type=click.Choice(list(DATABASES)), default='SQLiteDB', show_default=True, help='The database.'
)
def hub_config(database: str) -> None:
    """Print all options of a database of the hub.

    The output belongs into ipcontroller_config.py; each option has its help and is commented out.

    \b
    Examples:
      mqsql hub-config
      mqsql hub-config --db MongoDB > options.py
    """
    from mqsql.hub.configuration import config

    try:
        click.echo(config(database))
    except ModuleNotFoundError as e:
        raise click.ClickException(str(e)) from e
