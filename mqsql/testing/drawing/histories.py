"""Task records as a hub has them: pending, running, done or failed, with a few clients, engines and labels."""

from typing import Any

from hypothesis import strategies as st

from mqsql.schema import DOCUMENT, TIMESTAMP, Record, Table
from mqsql.testing.drawing.draws import Draws
from mqsql.testing.drawing.records import key_of_record
from mqsql.testing.drawing.scope import Scope

OF_ENGINES = frozenset({'engine_uuid', 'started', 'execute_input', 'stdout', 'stderr', 'display_data'})
OF_RESULTS = frozenset(
    {'completed', 'received', 'result_header', 'result_metadata', 'result_content', 'result_buffers', 'execute_result'}
)

NOT_YET = {
    'pending': OF_ENGINES | OF_RESULTS | {'error'},
    'running': OF_RESULTS | {'error'},
    'done': frozenset({'error'}),
    'failed': frozenset({'execute_result'}),
}
"""The states of a task, and the columns that have no value there."""

MOST_COLUMNS = 8

ERROR = {'ename': 'ZeroDivisionError', 'evalue': 'division by zero', 'traceback': ['line 1', 'line 2']}

TYPICAL: dict[str, list[Any]] = {
    'client_uuid': ['client-1', 'client-2'],
    'engine_uuid': ['engine-1', 'engine-2', 'engine-3'],
    'resubmitted': ['m1', 'm2'],
    'queue': ['task', 'mux'],
    'label': ['a/1', 'a/2', 'b/1', 'b'],
    'header': [{'msg_type': 'apply_request', 'username': 'a'}, {'msg_type': 'execute_request', 'username': 'b'}],
    'metadata': [{}, {'targets': [0, 1], 'retries': 2}],
    'result_header': [{'msg_type': 'apply_reply', 'engine': 'engine-1'}],
    'result_metadata': [{'status': 'ok', 'dependencies_met': True}],
    'result_content': [{'status': 'ok'}, {'status': 'error', **ERROR}],
    'error': [ERROR],
    'execute_input': ['1 + 1', 'print(1)'],
    'execute_result': [{'data': {'text/plain': '2'}, 'execution_count': 1}],
    'display_data': [{'data': {'text/plain': '2'}}],
    'stdout': ['', 'line 1\n', 'line 1\nline 2\n'],
    'stderr': ['', 'warning\n'],
}
"""What the columns of tasks hold, by name."""


OF_TEXTS = frozenset({'label'})
"""Columns of any type that usually hold texts."""


def some_columns(d: Draws, table: Table) -> list[str]:
    """A few columns, which all records of a history have in common: many slow shrinking down, and find nothing more."""
    kinds = {column: kind for column, kind in table.columns.items() if column != table.key}
    moments = [column for column, kind in kinds.items() if kind is TIMESTAMP]
    documents = [column for column, kind in kinds.items() if kind is DOCUMENT]
    others = [column for column in kinds if column not in (*moments, *documents)]
    groups = [group for group in (moments, others, documents) if group]
    chosen = set(d.several(1, MOST_COLUMNS, lambda: d.pick(d.pick(groups)))) if groups else set()
    return [column for column in kinds if column in chosen]


def task(d: Draws, scope: Scope, columns: list[str]) -> Record:
    """A record with values for some of the columns; shrinks to one with fewer."""
    absent = NOT_YET[d.pick(list(NOT_YET))]
    here = [column for column in columns if column not in absent and d.pick(range(3))]
    return {scope.table.key: key_of_record(d, scope), **{column: column_value(d, scope, column) for column in here}}


def column_value(d: Draws, scope: Scope, column: str) -> Any:
    """A value of a column: one that is typical of tasks, or any that its type holds."""
    typical = TYPICAL.get(column, [])
    if typical and not d.once_in(3):
        return d.pick(typical)
    if column in OF_TEXTS and not scope.values.odd:
        return d.draw(scope.values.texts)
    return d.draw(scope.values.by_kind[scope.table.columns[column]])


def history(d: Draws, scope: Scope, least: int = 0, most: int = 8) -> list[Record]:
    """About so many records with different ids."""
    columns = some_columns(d, scope.table)
    drawn = d.several(least, most, lambda: task(d, scope, columns))
    return list({one[scope.table.key]: one for one in drawn}.values())


def changes(d: Draws, scope: Scope, columns: list[str]) -> Record:
    """Values for a few of the columns, None among them, by which a record may be updated."""
    chosen = d.several(1, 3, lambda: d.pick(columns)) if columns else []
    return {column: None if d.once_in(4) else column_value(d, scope, column) for column in chosen}


@st.composite
def updates(draw: st.DrawFn, scope: Scope, columns: list[str]) -> Record:
    """What `changes` draws."""
    return changes(Draws(draw), scope, columns)
