"""Records: the types of columns, the tables and their indexes."""

from mqsql.schema.indexes import Index
from mqsql.schema.tasks import TASKS, Record, Table
from mqsql.schema.types import ANY, BOOLEAN, BUFFERS, DOCUMENT, NUMBER, STRING, TIMESTAMP, ColumnType

TEXT, Kind = STRING, ColumnType
"""The names that these had first."""

__all__ = [
    'ANY',
    'BOOLEAN',
    'BUFFERS',
    'DOCUMENT',
    'NUMBER',
    'STRING',
    'TASKS',
    'TEXT',
    'TIMESTAMP',
    'ColumnType',
    'Index',
    'Kind',
    'Record',
    'Table',
]
