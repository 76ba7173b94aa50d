"""A report: one page with the totals, times, failures and the timeline of a history."""

from mqsql.analysis.documents import document_of
from mqsql.analysis.report.formats import plain
from mqsql.analysis.report.gathering import Watch, gathered
from mqsql.analysis.report.page import About, page
from mqsql.analysis.report.sections import MOST_FAILURES
from mqsql.analysis.report.survey import MOST_BARS
from mqsql.storage.base import Query, Store

__all__ = ['MOST_BARS', 'About', 'report']


def report(store: Store, query: Query, watch: Watch, about: About, most_bars: int = MOST_BARS) -> str:
    """The page on the tasks that match; `watch` gets the records and how many there are, and passes them on.

    At most `most_bars` tasks, those that ran the longest, are shown singly.
    """
    found = gathered(store, query, most_bars, watch)
    examples = [failure.example for failure in found.statistics.failures.by_count()[:MOST_FAILURES]]
    tracebacks = {example: _traceback(store, example) for example in examples}
    return page(found, tracebacks, about)


def _traceback(store: Store, msg_id: str) -> str:
    record = store.find_one({'msg_id': msg_id}, ['result_content.traceback'])
    lines = document_of(record, 'result_content').get('traceback') if record else None
    return '\n'.join(map(plain, lines)) if isinstance(lines, list) else ''
