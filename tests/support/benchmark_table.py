"""Writes a table into README.md: `python tests/support/benchmark_table.py`.

It shows a part of the results that the benchmark wrote into bench/results.
"""

import sys
from pathlib import Path

from places_in_readme import README, placed

from bench.results import Report
from bench.table import table

RESULTS = Path(__file__).parents[2] / 'bench' / 'results' / 'results.json'

MARK = 'benchmark: tests/support/benchmark_table.py writes it'

CONTENDERS = 'limit mqsql mqsql-indexed ipyparallel-sqlite ipyparallel-dict neosqlite secantusdb'.split()
QUESTIONS = (
    'cycle get pending last_hour engines ids_500 latest status dates glob expr count_done history scan stream purge'
).split()


def written(text: str) -> str:
    """The text of README.md with the table as it should be."""
    report = Report.read(RESULTS)
    return placed(text, MARK, table(report, report.sizes[-1], CONTENDERS, QUESTIONS))


if __name__ == '__main__':
    README.write_text(written(README.read_text(encoding='utf-8')), encoding='utf-8', newline='\n')
    sys.stdout.write(f'wrote {README.name}\n')
