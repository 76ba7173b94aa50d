"""How a notebook shows answers, stores and explanations: as HTML that has the colours of the page, light or dark.

What is shown is asked for itself, and briefly: an answer that is shown has not begun to be read.
"""

from collections.abc import Iterable, Mapping
from datetime import UTC, datetime
from html import escape
from itertools import chain
from time import monotonic
from typing import TYPE_CHECKING, Any

from mqsql.errors import MqsqlError, StorageError, cut, printable
from mqsql.schema import TASKS, Record

if TYPE_CHECKING:
    from mqsql.storage.answers import Answer
    from mqsql.storage.base import Explanation, Store

ROWS = 10
"""Records of an answer that are shown."""
COUNTED = 100_000
"""Records that are counted at most."""
SECONDS = 0.5
"""That the records may take, and that the count may take."""
SHOWN = 60
"""Characters of a value that are shown."""

_TABLE = 'style="border-collapse:collapse;color:inherit;background:none"'
_CELL = (
    'style="text-align:left;vertical-align:top;padding:2px 10px;border:0;white-space:nowrap;'
    'border-bottom:1px solid rgba(128,128,128,0.35);background:none;color:inherit"'
)
_TEXT = 'style="color:inherit;background:none;white-space:pre-wrap;margin:4px 0"'


# --- pieces of HTML


def _cells(tag: str, values: Iterable[str]) -> str:
    return ''.join(f'<{tag} {_CELL}>{escape(value)}</{tag}>' for value in values)


def _table(names: Iterable[str], rows: Iterable[Iterable[str]]) -> str:
    head = f'<thead><tr>{_cells("th", names)}</tr></thead>'
    body = ''.join(f'<tr>{_cells("td", row)}</tr>' for row in rows)
    return f'<div style="overflow-x:auto"><table {_TABLE}>{head}<tbody>{body}</tbody></table></div>'


def _pairs(pairs: Mapping[str, str]) -> str:
    rows = ''.join(f'<tr>{_cells("th", [name])}{_cells("td", [value])}</tr>' for name, value in pairs.items())
    return f'<table {_TABLE}><tbody>{rows}</tbody></table>'


def _line(text: str) -> str:
    return f'<div {_TEXT}>{escape(text)}</div>'


def _value(value: Any) -> str:
    """A value in a cell."""
    if value is None:
        return ''
    if isinstance(value, datetime):
        return value.astimezone(UTC).strftime('%Y-%m-%d %H:%M:%S.%f UTC')
    return cut(printable(value if isinstance(value, str) else repr(value)), SHOWN)


# --- answers


def answer_html(answer: 'Answer') -> str:
    """The first records of an answer, and how many there are."""
    if answer.begun:
        return _line(repr(answer))
    start = monotonic()
    try:
        with answer.asked.store.briefly(SECONDS):
            records = answer.asked.first(ROWS)
    except MqsqlError as e:
        late = monotonic() - start > SECONDS
        return _line(f'{answer.asked}: {f"its first records take longer than {SECONDS} s" if late else e}')
    names = dict.fromkeys(chain.from_iterable(records))
    rows = [[_value(record.get(name)) for name in names] for record in records]
    return _table(names, rows) + _line(_counted(answer, len(records))) if rows else _line('no records')


def _counted(answer: 'Answer', shown: int) -> str:
    """How many records there are, as far as that is known soon."""
    if shown < ROWS:
        return _records(shown)
    store, query, _, options = answer.asked
    given = {name: options[name] for name in ('skip', 'collation') if options.get(name)}
    limit = min(COUNTED + 1, options.get('limit') or COUNTED + 1)
    try:
        with store.briefly(SECONDS):
            number = store.count(query, limit=limit, **given)
    except StorageError:
        return f'the first {shown} records; there are more'
    return f'more than {COUNTED:,} records' if number > COUNTED else _records(number)


def _records(number: int) -> str:
    return '1 record' if number == 1 else f'{number:,} records'


# --- stores


def store_html(store: 'Store') -> str:
    """The file of a store, how large it is, and how many tasks are in each state."""
    pairs = {'store': store.name, 'table': store.table.name}
    if (size := store.size()) is not None:
        pairs['size'] = f'{size / 1e6:,.1f} MB'
    if store.closed:
        return _pairs({**pairs, 'state': 'closed'})
    counts = _STATES if store.table.name == TASKS.name and store.table.columns == TASKS.columns else {'records': {}}
    try:
        with store.briefly(SECONDS):
            return _pairs(pairs | {name: f'{store.count(query):,}' for name, query in counts.items()})
    except MqsqlError:
        return _pairs(pairs)


_STATES: Mapping[str, Record] = {
    'tasks': {},
    'waiting': {'started': None, 'completed': None},
    'running': {'started': {'$ne': None}, 'completed': None},
    'completed': {'completed': {'$ne': None}},
}
"""The states of tasks. The indexes on columns know them all; which have failed, the records alone say."""


# --- explanations


def explanation_html(explanation: 'Explanation') -> str:
    """The SQL with its parameters, the plan, and the indexes."""
    params = [f':{name} = {_value(value)}' for name, value in explanation.params.items()]
    shown = {
        'SQL': explanation.sql,
        'parameters': '\n'.join(params),
        'plan': '\n'.join(explanation.plan),
        'indexes': ', '.join(explanation.indexes) or 'none',
    }
    rows = ''.join(
        f'<tr>{_cells("th", [name])}<td {_CELL}><pre {_TEXT}>{escape(text)}</pre></td></tr>'
        for name, text in shown.items()
        if text
    )
    return f'<table {_TABLE}><tbody>{rows}</tbody></table>'
