"""The parts of pages that are written from the code. A page says where: `<!-- generated: NAME -->`.

A line of emphasis after that is for readers of the file itself, and not in the site.
"""

import re
from collections.abc import Callable, Iterator, Mapping

from docsite import ROOT
from docsite.commands import commands
from docsite.figures import figures
from docsite.options import options
from mqsql.storage.answers import IN_PLACE_OF_COLLECTIONS

_PLACE = re.compile(r'^<!-- generated: (\S+) -->\n(?:\*.*\*\n)?', re.MULTILINE)


def operators() -> Iterator[str]:
    """The section of README.md on operators, whose tables tests keep true."""
    readme = (ROOT / 'README.md').read_text(encoding='utf-8')
    section = readme.partition('\n## Operators\n')[2].partition('\nMore pages:\n')[0]
    if not section:
        raise ValueError('README.md has no section on operators that ends before its list of pages')
    return iter(section.splitlines())


def benchmark() -> Iterator[str]:
    """The table of README.md, which a test compares with the results."""
    readme = (ROOT / 'README.md').read_text(encoding='utf-8')
    table = readme.partition('<!-- benchmark:')[2].partition('<!-- end -->')[0].splitlines()[1:]
    if not table:
        raise ValueError('README.md has no table of the benchmark')
    return iter(table)


GROWTH = (
    'get',
    'last hour',
    'pending',
    'latest ten',
    'open',
    'open, a hub with limits',
    'memory to read all',
    'bytes for each record',
    'purge, the call',
)


def growth() -> Iterator[str]:
    """The rows of what `bench.growth` wrote that say how answers change."""
    for line in (ROOT / 'bench' / 'results' / 'growth.md').read_text(encoding='utf-8').splitlines():
        if line.split('|')[1].strip() in ('', '---', *GROWTH):
            yield line


def pymongo() -> Iterator[str]:
    """What is called otherwise than in pymongo."""
    yield '| pymongo | mqsql |'
    yield '|---|---|'
    for name, instead in IN_PLACE_OF_COLLECTIONS.items():
        code = re.sub(r'([a-z_]+\(.*?\))', r'`\1`', instead)
        yield f'| `{name}` | {code} |'


def types() -> Iterator[str]:
    """The types of columns, from README.md."""
    table = (ROOT / 'README.md').read_text(encoding='utf-8').partition('| type of column |')
    return iter((table[1] + table[2].partition('\n\n')[0]).splitlines())


PARTS: Mapping[str, Callable[[], Iterator[str]]] = {
    'benchmark': benchmark,
    'commands': commands,
    'figures': figures,
    'growth': growth,
    'operators': operators,
    'options': options,
    'pymongo': pymongo,
    'types': types,
}


def filled(text: str) -> str:
    """The text of a page with its generated parts; KeyError for one that does not exist."""
    return _PLACE.sub(lambda place: '\n'.join(PARTS[place[1]]()) + '\n', text)
