"""Errors that leave a process: a worker of multiprocessing or a client in another one gets them as they were."""

import copy
import pickle
from collections.abc import Callable

import pytest

from mqsql import errors
from mqsql.analysis.task import AmbiguousError
from mqsql.errors import MqsqlError

EXAMPLES: dict[str, tuple[str, ...]] = {
    'UnsupportedError': ('$glob', 'postgres', 'label.$glob'),
    'path': ('message', 'a.b'),
}


def classes(kind: type[MqsqlError]) -> list[type[MqsqlError]]:
    return [kind, *(c for sub in kind.__subclasses__() for c in classes(sub))]


def example(kind: type[MqsqlError]) -> MqsqlError:
    if kind is AmbiguousError:
        return AmbiguousError('m', 'begins', [{'msg_id': 'm1'}, {'msg_id': 'm2'}], more=True)
    takes_path = issubclass(kind, errors.QueryError | errors.RecordError)
    return kind(*EXAMPLES.get(kind.__name__, EXAMPLES['path'] if takes_path else ('message',)))


@pytest.mark.parametrize('kind', classes(MqsqlError))
@pytest.mark.parametrize('travel', [copy.copy, copy.deepcopy, lambda e: pickle.loads(pickle.dumps(e))])
def test_an_error_can_be_copied_and_pickled(kind: type[MqsqlError], travel: Callable[[MqsqlError], MqsqlError]) -> None:
    error = example(kind)
    error.add_note('seen by the worker')
    there = travel(error)
    assert type(there) is kind
    assert (str(there), there.args, vars(there)) == (str(error), error.args, vars(error))
