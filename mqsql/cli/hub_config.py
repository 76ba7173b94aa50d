"""`mqsql hub-config`."""

import click

HUB_PACKAGES = {'ipyparallel', 'IPython', 'traitlets'}


@click.command('hub-config')
def hub_config() -> None:
    """Print all options of the hub's database.

    The output belongs into ipcontroller_config.py; each option has its help and is commented out.
    """
    try:
        from mqsql.hub.database import config
    except ModuleNotFoundError as e:
        package = str(e.name).partition('.')[0]
        if package not in HUB_PACKAGES:
            raise
        raise click.ClickException(f"{package} is not installed; try: pip install 'mqsql[hub]'") from e
    click.echo(config())
