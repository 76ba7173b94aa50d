"""The results as pictures, each as SVG and as PNG."""

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import matplotlib as mpl
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.lines import Line2D
from matplotlib.ticker import FuncFormatter

from bench.contenders import LIMIT
from bench.measuring import OVER, WRONG
from bench.results import Report
from bench.table import MEMORY, in_unit

STYLES: dict[str, dict[str, Any]] = {
    LIMIT: {'color': 'black', 'linestyle': (0, (4, 2)), 'linewidth': 1.4},
    'limit-indexed': {'color': 'black', 'linestyle': ':'},
    'limit-raw': {'color': '#888888', 'linestyle': ':'},
    'mqsql': {'color': '#1f5fbf', 'linewidth': 2.6, 'zorder': 5},
    'mqsql-interval': {'color': '#1f5fbf', 'linewidth': 1.8, 'linestyle': '--'},
    'mqsql-indexed': {'color': '#5fa8e8', 'linewidth': 1.8, 'zorder': 4},
    'mqsql-duckdb': {'color': '#00a0a0'},
    'mqsql-dict': {'color': '#7a5fd0'},
    'mqsql-mongodb': {'color': '#b08fe0', 'linestyle': '--'},
    'ipyparallel-sqlite': {'color': '#c62828', 'linewidth': 1.8},
    'ipyparallel-dict': {'color': '#ff8a65', 'linewidth': 1.8},
    'neosqlite': {'color': '#2e7d32'},
    'secantusdb': {'color': '#8d6e1f'},
    'mongomock': {'color': '#9e9d24'},
    'montydb': {'color': '#d81b9a'},
    'mongoeco': {'color': '#607d8b'},
    'tinymongo': {'color': '#a1887f'},
}
MARKER = 4.0
CHOSEN = ['pending', 'ids_500', 'status', 'latest', 'count_done', 'cycle']
"""The questions of the picture of a few."""

SHOWN = [
    'limit',
    'mqsql',
    'mqsql-dict',
    'ipyparallel-sqlite',
    'ipyparallel-dict',
    'neosqlite',
    'secantusdb',
    'mongomock',
]
"""Their contenders."""

SETTINGS: Any = {
    'font.size': 8,
    'figure.titlesize': 10,
    'axes.titlesize': 9,
    'axes.spines.top': False,
    'axes.spines.right': False,
    'axes.grid': True,
    'grid.color': '#e4e4e4',
    'legend.frameon': False,
    'svg.hashsalt': 'mqsql',  # the same file for the same results
    'svg.fonttype': 'none',
}


def draw(report: Report, directory: Path) -> list[Path]:
    """Draw all pictures of a run; their files."""
    # A question that took everybody too long has no time to show.
    measured = {result.question for result in report.results if result.measured}
    timed = [name for name in report.questions if name != MEMORY and name in measured]
    chosen = [name for name in CHOSEN if name in timed]
    shown = [name for name in SHOWN if name in report.contenders]
    with mpl.rc_context(SETTINGS):
        figures = {
            'questions': times(report, report.contenders, timed, columns=4) if timed else None,
            'few': times(report, shown, chosen, columns=3) if chosen else None,
            'cycle': cycles(report) if 'cycle' in timed else None,
            'memory': memory(report) if MEMORY in measured else None,
        }
        return [path for name, figure in figures.items() if figure for path in _save(figure, directory / name)]


def _save(figure: Figure, path: Path) -> list[Path]:
    paths = [path.with_suffix('.svg'), path.with_suffix('.png')]
    figure.savefig(paths[0], metadata={'Date': None})
    figure.savefig(paths[1], dpi=130)
    return paths


