"""The table that the property tests draw records for: the tasks, with columns of the types that tasks do not have."""

from dataclasses import replace

from mqsql.schema import BOOLEAN, NUMBER, TASKS, Index

TABLE = replace(
    TASKS,
    columns={**TASKS.columns, 'score': NUMBER, 'loss': NUMBER, 'done': BOOLEAN},
    indexes=(*TASKS.indexes, Index(('score',)), Index(('done', 'loss'), (1, -1))),
)
