"""The corpus of telling queries, tests/compiler/cases.txt: reads and writes it. Helper of test_cases; run it to renew the SQL.

A case is a line `> arguments of mqsql.compile` under a heading `# group`, followed by the SQL, broken into lines for people,
and the parameters. `python tests/support/corpus.py` writes SQL and parameters again for the queries in the file.
"""

import re
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, NamedTuple

import mqsql

FILE = Path(__file__).parents[1] / 'compiler' / 'cases.txt'
WIDTH = 116
_NAMES = {'UTC': UTC, 'datetime': datetime, 're': re, 'inf': float('inf'), 'nan': float('nan')}
# A line begins before each of these words.
_BREAKS = re.compile(
    r' (?=(?:FROM task_records|WHERE|WHEN|ELSE|END|ORDER BY|LIMIT|OFFSET|AND \(|OR \(|OR CASE|AND CASE)\b)'
)


class Case(NamedTuple):
    """A query of the corpus as text, its group, and the SQL that the file shows for it."""

    group: str
    arguments: str
    text: str

    def call(self, function: Any) -> Any:
        """The function called with the case's arguments."""
        return eval(f'_function({self.arguments})', {'_function': function, **_NAMES})


def read() -> Iterator[Case]:
    """The cases, in the order of the file."""
    group = ''
    for block in FILE.read_text(encoding='utf-8').split('\n\n'):
        first, *rest = block.strip().splitlines()
        if first.startswith('# '):
            group = first[2:]
        if first.startswith('> '):
            yield Case(group, first[2:], '\n'.join(rest))


def show(query: mqsql.Query) -> str:
    """A compiled query as the file shows it."""
    lines = [piece for line in _BREAKS.split(query.sql) for piece in _folded(line)]
    return '\n'.join(lines + [f'  :{name} = {value!r}' for name, value in query.params.items()])


def _folded(line: str) -> Iterator[str]:
    """The line in pieces of at most WIDTH, cut at spaces, later pieces indented."""
    indent = ''
    while len(line) > WIDTH:
        cut = line.rfind(' ', 0, WIDTH)
        yield indent + line[:cut]
        line, indent = line[cut + 1 :], '    '
    yield indent + line


def write() -> None:
    """Renew the SQL of every case."""
    blocks = FILE.read_text(encoding='utf-8').strip().split('\n\n')
    FILE.write_text('\n\n'.join(map(_renewed, blocks)) + '\n', encoding='utf-8', newline='\n')


def _renewed(block: str) -> str:
    first = block.strip().splitlines()[0]
    if not first.startswith('> '):
        return block
    return f'{first}\n{show(Case("", first[2:], "").call(mqsql.compile))}'


if __name__ == '__main__':
    write()
