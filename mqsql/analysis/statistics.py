"""The figures of a history, from one pass over a few columns: states, times, engines, clients, labels and failures."""

from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from mqsql.analysis.durations import Percentiles, percentiles, seconds_between
from mqsql.analysis.failures import FAILURE_KEYS, Failures
from mqsql.analysis.groups import Groups
from mqsql.analysis.labels import label_text
from mqsql.analysis.states import FAILED, STATE_KEYS, state_of
from mqsql.analysis.throughput import MOST_BUCKETS, Throughput
from mqsql.schema import Record

STATISTICS_KEYS = tuple(dict.fromkeys(('received', 'client_uuid', 'label', *STATE_KEYS, *FAILURE_KEYS)))
"""What `gather` needs of a record: `gather(store.find(query, STATISTICS_KEYS))`."""


@dataclass
class Statistics:
    """See the module. `first` and `last` are the first and the last time at which a task was submitted."""

    throughput: Throughput
    first: datetime | None = None
    last: datetime | None = None
    engines: Groups = field(default_factory=Groups)
    clients: Groups = field(default_factory=Groups)
    labels: Groups = field(default_factory=Groups)
    failures: Failures = field(default_factory=Failures)

    @property
    def states(self) -> Counter[str]:
        """How many tasks are in each state."""
        return sum((group.states for _, group in self.engines), Counter())

    @property
    def wait(self) -> Percentiles | None:
        """From the submission to the start."""
        return percentiles(*(group.waits for _, group in self.engines))

    @property
    def run(self) -> Percentiles | None:
        """From the start to the end."""
        return percentiles(*(group.runs for _, group in self.engines))

    @property
    def arrival(self) -> Percentiles | None:
        """From the end until the hub had the result."""
        return percentiles(*(group.arrivals for _, group in self.engines))


def gather(records: Iterable[Record], offset: timedelta = timedelta(0), buckets: int = MOST_BUCKETS) -> Statistics:
    """The figures of some tasks, of which STATISTICS_KEYS are known; none of the records is kept.

    Days and hours begin as they do at this offset from UTC; at most so many buckets count what ended when.
    """
    found = Statistics(Throughput(offset, buckets))
    for record in _with_span(records, found):
        state, started, completed = state_of(record), record['started'], record['completed']
        engine, label = found.engines[record['engine_uuid'] or None], found.labels[label_text(record['label'])]
        for group in (engine, label, found.clients[record['client_uuid']]):
            group.states[state] += 1
        if (wait := seconds_between(record['submitted'], started)) is not None:
            engine.waits.append(wait)
            label.waits.append(wait)
        if completed is None:
            continue
        found.throughput.add(completed, failed=state == FAILED)
        if (run := seconds_between(started, completed)) is not None:
            engine.runs.append(run)
            label.runs.append(run)
        if (arrival := seconds_between(completed, record['received'])) is not None:
            engine.arrivals.append(arrival)
        if state == FAILED:
            found.failures.add(record)
    return found


def _with_span(records: Iterable[Record], found: Statistics) -> Iterator[Record]:
    """The records, whose first and last submission are noted."""
    for record in records:
        submitted = record['submitted']
        if submitted is not None:
            if found.first is None or submitted < found.first:
                found.first = submitted
            if found.last is None or submitted > found.last:
                found.last = submitted
        yield record