def times(report: Report, contenders: Sequence[str], questions: Sequence[str], *, columns: int) -> Figure:
    """Time against the size of the history, a panel for each question."""
    rows = -(-len(questions) // columns)
    figure = Figure(figsize=(2.9 * columns, 2.2 * rows + 0.9), layout='constrained')
    panels = figure.subplots(rows, columns, squeeze=False).flat
    for panel, question in zip(panels, questions, strict=False):
        _panel(panel, report, contenders, question)
    for panel in list(panels):
        panel.set_visible(False)
    for panel in figure.axes[len(questions) :]:
        panel.set_visible(False)
    figure.suptitle('Time of an answer against the number of records in the history', x=0.01, ha='left')
    _legend(figure, report, contenders, columns)
    return figure


def _legend(figure: Figure, report: Report, contenders: Sequence[str], columns: int) -> None:
    handles = [
        Line2D([], [], marker='o', markersize=MARKER, label=report.titles[name], **STYLES[name]) for name in contenders
    ]
    handles.append(
        Line2D([], [], linestyle='', marker='o', color='gray', markerfacecolor='white', label='wrong answer')
    )
    handles.append(Line2D([], [], linestyle='', marker='^', color='gray', label=f'over {report.patience:.0f} s'))
    figure.legend(handles=handles, loc='outside lower center', ncols=columns + 1)


def _panel(panel: Axes, report: Report, contenders: Sequence[str], question: str) -> None:
    panel.set_title(report.questions[question].replace('`', ''), loc='left')
    for name in contenders:
        found = sorted(report.of(name, question), key=lambda result: result.size)
        known = [result for result in found if result.measured]
        panel.plot([r.size for r in known], [r.seconds for r in known], **STYLES[name])
        for result in known:
            fill = 'white' if result.status == WRONG else STYLES[name]['color']
            options = {'color': STYLES[name]['color'], 'markerfacecolor': fill, 'zorder': STYLES[name].get('zorder', 3)}
            panel.plot([result.size], [result.seconds], marker='o', markersize=MARKER, **options)
        over = [result.size for result in found if result.status == OVER]
        height = [0.97 - 0.05 * list(contenders).index(name) / len(contenders)] * len(over)
        panel.plot(
            over, height, linestyle='', marker='^', color=STYLES[name]['color'], transform=panel.get_xaxis_transform()
        )
    panel.set_xscale('log')
    panel.set_yscale('log')
    panel.set_xticks(report.sizes, [_size(size) for size in report.sizes])
    panel.minorticks_off()
    panel.yaxis.set_major_formatter(FuncFormatter(lambda seconds, _: _time(float(seconds))))


def _time(seconds: float) -> str:
    number, unit = in_unit(seconds)
    return f'{number:g} {unit}'


def _size(size: int) -> str:
    for unit, factor in (('M', 1_000_000), ('k', 1_000)):
        if size >= factor:
            return f'{size / factor:g}{unit}'
    return str(size)


def cycles(report: Report) -> Figure:
    """How many tasks a hub can record in a second, with the longest history."""
    size = report.sizes[-1]
    known = [(name, report.find(size, name, 'cycle')) for name in reversed(report.contenders)]
    bars = [(name, 1 / result.seconds, result.status) for name, result in known if result and result.measured]
    figure = Figure(figsize=(7, 0.28 * len(bars) + 1.2), layout='constrained')
    panel = figure.subplots()
    panel.grid(visible=False)
    for name, rate, status in bars:
        title = report.titles[name] + (' (wrong)' if status == WRONG else '')
        bar = panel.barh(title, rate, color=STYLES[name]['color'], alpha=0.4 if status == WRONG else 1)
        panel.bar_label(bar, [f'{rate:,.0f}' if rate >= 10 else f'{rate:.1g}'], padding=3)
    panel.set_xscale('log')
    panel.minorticks_off()
    panel.xaxis.set_major_formatter(FuncFormatter(lambda rate, _: f'{rate:,g}'))
    panel.set_title(f'Tasks in a second that a hub can record: history of {size:,}', loc='left')
    return figure


def memory(report: Report) -> Figure:
    """By how much the memory grows while all records are read and none is kept."""
    figure = Figure(figsize=(7, 4), layout='constrained')
    panel = figure.subplots()
    for name in report.contenders:
        found = sorted((r for r in report.of(name, MEMORY) if r.measured), key=lambda result: result.size)
        panel.plot(
            [r.size for r in found],
            [max(r.bytes / 1e6, 1) for r in found],
            marker='o',
            markersize=MARKER,
            **STYLES[name],
        )
    panel.set_xscale('log')
    panel.set_yscale('log')
    panel.set_xticks(report.sizes, [_size(size) for size in report.sizes])
    panel.minorticks_off()
    panel.yaxis.set_major_formatter(FuncFormatter(lambda size, _: f'{size:,g} MB'))
    panel.set_title(
        'Memory that it takes to read all records and keep none, against the size of the history', loc='left'
    )
    _legend_of_memory(figure, report)
    return figure


def _legend_of_memory(figure: Figure, report: Report) -> None:
    handles = [Line2D([], [], label=report.titles[name], **STYLES[name]) for name in report.contenders]
    figure.legend(handles=handles, loc='outside right center')
