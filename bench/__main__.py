"""The benchmark: mqsql, what else a user could pick, and the limit.

    python -m bench --records 1000000 --seconds 1200 --out results
    python -m bench compare OLD NEW

It writes results.json, results.md and pictures. It needs a POSIX system and `pip install '.[bench]'`.
"""

import signal
import sys
from pathlib import Path

import click
from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn

from bench import compare as comparing
from bench import pictures
from bench.contenders import CONTENDERS, LIMIT
from bench.data import History
from bench.measuring import ERROR, WRONG
from bench.questions import Facts, questions
from bench.results import Report
from bench.run import Plan, run, sizes
from bench.table import page

console = Console(highlight=False, width=None if sys.stdout.isatty() else 130)

ASKED = list(questions(Facts.of(History(1, 1)), every=True))


@click.group(invoke_without_command=True)
@click.option(
    '--records', default=100_000, show_default=True, type=click.IntRange(min=1), help='Of the largest history.'
)
@click.option('--contenders', multiple=True, type=click.Choice([*CONTENDERS]), help='May be repeated. Default: all.')
@click.option('--questions', 'asked', multiple=True, type=click.Choice(ASKED), help='May be repeated. Default: all.')
@click.option('--seconds', default=240.0, show_default=True, help='For all rounds, without filling the databases.')
@click.option('--patience', default=60.0, show_default=True, help='Seconds that one answer may take.')
@click.option('--seed', default=1, show_default=True, help='Of the histories.')
@click.option('--out', default='bench-results', type=click.Path(path_type=Path), show_default=True, help='A directory.')
@click.option(
    '--cache', default='.bench', type=click.Path(path_type=Path), show_default=True, help='For right answers.'
)
@click.pass_context
def main(
    context: click.Context,
    records: int,
    contenders: tuple[str, ...],
    asked: tuple[str, ...],
    seconds: float,
    patience: float,
    seed: int,
    out: Path,
    cache: Path,
) -> None:
    """Compare mqsql with what else a user could pick, and with SQL written by hand.

    Histories of 1,000 records and more, by powers of ten, up to --records are made, and put into each database. Every answer is
    compared with the right one.
    """
    if context.invoked_subcommand is not None:
        return
    # Or the workers and their servers would outlive it.
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(1))
    plan = Plan(sizes(records), list(contenders or CONTENDERS), asked, seed, seconds, patience, cache)
    out.mkdir(parents=True, exist_ok=True)
    report = watched(plan, out / 'results.json')
    report.write(out / 'results.json')
    render(report, out)


def watched(plan: Plan, path: Path) -> Report:
    """Run a plan, show how far it is, and keep what there is."""
    columns = BarColumn(), MofNCompleteColumn(), TimeElapsedColumn(), TextColumn('{task.description}')
    total = len(plan.sizes) * len([name for name in plan.contenders if name != LIMIT])
    with Progress(*columns, console=console) as progress:
        task = progress.add_task('', total=total)
        plan.say = lambda what, steps: progress.update(task, advance=steps, description=what or None)
        return run(plan, lambda report: report.write(path))


def render(report: Report, out: Path) -> None:
    """Write the page and the pictures, and say what was wrong."""
    (out / 'results.md').write_text(page(report), encoding='utf-8')
    files = pictures.draw(report, out)
    for result in report.results:
        if result.status in (WRONG, ERROR):
            console.print(
                f'{result.status.upper():6}{result.size:>11,} {result.contender}, {result.question}: {result.note}'
            )
    for name, why in report.left_out.items():
        console.print(f'{name} was left out: {why}')
    console.print(f'Wrote results.json, results.md and {len(files)} pictures into {out}.')


@main.command()
@click.argument('old', type=click.Path(exists=True, path_type=Path))
@click.argument('new', type=click.Path(exists=True, path_type=Path))
@click.option('--all', 'every', is_flag=True, help='Also what did not change beyond the noise.')
def compare(old: Path, new: Path, every: bool) -> None:
    """Show what changed between two files of results, by the ratios to the limit."""
    console.print(comparing.table(Report.read(old), Report.read(new), every=every))


@main.command()
@click.argument('results', type=click.Path(exists=True, path_type=Path))
def show(results: Path) -> None:
    """Write the page and the pictures again, beside a file of results, also that of a run which was stopped."""
    render(Report.read(results), results.parent)


if __name__ == '__main__':
    main()
