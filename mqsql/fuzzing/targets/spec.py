"""What the user names a backend by: `module:Class`, `file.py:function`, a library, a URL, or a command."""

import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from importlib import import_module
from importlib.util import module_from_spec, spec_from_file_location
from pathlib import Path
from typing import Any

from mqsql.fuzzing.targets.base import Target, TargetError
from mqsql.fuzzing.targets.known import KNOWN

CLASS, LIBRARY, URL, COMMAND = 'class', 'library', 'url', 'command'

PREFIX = 'command:'
"""Before a command that is given in place of another name."""

SCHEMES = ('sqlite:', 'duckdb:', 'parquet:', 'mongodb:', 'mongodb+srv:', 'dict:', ':memory:')


@dataclass(frozen=True)
class Spec:
    """The name of a backend, of a certain form, and the directory that it was given in."""

    form: str
    text: str
    place: str


def read_spec(text: str | None, command: str | None = None) -> Spec:
    """What the user named; TargetError if that is nothing or two things."""
    if (text is None) == (command is None):
        raise TargetError('name one backend: TARGET, or --command')
    place = str(Path.cwd())
    if command is not None:
        return Spec(COMMAND, f'{PREFIX}{command}', place)
    assert text is not None
    return Spec(_form(text), text, place)


def _form(text: str) -> str:
    if text.startswith(PREFIX):
        return COMMAND
    if text in KNOWN:
        return LIBRARY
    if text.startswith(SCHEMES):
        return URL
    module, colon, name = text.rpartition(':')
    is_class = colon and name.replace('.', '_').isidentifier() and '://' not in module
    return CLASS if is_class else URL


def make_target(spec: Spec) -> Target:
    """The backend, which is not begun yet; TargetError if it is not found."""
    if spec.form == URL:
        from mqsql.fuzzing.targets.stores import StoreTarget

        return StoreTarget(spec.text)
    if spec.form == COMMAND:
        from mqsql.fuzzing.targets.commands import CommandTarget

        return CommandTarget(spec.text.removeprefix(PREFIX), Path(spec.place))
    return _of_object(KNOWN[spec.text] if spec.form == LIBRARY else _find(spec.text, spec.place), spec.text)


def _of_object(found: Any, name: str) -> Target:
    from mqsql.fuzzing.targets.collections import CollectionTarget, is_collection
    from mqsql.fuzzing.targets.hub import HubTarget, is_hub_database

    if is_collection(found) and not isinstance(found, type):
        return CollectionTarget(lambda: found)
    if is_hub_database(found):
        return HubTarget(found if isinstance(found, type) else lambda: found)
    if not callable(found):
        raise TargetError(f'{name} is neither a class, a function nor a collection')
    return CollectionTarget(found)


def _find(text: str, place: str) -> Any:
    """The object of a name in a module, or in a file of Python."""
    if place not in sys.path:
        sys.path.insert(0, place)
    module, _, path = text.rpartition(':')
    found: Any = _load(Path(place, module)) if module.endswith('.py') else _import(module)
    for name in path.split('.'):
        if not hasattr(found, name):
            raise TargetError(f'{module} has no {name}')
        found = getattr(found, name)
    return found


def _import(module: str) -> Any:
    try:
        return import_module(module)
    except Exception as e:  # a module may raise anything while it is imported
        raise TargetError(f'{module} cannot be imported: {type(e).__name__}: {e}') from e


def _load(path: Path) -> Any:
    found = spec_from_file_location(path.stem, path)
    if found is None or found.loader is None or not path.is_file():
        raise TargetError(f'{path}: no such file')
    module = module_from_spec(found)
    sys.modules[path.stem] = module
    try:
        found.loader.exec_module(module)
    except Exception as e:
        raise TargetError(f'{path} cannot be run: {type(e).__name__}: {e}') from e
    return module


@contextmanager
def opened(target: str, directory: Path) -> Iterator[Any]:
    """The backend itself, empty, with its files in this directory: what the tests that are written call."""
    found = make_target(read_spec(target))
    found.begin(directory)
    try:
        yield getattr(found, {'hub': 'db', 'documents': 'collection', 'store': 'store'}[found.kind])
    finally:
        found.close()
