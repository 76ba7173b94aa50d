"""`mqsql fuzz`."""

from importlib import import_module
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from mqsql.cli.output import console, json_option, print_json
from mqsql.cli.showing import errors_shown

if TYPE_CHECKING:
    from rich.progress import Progress, TaskID

    from mqsql.fuzzing.causes import Cause
    from mqsql.fuzzing.fuzzer import Options, Report

EXAMPLES = 10_000


@click.command('fuzz')
@click.argument('target', required=False)
@click.option('--command', metavar='PROGRAM', help='Try a program that speaks JSON lines, in place of TARGET.')
@click.option(
    '--language',
    type=click.Choice(['documented', 'find', 'full']),
    default='find',
    show_default=True,
    help='Queries that IPython Parallel documents; of MongoDB; with $expr and $jsonSchema, too.',
)
@click.option('--examples', type=click.IntRange(1), help=f'Stop after so many answers.  [default: {EXAMPLES:,}]')
@click.option('--seconds', type=click.FloatRange(0, min_open=True), help='Stop after so many seconds.')
@click.option('--seed', type=click.IntRange(0), default=1, show_default=True, help='Same seed, same findings.')
@click.option(
    '--writes/--no-writes',
    default=None,
    help='Change the records all the time, or never.  [default: one time in four]',
)
@click.option(
    '--timeout',
    type=click.FloatRange(0, min_open=True),
    default=10.0,
    show_default=True,
    help='Seconds that a call may take.',
)
@json_option
@click.option('-o', '--output', type=click.Path(dir_okay=False, path_type=Path), help='Write the defects as tests.')
def fuzz(
    target: str | None,
    command: str | None,
    language: str,
    examples: int | None,
    seconds: float | None,
    seed: int,
    writes: bool | None,
    timeout: float,
    as_json: bool,
    output: Path | None,
) -> None:
    """Find the defects of a backend, by comparing its answers with MongoDB's.

    Records and queries are drawn; each distinct defect is reported once, with the
    smallest records and query that show it, what MongoDB would answer, what came,
    and a test. Nothing but what is drawn is read or changed.

    \b
    TARGET is one of
      module:Class      a class with the methods that a hub calls
      module:function   a function that makes such an object, or one with
                        pymongo's methods (insert_many, find); it may take the
                        directory for its files. file.py:function works, too
      mongomock         or montydb, neosqlite, tinymongo, mongoeco
      URL               what mqsql.open takes: a path, duckdb:path, dict:, …;
                        a file that does not exist yet

    \b
    Examples:
      mqsql fuzz ipyparallel.controller.dictdb:DictDB
      mqsql fuzz mongomock --seconds 60 -o test_defects.py
      mqsql fuzz tests/backends.py:make_collection --writes
      mqsql fuzz --command 'node backend.js' --json

    \b
    The PROGRAM gets one request a line, and answers each with one line:
      {"op": "begin"}                             {"can": ["delete", "index"]}
      {"op": "insert", "records": [{"_id": …}]}   {}
      {"op": "find", "query": {"a": {"$gt": 5}}}  {"records": [{"_id": …}]}
    A request that fails has the reply {"error": "why"}. The values are MongoDB's
    Extended JSON; docs/fuzz.md has all requests.

    The exit status is 1 if there are defects, 0 if not.
    """
    options = _options(language, examples, seconds, seed, writes, timeout)
    with errors_shown():
        report = _run(target, command, options)
        if output is not None:
            from mqsql.fuzzing.reproducing import written_module

            output.write_text(written_module(report), encoding='utf-8')
    if as_json:
        print_json(_json(report))
    else:
        _show(report, output)
    if report.causes:
        raise SystemExit(1)


def _options(
    language: str, examples: int | None, seconds: float | None, seed: int, writes: bool | None, timeout: float
) -> 'Options':
    try:
        import_module('mqsql.testing')  # which says what to install if Hypothesis is not there
        from mqsql.fuzzing.fuzzer import Options
    except ImportError as e:
        raise click.ClickException(str(e)) from e
    most = EXAMPLES if examples is None and seconds is None else examples
    return Options(language, most, seconds, seed, writes, timeout)


def _run(target: str | None, command: str | None, options: 'Options') -> 'Report':
    from mqsql.fuzzing.fuzzer import fuzz as search
    from mqsql.fuzzing.targets import TargetError, read_spec

    try:
        with _bar() as progress:
            shown = _Shown(progress, options)
            return search(read_spec(target, command), options, shown.tell)
    except TargetError as e:
        raise click.UsageError(str(e)) from e


def _bar() -> 'Progress':
    from rich.console import Console
    from rich.progress import BarColumn, Progress, TextColumn, TimeElapsedColumn

    to = Console(stderr=True)
    columns = TextColumn('{task.description}'), BarColumn(), TextColumn('{task.fields[said]}'), TimeElapsedColumn()
    return Progress(*columns, console=to, disable=not to.is_terminal, transient=True)


class _Shown:
    """The progress of a search, on a bar."""

    def __init__(self, progress: 'Progress', options: 'Options') -> None:
        self._progress, self._options = progress, options
        self._task: TaskID = progress.add_task('Comparing', total=1.0, said='')

    def tell(self, report: 'Report') -> None:
        """Show how far it is."""
        parts = [0.0]
        if self._options.examples:
            parts.append(report.examples / self._options.examples)
        if self._options.seconds:
            parts.append(report.seconds / self._options.seconds)
        said = f'answers: {report.examples:,}, defects: {len(report.causes)}'
        self._progress.update(self._task, completed=min(1.0, max(parts)), said=said)


def _json(report: 'Report') -> dict[str, Any]:
    from mqsql.fuzzing.describing import defect_json
    from mqsql.fuzzing.reproducing import written_test

    tests = [written_test(cause, report.facts, i) for i, cause in enumerate(report.causes, 1)]
    return {
        'target': report.target,
        'version': report.facts.version,
        'language': report.options.language,
        'seed': report.options.seed,
        'answers': report.examples,
        'wrong': report.wrong,
        'seconds': round(report.seconds, 1),
        'defects': [defect_json(cause, report.facts, test) for cause, test in zip(report.causes, tests, strict=True)],
    }


def _show(report: 'Report', output: Path | None) -> None:
    out = console()
    for i, cause in enumerate(report.causes, 1):
        _show_defect(report, cause, i)
    found = f'{len(report.causes)} defects' if len(report.causes) != 1 else '1 defect'
    name = ', '.join(part for part in (report.target, report.facts.version) if part)
    out.print(f'{name}: {found if report.causes else "no defect found"}', style='bold', markup=False)
    out.print(
        f'answers compared: {report.examples:,}; wrong: {report.wrong:,}; seconds: {report.seconds:.0f}; '
        f'language: {report.options.language}; seed: {report.options.seed}',
        markup=False,
    )
    if output is not None:
        out.print(f'tests: {output}', markup=False)


def _show_defect(report: 'Report', cause: 'Cause', number: int) -> None:
    from rich.padding import Padding
    from rich.syntax import Syntax

    from mqsql.fuzzing.describing import title
    from mqsql.fuzzing.reproducing import written_test

    out = console()
    out.print(f'{number}. {cause.category}: {title(cause)}', style='bold red', markup=False)
    test = written_test(cause, report.facts, number, titled=False).strip()
    code = Syntax(test, 'python', theme='ansi_dark', background_color='default', word_wrap=True)
    out.print(Padding(code, (0, 0, 1, 3)))
