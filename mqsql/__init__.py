"""mqsql compiles MongoDB queries to SQL."""

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
from mqsql.schema import ANY, BOOLEAN, BUFFERS, DOCUMENT, NUMBER, STRING, TASKS, TIMESTAMP, Index, Table
from mqsql.storage import Store, open

__version__ = '0.1.0'

__all__ = [
    'ANY',
    'BOOLEAN',
    'BUFFERS',
    'DOCUMENT',
    'NUMBER',
    'STRING',
    'TASKS',
    'TIMESTAMP',
    'DuplicateRecordError',
    'Index',
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
