"""The queries of ipyparallel's documentation, word for word as the demo asks them (examples/demo.py)."""

import runpy
from pathlib import Path
from typing import Any

_DEMO = runpy.run_path(str(Path(__file__).parents[3] / 'examples' / 'demo.py'), run_name='demo')

PENDING, LAST_HOUR, OTHERS_BEFORE, RESULT_HEADERS, DIVIDED_BY_ZERO = _DEMO['QUESTIONS']


def answer(rc: Any, question: Any) -> list[dict[str, Any]]:
    """The records that a client gets for one of them."""
    found: list[dict[str, Any]] = _DEMO['run'](f'rc.db_query({question.query})', question.before, rc)
    return found


def ids(records: list[dict[str, Any]]) -> list[str]:
    """The names of these tasks, sorted."""
    return sorted(record['msg_id'] for record in records)
