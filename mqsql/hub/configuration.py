"""The options of a hub's database, for its configuration file."""

from mqsql import hub


def config(database: str = 'SQLiteDB') -> str:
    """All options of a database as lines for ipcontroller_config.py, each with its help and commented out."""
    section = getattr(hub, database).class_config_section()
    return f"c.IPController.db_class = 'mqsql.hub.{database}'\n\n{section}"
