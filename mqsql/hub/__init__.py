"""The task database of an IPython Parallel hub.

`mqsql.hub.SQLiteDB` is imported when it is first used: it needs ipyparallel, which the rest of this package does not.
"""

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from mqsql.hub.database import SQLiteDB as SQLiteDB
    from mqsql.hub.database import config as config

__all__ = ['SQLiteDB', 'config']


def __getattr__(name: str) -> Any:
    if name not in __all__:
        raise AttributeError(f'module {__name__!r} has no attribute {name!r}')
    from mqsql.hub import database

    return getattr(database, name)
