"""What patterns cost. Imports `mqsql` and what it searches for patterns with.

    python -m bench.patterns --rows 100000 --pairs 2000

Microseconds of processor time to look for a pattern in a row, compared with Python's `re`: by itself and as SQL's function,
with and without a deadline; for patterns of which each is used once; in threads. Then seconds of processor time until a pattern
that would take very long is stopped, and the longest of so many random patterns and texts, all under a deadline of a second.
"""

import argparse
import re
import sys
import time
from collections import Counter
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from random import Random

from rich import box
from rich.console import Console
from rich.markup import escape
from rich.table import Table

from bench import nasty
from mqsql import limits, patterns
from mqsql.errors import MqsqlError
from mqsql.functions import regex_matches

USUAL = ['user42', '^task 9', r'loss=0\.\d+,', '(?i)DONE$', '(foo|user1|bar).*loss', r'\w+@\w+\.org', '(a+)+$']
ENDLESS = [
    ('(a+)+$', 'a' * 40 + 'b'),
    ('(a+)+$', ('a' * 21 + 'b') * 1_000),
    ('^(?:a[^bc]*[bc]|a)*$', 'a' * 100_000),
    (r'(?:(a)|b)*\1$', 'ab' * 50_000),
    ('(?:[^b]*[bx])*[cd]', 'a' * 100_000),
    ('a.*b.*[cd]', 'ab' * 50_000),
    ('(x+x+)+y', 'x' * 100_000 + 'z'),
]
THREADS = 4

console = Console(highlight=False, width=None if sys.stdout.isatty() else 130)


def texts(number: int) -> list[str]:
    """Lines of a log."""
    return [f'task {i} of user{i % 100}: loss={i / 7:.4f}, done' for i in range(number)]


def per(number: int, work: Callable[[], object]) -> str:
    """Microseconds of processor time for each of so many; the best of three."""
    seconds = float('inf')
    for _ in range(3):
        start = time.process_time()
        work()
        seconds = min(seconds, time.process_time() - start)
    return f'{seconds / number * 1e6:.2f}'


def count(find: Callable[[str], object], lines: list[str]) -> int:
    """How many texts it is found in."""
    return sum(bool(find(line)) for line in lines)


def rows(number: int) -> Table:
    """One pattern on many texts."""
    table = Table('µs for a row', 're', 'by itself', 'in SQL', 'in SQL, with a deadline', box=box.SIMPLE)
    lines = texts(number)
    for source in USUAL:
        finds: list[Callable[[str], object]] = [re.compile(source).search, patterns.compile(source).found_in]
        finds.append(partial(regex_matches, ':label', source))
        if len({count(find, lines) for find in finds}) > 1:
            raise SystemExit(f'{source}: the answers differ')
        cells = [per(number, partial(count, find, lines)) for find in finds]
        with limits.deadline(1000):
            cells.append(per(number, partial(count, finds[-1], lines)))
        table.add_row(escape(source), *cells)
    return table


def once(number: int) -> Table:
    """Many patterns, each on one text: compiling is what takes time."""
    table = Table('µs for a pattern used once', '', box=box.SIMPLE)
    sources = [f'^(foo|user{i})+[a-z]{{3,5}} [0-9]+$' for i in range(number)]
    table.add_row('re', per(number, lambda: [re.compile(source).search('task 1') for source in sources]))
    table.add_row('PCRE2', per(number, lambda: [patterns.compile(source).found_in('task 1') for source in sources]))
    return table


def threads(number: int) -> Table:
    """The same pattern in several threads at once."""
    table = Table(f'µs for a row, {THREADS} threads', '', box=box.SIMPLE)
    parts = [texts(number)[i::THREADS] for i in range(THREADS)]
    finds: dict[str, Callable[[str], object]] = {
        're': re.compile(USUAL[0]).search,
        'PCRE2': patterns.compile(USUAL[0]).found_in,
    }
    with ThreadPoolExecutor(THREADS) as pool:
        for name, find in finds.items():
            table.add_row(name, per(number, partial(_in_threads, pool, partial(count, find), parts)))
    return table


def _in_threads(pool: ThreadPoolExecutor, work: Callable[[list[str]], int], parts: list[list[str]]) -> int:
    return sum(pool.map(work, parts))


def timed(source: str, options: str, text: str) -> tuple[float, str]:
    """Seconds of processor time under a deadline of a second, and what came of it."""
    start = time.thread_time()
    try:
        with limits.deadline(1):
            found = str(patterns.compile(source, options).found_in(text))
    except (MqsqlError, patterns.PatternError) as e:
        found = type(e).__name__
    return time.thread_time() - start, found


def endless() -> Table:
    """Patterns that would take very long."""
    table = Table('pattern', 'characters', 'seconds', '', box=box.SIMPLE)
    for source, text in ENDLESS:
        seconds, found = timed(source, '', text)
        table.add_row(escape(source), f'{len(text):,}', f'{seconds:.3f}', found)
    return table


def attack(pairs: int, seed: int) -> str:
    """Random patterns and texts; any exception but ours leaves this program."""
    tally: Counter[str] = Counter()
    slowest: tuple[float, str, int] = (0.0, '', 0)
    for i in range(pairs):
        r = Random(seed * 1_000_000 + i)
        (source, options), text = nasty.valid_pattern(r), nasty.text(r)
        seconds, found = timed(source, options, text)
        tally[found] += 1
        slowest = max(slowest, (seconds, source[:80], len(text)))
    return f'{pairs:,} pairs: {dict(tally)}; the slowest took {slowest[0]:.3f} s: {slowest[1]} on {slowest[2]:,} characters'


def main() -> None:
    """Run."""
    parser = argparse.ArgumentParser(description=str(__doc__).partition('.')[0])
    parser.add_argument('--rows', type=int, default=100_000)
    parser.add_argument('--patterns', type=int, default=10_000)
    parser.add_argument('--pairs', type=int, default=200, help='random patterns and texts')
    parser.add_argument('--seed', type=int, default=1)
    given = parser.parse_args()
    for table in (rows(given.rows), once(given.patterns), threads(given.rows), endless()):
        console.print(table)
    console.print(escape(attack(given.pairs, given.seed)))


if __name__ == '__main__':
    main()
