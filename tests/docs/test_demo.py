"""The demo, as `make demo` runs it: it says what it promises, and leaves nothing running and nothing behind."""

import os
import subprocess
import sys
from pathlib import Path

import psutil  # type: ignore[import-untyped]
import pytest

DEMO = Path(__file__).parents[2] / 'examples' / 'demo.py'


@pytest.mark.hub
def test_demo(tmp_path: Path) -> None:
    environment = {**os.environ, 'TMPDIR': str(tmp_path), 'NO_COLOR': '1'}
    done = subprocess.run([sys.executable, str(DEMO)], env=environment, capture_output=True, text=True, timeout=540)
    assert done.returncode == 0, done.stderr
    said = ' '.join(done.stdout.split())
    for text in (
        'still running',
        "rc.db_query({'complete': None}, keys=['msg_id', 'started'])",
        'WHERE completed IS NULL',
        "{'started': {'$gte': hourago}, 'client_uuid': rc.session.session}",
        "{'started': {'$le': hourago}, 'client_uuid': {'$ne': rc.session.session}}",
        'yesterday_1 nightly',
        'uuids = map(rc._engines.get, (0, 1))',
        'evalue: division by zero',
        'rc.hub_history() 13 tasks: yesterday_0',
        "[9], having printed 'the square of 3 is 9\\n'",
        'indexes: completed_1_msg_id_1_started_1',
        '13 records in',
    ):
        assert text in said
    assert list(tmp_path.iterdir()) == []
    assert [p for p in psutil.process_iter(['cmdline']) if str(tmp_path) in ' '.join(p.info['cmdline'] or ())] == []
