"""The task databases of an IPython Parallel hub: `SQLiteDB`, `MongoDB` and `DictDB`.

Each is imported when it is first used: they need ipyparallel, and one needs pymongo, which the rest of this package does not.
"""

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from mqsql.hub.configuration import config as config
    from mqsql.hub.dict_db import DictDB as DictDB
    from mqsql.hub.mongo_db import MongoDB as MongoDB
    from mqsql.hub.sqlite_db import SQLiteDB as SQLiteDB

DATABASES = {'SQLiteDB': 'sqlite_db', 'MongoDB': 'mongo_db', 'DictDB': 'dict_db'}
"""The module of each database."""

__all__ = ['DictDB', 'MongoDB', 'SQLiteDB', 'config']

_EXTRAS = {'bson': 'mongodb', 'pymongo': 'mongodb'} | dict.fromkeys(
    ('IPython', 'dateutil', 'ipyparallel', 'traitlets'), 'hub'
)
"""What installs a package."""


def __getattr__(name: str) -> Any:
    if name not in __all__:
        raise AttributeError(f'module {__name__!r} has no attribute {name!r}')
    try:
        return getattr(import_module(f'{__name__}.{DATABASES.get(name, "configuration")}'), name)
    except ModuleNotFoundError as e:
        package = str(e.name).partition('.')[0]
        if package not in _EXTRAS:
            raise
        raise ModuleNotFoundError(
            f"{package} is not installed; try: pip install 'mqsql[{_EXTRAS[package]}]'", name=e.name
        ) from e
