"""What dotted keys, projections and distinct values cost by the size of documents. Imports `mqsql`, perhaps another checkout's.

    python -m bench.documents --json
    PYTHONPATH=../other-checkout python bench/documents.py --json

Each question is put to files whose documents have about so many bytes, of text, or of small objects with dates. Printed are
microseconds of processor time for one record, the least of the rounds. Compare two checkouts by runs in turn.

Measured when statements began to fetch paths, whole documents against paths: a key of documents of text 7.4 and 7.4 at 300
bytes, 61 and 29 at 10,000; of objects with dates 14 and 7.5 at 300 bytes, 426 and 48 at 10,000. Two keys of one document still
fetch it whole, and decode only their values: 72 and 54, 455 and 143 at 10,000 bytes. SQL that extracts both, in the order of
the document, took 1.5 times as long as to fetch it whole.
"""

import argparse
import json
import time
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import mqsql

START = datetime(2026, 1, 1, tzinfo=UTC)
LINE = 'a line of a traceback, as long as such lines are, '
BYTES = 3_000_000  # of documents in a file

Question = Callable[[mqsql.Store], object]


def text(i: int, size: int) -> dict[str, Any]:
    """A document that is mostly one array of text."""
    status = {'status': 'error', 'engine': {'id': i % 8, 'uuid': 'u' * 36}}
    return {**status, 'traceback': [LINE] * max(1, (size - 150) // 53), 'ename': f'Error{i % 10}', 'evalue': 'bad'}


def dates(i: int, size: int) -> dict[str, Any]:
    """A document that is mostly an array of objects with dates."""
    steps = [{'at': START + timedelta(seconds=i + j), 'n': j} for j in range(max(1, (size - 150) // 57))]
    return {'status': 'error', 'engine': {'id': i % 8}, 'steps': steps, 'ename': f'Error{i % 10}', 'evalue': 'bad'}


QUESTIONS: dict[str, Question] = {
    'key': lambda store: list(store.find({}, ['result_content.ename'])),
    'key at once': lambda store: store.find_records({}, ['result_content.ename']),
    'deeper key': lambda store: list(store.find({}, ['result_content.engine.id'])),
    'missing key': lambda store: list(store.find({}, ['result_content.nothing'])),
    'two keys': lambda store: list(store.find({}, ['result_content.ename', 'result_content.evalue'])),
    'inclusion': lambda store: list(store.find({}, projection={'result_content.ename': 1})),
    'exclusion': lambda store: list(store.find({}, projection={'result_content.ename': 0})),
    'document': lambda store: list(store.find({}, ['result_content'])),
    'distinct': lambda store: store.distinct('result_content.ename'),
}


def measure(folder: Path, rounds: int) -> Iterator[tuple[str, float]]:
    """Each question with its microseconds for one record."""
    stores: dict[str, tuple[mqsql.Store, int]] = {}
    for document in (text, dates):
        for size in (300, 1_000, 3_000, 10_000, 100_000):
            name, number = f'{document.__name__} {size:,}', BYTES // size
            store = mqsql.open(folder / f'{document.__name__}{size}.db')
            for i in range(number):
                store.add_record(f'm{i}', {'result_content': document(i, size)})
            stores[name] = store, number
    for name, (store, number) in stores.items():
        for asked, question in QUESTIONS.items():
            yield f'{asked}, {name}', min(seconds(question, store) for _ in range(rounds)) / number * 1e6
        store.close()


def seconds(question: Question, store: mqsql.Store) -> float:
    """Processor time of the question."""
    started = time.process_time()
    question(store)
    return time.process_time() - started


def main() -> None:
    """The measurement that the command line asks for."""
    parser = argparse.ArgumentParser(description=str(__doc__).partition('.')[0])
    parser.add_argument('--rounds', type=int, default=5)
    parser.add_argument('--json', action='store_true', help='print the figures as JSON')
    asked = parser.parse_args()
    with TemporaryDirectory() as folder:
        found = dict(measure(Path(folder), asked.rounds))
    print(json.dumps(found, indent=1) if asked.json else '\n'.join(f'{k:34}{v:10.2f}' for k, v in found.items()))


if __name__ == '__main__':
    main()
