"""The results as tables in Markdown."""

from collections.abc import Iterator, Sequence
from statistics import median

from bench.contenders import LIMIT
from bench.measuring import ERROR, LEFT_OUT, OVER, WRONG
from bench.results import FILL, Report, Result

MEMORY = 'stream'
"""The question whose answer is not a time but an amount of memory."""

NOISY = 0.25
"""Noise of a ratio from which on it is marked."""


def page(report: Report) -> str:
    """All that a run has found."""
    return '\n'.join([*_page(report), ''])


def _page(report: Report) -> Iterator[str]:
    yield '# Benchmark'
    yield ''
    yield from _setting(report)
    for size in reversed(report.sizes):
        yield from ('', f'## {size:,} records', '')
        yield from table(report, size, report.contenders, list(report.questions))
        yield from _notes(report, size)


def _setting(report: Report) -> Iterator[str]:
    yield ', '.join(f'{what} {value}' for what, value in report.machine.items()) + '.'
    if report.packages:
        yield ', '.join(f'{name} {version}' for name, version in report.packages.items()) + '.'
    yield ''
    yield (
        'The limit is SQL written by hand, rows decoded to full records: the least time of a call. The other columns say how '
        'many times as long it took: the median of the quotients of rounds in turn. `~` marks those that are uncertain by more '
        f'than {NOISY:.0%}. WRONG is another answer than the right one; "too long" is over {report.patience:.0f} s, or sure to '
        'be by the times with fewer records.'
    )
    noises = [result.noise for result in report.results if result.noise]
    if noises:
        yield f'Of all quotients of more than two rounds, the middle one was uncertain by {median(noises):.0%}.'
    for name, why in report.left_out.items():
        yield f'{name} was left out: {why}.'


def table(report: Report, size: int, contenders: Sequence[str], questions: Sequence[str]) -> Iterator[str]:
    """The table for histories of one size, line by line."""
    yield f'| {" | ".join(["", *(report.titles[name] for name in contenders)])} |'
    yield f'|---|{"---:|" * len(contenders)}'
    filled = [report.find(size, name, FILL) for name in contenders]
    for question in questions:
        # Where the history could not be added, that is the answer to all questions.
        found = [report.find(size, r.contender, question) if r and r.measured else r for r in filled]
        if any(result for result in found):
            yield f'| {report.questions[question]} | {" | ".join(map(_cell, found))} |'
    if FILL not in questions and list(questions) == list(report.questions):
        yield f'| the whole history added, records/s | {" | ".join(map(_rate, filled))} |'


def _cell(result: Result | None) -> str:
    if result is None or not result.measured:
        return _failed(result)
    if result.question == MEMORY:
        figure = f'{result.bytes / 1e6:,.0f} MB' if result.bytes >= 1e6 else '< 1 MB'
    elif result.contender == LIMIT or not result.ratio:
        figure = _time(result.seconds)
    else:
        figure = ('~' if result.noise > NOISY else '') + _short(result.ratio)
    return f'WRONG {figure}' if result.status == WRONG else figure


def _failed(result: Result | None) -> str:
    if result is None or result.status == LEFT_OUT:
        return ''
    if result.status == OVER:
        return 'too long'
    return result.status.upper()


def _rate(result: Result | None) -> str:
    return f'{result.size / result.seconds:,.0f}' if result and result.measured else _failed(result)


def _time(seconds: float) -> str:
    number, unit = in_unit(seconds)
    return f'{_short(number)} {unit}'


def in_unit(seconds: float) -> tuple[float, str]:
    """A time in the unit that suits it."""
    unit, factor = next((pair for pair in (('s', 1.0), ('ms', 1e3)) if seconds * pair[1] >= 1), ('µs', 1e6))
    return seconds * factor, unit


def _short(number: float) -> str:
    return f'{number:,.0f}' if number >= 10 else f'{number:.1f}' if number >= 1 else f'{number:.2g}'


def _notes(report: Report, size: int) -> Iterator[str]:
    bad = [r for r in report.results if r.size == size and r.status in (WRONG, ERROR, OVER)]
    if bad:
        yield ''
    for result in bad:
        title = report.questions.get(result.question, 'adding the history')
        yield f'- {report.titles[result.contender]}, {title}: {result.status.upper()}, {_escaped(result.note)}'


def _escaped(text: str) -> str:
    return text.replace('|', r'\|').replace('<', r'\<')
