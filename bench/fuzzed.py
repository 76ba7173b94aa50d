"""Fuzzes other people's backends, and writes what is found into docs/fuzz.md.

    python -m bench.fuzzed --seconds 300                 # all of them
    python -m bench.fuzzed --seconds 300 neosqlite       # one; the tables of the others stay

A backend that is not installed is left out, and named.
"""

import argparse
import re
from pathlib import Path

from rich.console import Console

from mqsql.fuzzing.causes import Cause
from mqsql.fuzzing.describing import title
from mqsql.fuzzing.fuzzer import Options, Report, fuzz
from mqsql.fuzzing.steps import Find, Step
from mqsql.fuzzing.targets import TargetError, read_spec

PAGE = Path(__file__).parents[1] / 'docs' / 'fuzz.md'
BACKENDS = {
    'ipyparallel DictDB': 'ipyparallel.controller.dictdb:DictDB',
    'ipyparallel SQLiteDB': 'ipyparallel.controller.sqlitedb:SQLiteDB',
    'mongoeco': 'mongoeco',
    'mongomock': 'mongomock',
    'montydb': 'montydb',
    'neosqlite': 'neosqlite',
    'tinymongo': 'tinymongo',
}
LONGEST = 200
"""Characters of an example."""


def example(cause: Cause) -> str:
    """The smallest steps that show a defect, in one line."""
    text = '; '.join(map(_short, cause.fault.steps))
    text = text.replace('datetime.datetime', 'datetime').replace('datetime.timezone.utc', 'UTC')
    text = text.replace('datetime.timedelta', 'timedelta').replace('datetime.timezone', 'timezone')
    text = text if len(text) <= LONGEST else text[: LONGEST - 1] + '…'
    return f'`{text.replace("|", chr(92) + "|")}`'


def _short(step: Step) -> str:
    text = repr(step)
    if isinstance(step, Find):
        return text[len('Find(') : -1] if len(text) < LONGEST else text
    return text


def section(name: str, report: Report) -> str:
    """The table of a backend."""
    version = report.facts.version.rpartition(' ')[2]
    rows = [f'| {cause.category} | {title(cause)} | {example(cause)} |' for cause in report.causes]
    counts = f'{len(report.causes)} defects; {report.examples:,} answers compared, {report.wrong:,} wrong.'
    head = f'### {name} {version}\n\n{counts}\n\n'
    return head + '\n'.join(['| category | defect | smallest example |', '|---|---|---|', *rows]) + '\n'


def write(name: str, text: str) -> None:
    """Put the section of a backend into the page."""
    page = PAGE.read_text(encoding='utf-8')
    begin, end = f'<!-- {name} -->\n', f'<!-- end of {name} -->\n'
    before, _, rest = page.partition(begin)
    _, _, after = rest.partition(end)
    if not rest:
        raise SystemExit(f'{PAGE}: no {begin.strip()}')
    PAGE.write_text(f'{before}{begin}{text}{end}{after}', encoding='utf-8')


def main() -> None:
    """Fuzz, and write."""
    parser = argparse.ArgumentParser(description='Fuzz backends, and write docs/fuzz.md.')
    parser.add_argument('names', nargs='*', choices=[*map(_slug, BACKENDS), []], metavar='NAME', help='(all)')
    parser.add_argument('--seconds', type=float, default=300, help='for each (%(default)s)')
    parser.add_argument('--seed', type=int, default=1, help='(%(default)s)')
    given = parser.parse_args()
    for name, target in BACKENDS.items():
        if given.names and _slug(name) not in given.names:
            continue
        try:
            report = fuzz(read_spec(target), Options('find', None, given.seconds, given.seed))
            text = section(name, report)
        except TargetError as e:
            text = f'### {name}\n\nNot tried: {e}.\n'
        write(_slug(name), text)
        Console().print(text.split('\n')[0], text.split('\n')[2], markup=False)


def _slug(name: str) -> str:
    return re.sub(r'\W+', '-', name.lower())


if __name__ == '__main__':
    main()
