"""The tasks that a page shows singly, column by column."""

from array import array
from io import StringIO
from typing import Any

from mqsql.analysis.report.packing import pack, pack_text
from mqsql.analysis.report.survey import Survey
from mqsql.analysis.states import ABORTED, DONE, FAILED, RUNNING
from mqsql.analysis.timeline import TimedTask

STATES = (DONE, FAILED, ABORTED, RUNNING)
"""The states of tasks that ran, by number."""

LONGEST_TEXT = 120
"""Characters of a label that are kept."""
LINE_END = '\n'


class Bars:
    """Gathers tasks in the order of their start. Times are in units, so that 32 bits hold them."""

    def __init__(self, survey: Survey) -> None:
        self._first, self._shortest, self._ties = survey.first, survey.shortest, survey.ties
        self.unit = (survey.last - survey.first) // 0xFFFF_FFFF + 1
        """Microseconds."""
        self._starts, self._lengths = array('I'), array('I')
        self._rows, self._lanes, self._states = array('H'), array('H'), array('B')
        self._ids, self._labels, self._names = StringIO(), StringIO(), StringIO()
        self._before = 0

    def __len__(self) -> int:
        return len(self._starts)

    def add(self, task: TimedTask, start: int, end: int, row: int, lane: int) -> None:
        """Keep a task, if it is one of those to show."""
        if not self._wants(end - start):
            return
        place = (start - self._first) // self.unit
        self._starts.append(place - self._before)
        self._before = place
        self._lengths.append((end - start) // self.unit)
        self._rows.append(row)
        self._lanes.append(min(lane, 0xFFFF))
        self._states.append(STATES.index(task.state) if task.state in STATES else 0)
        self._ids.write(_line(task.msg_id))
        self._labels.write(_line(task.label))
        self._names.write(_line(task.ename))

    def _wants(self, length: int) -> bool:
        if length == self._shortest and self._ties:
            self._ties -= 1
            return True
        return length > self._shortest

    def packed(self) -> dict[str, Any]:
        """For the page."""
        return {
            'count': len(self),
            'unit': self.unit,
            'states': STATES,
            'starts': pack(self._starts),
            'lengths': pack(self._lengths),
            'rows': pack(self._rows),
            'lanes': pack(self._lanes),
            'ended': pack(self._states),
            'ids': pack_text(self._ids.getvalue()),
            'labels': pack_text(self._labels.getvalue()),
            'names': pack_text(self._names.getvalue()),
        }


def _line(text: str) -> str:
    cut = text[:LONGEST_TEXT]
    return f'{cut.replace(LINE_END, " ") if LINE_END in cut else cut}{LINE_END}'
