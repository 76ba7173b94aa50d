"""`mqsql stats`: the figures of a history as a user reads them."""

import json
from datetime import timedelta
from pathlib import Path

import pytest
from cli_history import CLIENT, ENGINES, START, TASKS, failed, lines, pending, run, task, write_history
from mongo_servers import Place
from systems import in_zone, needs_tzset

import mqsql
from mqsql.cli.chart import bars
from mqsql.cli.figures import duration, share
from mqsql.cli.sizes import size_text
from mqsql.cli.stats_page import bucket_size


@pytest.fixture(scope='module')
def file(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write_history(tmp_path_factory.mktemp('history') / 'tasks.db')


@needs_tzset
def test_the_figures_fit_a_terminal(file: Path) -> None:
    with in_zone('Asia/Tokyo'):
        shown = lines('stats', file)
    assert [line.rstrip() for line in shown] == [
        '7 tasks, submitted 2026-11-23 05:15:00 to 2026-11-23 05:21:00',
        '',
        'state    tasks',
        'pending      1  14.3%',
        'running      1  14.3%',
        'done         1  14.3%',
        'failed       2  28.6%',
        'aborted      1  14.3%',
        'unknown      1  14.3%',
        '',
        'time     p50   p90   p99   max',
        'wait    1.0s  1.0s  1.0s  1.0s',
        'run     2.5s  2.5s  2.5s  2.5s',
        'return     -     -     -     -',
        '',
        'ended in 10 seconds  most: 1, from 2026-11-23 05:15:00',
        '██          ██                                  ██                      ██',
        '██          ██                                  ██                      ██',
        '██          ██                                  ██                      ██',
        '██          ██                                  ██                      ██',
        '            ██                                                          ██',
        'failed, most: 1',
        '2026-11-23 05:15:00                                    2026-11-23 05:21:10',
        '',
        'engine    tasks  failed  wait p50   p99  run p50   p90   p99   max',
        'aaaaaaaa      4       1      1.0s  1.0s     2.5s  2.5s  2.5s  2.5s',
        'none          2                 -     -        -     -     -     -',
        'bbbbbbbb      1       1      1.0s  1.0s     2.5s  2.5s  2.5s  2.5s',
        '',
        'client    tasks  pending  running  done  failed  aborted',
        'cccccccc      6        1        1     1       2        1',
        'none          1',
        '',
        'label          tasks  failed  wait p50   p99  run p50   p90   p99   max',
        'none               1                 -     -        -     -     -     -',
        '7                  1              1.0s  1.0s     2.5s  2.5s  2.5s  2.5s',
        '["b",{"n":1}]      1       1      1.0s  1.0s     2.5s  2.5s  2.5s  2.5s',
        'a/0                1              1.0s  1.0s     2.5s  2.5s  2.5s  2.5s',
        'a/1                1       1      1.0s  1.0s     2.5s  2.5s  2.5s  2.5s',
        'a/2                1                 -     -        -     -     -     -',
        'a/3                1                 -     -        -     -     -     -',
        '',
        'failures',
        '      1 KeyError: x',
        f'        such as {CLIENT}_10_1',
        '      1 ValueError: x',
        f'        such as {CLIENT}_10_6',
        '2 to resubmit: --ids prints their ids',
    ]
    assert max(map(len, shown)) <= 80


def test_json_has_all_figures(file: Path) -> None:
    done = run('stats', file, '--json')
    assert done.exit_code == 0
    found = json.loads(done.stdout)
    assert (found['tasks'], found['states']) == (
        7,
        {'pending': 1, 'running': 1, 'done': 1, 'failed': 2, 'aborted': 1, 'unknown': 1},
    )
    assert found['first_submitted'] == {'$date': '2026-11-22T20:15:00Z'}
    assert found['wait'] == {'count': 4, 'p50': 1.0, 'p90': 1.0, 'p99': 1.0, 'max': 1.0}
    assert found['return'] is None
    assert found['throughput']['bucket_seconds'] == 10
    assert sum(bucket['ended'] for bucket in found['throughput']['buckets']) == 4
    assert found['throughput']['buckets'][0] == {'start': {'$date': '2026-11-22T20:15:00Z'}, 'ended': 1, 'failed': 0}
    assert found['engines'][2] == {
        'engine_uuid': ENGINES[1],
        'tasks': 1,
        'states': {'pending': 0, 'running': 0, 'done': 0, 'failed': 1, 'aborted': 0, 'unknown': 0},
        'wait': {'count': 1, 'p50': 1.0, 'p90': 1.0, 'p99': 1.0, 'max': 1.0},
        'run': {'count': 1, 'p50': 2.5, 'p90': 2.5, 'p99': 2.5, 'max': 2.5},
    }
    assert [(client['client_uuid'], client['tasks']) for client in found['clients']] == [(CLIENT, 6), (None, 1)]
    assert found['failures'][0] == {
        'ename': 'KeyError',
        'count': 1,
        'example': f'{CLIENT}_10_1',
        'evalue': 'x',
        'resubmitted': 0,
        'ids': [f'{CLIENT}_10_1'],
    }


@pytest.mark.parametrize(
    ('words', 'states'),
    [
        (['--label', 'a/*'], {'done': 1, 'failed': 1, 'running': 1, 'pending': 1}),
        (['--engine', 'bbbb'], {'failed': 1}),
        (['--client', 'cccc', '--status', 'error'], {'failed': 2}),
        (['--since', '2026-11-22T20:17Z', '--until', '2026-11-22T20:19Z'], {'running': 1, 'pending': 1}),
        (['--pending'], {'running': 1, 'pending': 1, 'unknown': 1}),
    ],
)
def test_only_the_chosen_tasks_count(file: Path, words: list[str], states: dict[str, int]) -> None:
    found = json.loads(run('stats', file, '--json', *words).stdout)
    assert {state: number for state, number in found['states'].items() if number} == states


def test_the_ids_to_resubmit_are_lines(tmp_path: Path) -> None:
    tasks = [failed(1, 'A'), failed(2, 'B', resubmitted='x'), task(3), failed(4, 'A', label='b')]
    written = write_history(tmp_path / 'tasks.db', tasks)
    assert lines('stats', written, '--ids') == [f'{CLIENT}_10_1', f'{CLIENT}_10_4']
    assert lines('stats', written, '--ids', '--label', 'b') == [f'{CLIENT}_10_4']
    assert lines('stats', written)[-1] == '1 resubmitted; 2 to resubmit: --ids prints their ids'


def test_a_table_has_ten_rows_unless_told_otherwise(tmp_path: Path) -> None:
    written = write_history(tmp_path / 'tasks.db', [failed(i, f'E{i:02}') for i in range(13)])
    shown = lines('stats', written)
    assert shown.count('… 3 more; --top N shows N') == 2
    assert '      1 E09: x' in shown
    assert '      1 E10: x' not in shown
    shown = lines('stats', written, '--top', '20')
    assert '      1 E12: x' in shown
    assert not any('more; --top' in line for line in shown)


def test_an_empty_history_has_no_figures(tmp_path: Path) -> None:
    written = write_history(tmp_path / 'tasks.db', [])
    assert lines('stats', written) == ['0 tasks']
    assert lines('stats', written, '--ids') == []
    assert json.loads(run('stats', written, '--json').stdout)['throughput'] == {'bucket_seconds': 1, 'buckets': []}


def test_pending_tasks_alone_have_no_chart(tmp_path: Path) -> None:
    written = write_history(tmp_path / 'tasks.db', [pending(1)])
    assert not any('ended' in line for line in lines('stats', written))


def test_names_send_no_codes_to_the_terminal(tmp_path: Path) -> None:
    evil = '\x1b[2Jevil\x07'
    written = write_history(
        tmp_path / 'tasks.db', [failed(1, evil, label=evil, engine_uuid=evil, client_uuid=evil, msg_id=f'm{evil}')]
    )
    shown = '\n'.join(lines('stats', written))
    assert 'evil' in shown
    assert '\x1b' not in shown
    assert '\x07' not in shown


@pytest.mark.parametrize(
    ('words', 'status', 'said'),
    [
        (['FILE', '--ids', '--json'], 2, 'give --ids or --json, not both'),
        (['FILE', '--top', '0'], 2, "Invalid value for '--top'"),
        (['FILE', '--status', 'odd'], 2, "Invalid value for '--status'"),
        (['FILE', '--since', 'odd'], 2, "Invalid value for '--since'"),
        (['missing.db'], 1, 'missing.db: there is no such file'),
        (['FILE', 'more'], 2, 'unexpected extra argument'),
    ],
)
def test_wrong_input_is_named(file: Path, words: list[str], status: int, said: str) -> None:
    done = run('stats', *(str(file) if word == 'FILE' else word for word in words))
    assert (done.exit_code, done.stdout) == (status, '')
    assert said in done.stderr


@pytest.mark.parametrize('kind', ['duckdb', 'parquet'])
def test_every_kind_of_store_is_read(file: Path, tmp_path: Path, kind: str) -> None:
    with mqsql.open(file) as store:
        if kind == 'parquet':
            store.to_parquet(tmp_path / 'tasks.parquet')
        else:
            with mqsql.open(f'duckdb:{tmp_path}/tasks.duckdb') as other:
                other.add_records(TASKS)
    assert lines('stats', f'{kind}:{tmp_path}/tasks.{kind}') == lines('stats', file)


def test_a_collection_of_a_server_is_read(file: Path, secantus: Place) -> None:
    url = f'{secantus.url}/{secantus.database}.tasks'
    with mqsql.open(url) as store:
        store.add_records(TASKS)
    assert lines('stats', url) == lines('stats', file)
    assert lines('stats', url, '--ids') == lines('stats', file, '--ids')


def test_dates_at_the_ends_of_time_are_shown(tmp_path: Path) -> None:
    early, late = START.replace(year=1, month=1, day=1, hour=0), START.replace(year=9999, month=12, day=31, hour=23)
    tasks = [task(i, submitted=moment, started=moment, completed=moment) for i, moment in enumerate((early, late))]
    shown = lines('stats', write_history(tmp_path / 'tasks.db', tasks))
    assert shown[0].startswith('2 tasks, submitted ')
    assert any(line.startswith('ended in 93184 days') for line in shown)


# --- the parts


def test_a_chart_shows_eighths_of_a_line() -> None:
    assert list(bars([0, 1, 8, 16], 2)) == ['   █', ' ▁██']
    assert list(bars([1, 1000], 1, 2)) == ['▁▁██']
    assert list(bars([0, 0], 1)) == ['  ']


def test_figures_are_short() -> None:
    spans = [0, 0.0004, 0.85, 12.34, 245, 3 * 3600 + 20 * 60, 12 * 86400 + 4 * 3600, -3.2, None]
    assert [duration(seconds) for seconds in spans] == '0ms 0ms 850ms 12.3s 4m05s 3h20m 12d4h -3.2s -'.split()
    numbers = (0, 999, 1000, 123_456, 999_960, 5 * 10**9)
    assert [size_text(n) for n in numbers] == '0 B|999 B|1.0 kB|123.5 kB|1.0 MB|5.0 GB'.split('|')
    assert [share(*pair) for pair in ((0, 5), (1, 3), (1, 100_000), (99_999, 100_000), (3, 3))] == [
        *('', '33.3%', '0.1%', '99.9%', '100.0%'),
    ]
    sizes = [1, 30, 60, 600, 3600, 12 * 3600, 86400, 7 * 86400]
    names = 'a second|30 seconds|a minute|10 minutes|an hour|12 hours|a day|7 days'
    assert [bucket_size(seconds) for seconds in sizes] == names.split('|')


def test_the_time_of_a_task_without_clocks_in_step_is_negative(tmp_path: Path) -> None:
    written = write_history(tmp_path / 'tasks.db', [task(1, started=START, completed=START + timedelta(seconds=1))])
    assert 'wait    -1m00s  -1m00s  -1m00s  -1m00s' in lines('stats', written)
