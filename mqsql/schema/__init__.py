"""Records: the kinds of column, the tables, and how values are stored."""

from mqsql.schema.indexes import Index
from mqsql.schema.tasks import TASKS, Record, Table
from mqsql.schema.types import ANY, BUFFERS, DOCUMENT, TEXT, TIMESTAMP, Kind

__all__ = ['ANY', 'BUFFERS', 'DOCUMENT', 'TASKS', 'TEXT', 'TIMESTAMP', 'Index', 'Kind', 'Record', 'Table']
