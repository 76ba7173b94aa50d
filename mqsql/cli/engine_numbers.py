"""The numbers of engines, which clients name them by: records hold only their UUIDs.

A hub lists its engines in `log/engines.json` of its profile, or `log/engines-CLUSTER.json`, beside the history.
"""

import json
from collections.abc import Iterator
from pathlib import Path


def engine_numbers(file: str) -> dict[str, str]:
    """The number of each engine of the clusters that wrote into the profile of this history, by its UUID."""
    return {
        uuid: number
        for path in sorted(Path(file).absolute().parent.glob('log/engines*.json'))
        for number, uuid in _listed(path)
    }


def _listed(path: Path) -> Iterator[tuple[str, str]]:
    try:
        engines = json.loads(path.read_bytes())['engines']
    except (OSError, ValueError, LookupError, TypeError):
        return  # the hub is writing the file, or it is another program's
    if isinstance(engines, dict):
        yield from ((number, uuid) for number, uuid in engines.items() if isinstance(uuid, str))
