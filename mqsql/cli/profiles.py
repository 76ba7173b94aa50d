"""Finds the history of the profile whose cluster is running.

A cluster of IPython Parallel (9.2) leaves signs in `profile_NAME/security` while it runs:

    cluster-ID.json               by ipcluster and Cluster, with the process id of a local controller
    ipcontroller-ID-client.json   by every controller, with the port of its hub; a killed controller leaves it behind
"""

import json
import os
import socket
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

NAME = 'tasks.db'
"""The file of the hub's SQLiteDB in the directory of a profile."""

PATIENCE = 0.3
"""Seconds to wait for a hub that should answer at once, as it is on this machine."""


def ipython_directory() -> Path:
    """Where IPython keeps its profiles: IPYTHONDIR, or `~/.ipython`."""
    return Path(os.environ.get('IPYTHONDIR') or '~/.ipython').expanduser()


def profile_names() -> list[str]:
    """The profiles that there are."""
    return sorted(path.name.removeprefix('profile_') for path in ipython_directory().glob('profile_*') if path.is_dir())


def profile_directory(name: str) -> Path:
    """The directory of a profile."""
    return ipython_directory() / f'profile_{name}'


def histories() -> list[Path]:
    """The files of all profiles that have one, the last written first."""
    found = [path for path in ipython_directory().glob(f'profile_*/{NAME}') if path.is_file()]
    return sorted(found, key=_written, reverse=True)


def _written(path: Path) -> float:
    times = [0.0]
    for one in (path, path.with_name(f'{path.name}-wal')):
        try:
            there = one.stat()
        except OSError:
            continue  # the hub has just ended
        if there.st_size:  # an empty log is of one who reads
            times.append(there.st_mtime)
    return max(times)


def is_running(directory: Path) -> bool:
    """Whether a cluster of the profile in this directory is running."""
    security = directory / 'security'
    clusters = map(_controller_runs, _read_all(security, 'cluster-*.json'))
    return any(clusters) or any(map(_answers, _read_all(security, 'ipcontroller*-client.json')))


def _read_all(directory: Path, pattern: str) -> Iterator[dict[str, Any]]:
    """The files of JSON that can be read; a cluster may be writing or deleting one."""
    for path in directory.glob(pattern):
        try:
            given = json.loads(path.read_bytes())
        except (OSError, ValueError):
            continue
        if isinstance(given, dict):
            yield given


def _controller_runs(cluster: dict[str, Any]) -> bool:
    match cluster:
        case {'controller': {'class': 'local', 'state': {'pid': int(pid)}}}:
            return _process_runs(pid)
        case {'controller': {'state': {'state': 'running'}}}:
            return True  # on another machine, or by a batch system: nobody here knows better
    return False


def _process_runs(pid: int) -> bool:
    if pid <= 0:
        return False
    if sys.platform == 'win32':
        return True  # os.kill would end it; the file is deleted when the cluster ends
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    except OSError:
        return True  # another user's
    return True


def _answers(connection: dict[str, Any]) -> bool:
    """Whether something listens at the port of the hub; not asked of another machine, as that may take long."""
    transport, _, host = str(connection.get('interface')).partition('://')
    port = connection.get('registration')
    if transport != 'tcp' or host not in ('127.0.0.1', 'localhost') or not isinstance(port, int):
        return False
    try:
        socket.create_connection((host, port), PATIENCE).close()
    except (OSError, OverflowError):
        return False
    return True
