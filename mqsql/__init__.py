"""mqsql answers MongoDB queries over task records with SQL."""

from mqsql.compiler import Query, compile
from mqsql.errors import (
    DuplicateRecordError,
    MissingRecordError,
    MqsqlError,
    QueryError,
    RecordError,
    StorageError,
    UnknownNameError,
    UnsupportedError,
)
from mqsql.schema import TASKS, Table
from mqsql.storage import Store, open

__version__ = '0.1.0'

__all__ = [
    'TASKS',
    'DuplicateRecordError',
    'MissingRecordError',
    'MqsqlError',
    'Query',
    'QueryError',
    'RecordError',
    'StorageError',
    'Store',
    'Table',
    'UnknownNameError',
    'UnsupportedError',
    'compile',
    'open',
]
