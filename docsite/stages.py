"""Draws the trees that the stages of the compiler make, for the page on how a query becomes SQL."""

from collections.abc import Iterator, Mapping
from dataclasses import MISSING, fields, is_dataclass
from enum import Enum
from typing import Any

WIDTH = 84


def drawn(tree: Any) -> str:
    """A tree with a node on a line, or on several that are indented; without fields that have their defaults."""
    return '\n'.join(_lines(tree))


def _lines(node: Any) -> list[str]:
    if len(line := _line(node)) <= WIDTH or not _is_inner(node):
        return [line]
    before, after = _around(node)
    indented: list[str] = []
    for name, value in _parts(node):
        first, *others = _lines(value)
        indented += [f'  {name}{first}', *(f'  {other}' for other in others)]
    return [before, *indented, after]


def _line(node: Any) -> str:
    if not _is_inner(node):
        return node.name if isinstance(node, Enum) else repr(node)
    before, after = _around(node)
    alone = ',' if type(node) is tuple and len(node) == 1 else ''
    return before + ', '.join(f'{name}{_line(value)}' for name, value in _parts(node)) + alone + after


def _is_inner(node: Any) -> bool:
    """Whether a node is one of the compiler's own, or holds such."""
    ours = type(node).__module__.startswith('mqsql.compiler.tree')
    return isinstance(node, tuple | Mapping) or (ours and is_dataclass(node))


def _around(node: Any) -> tuple[str, str]:
    if isinstance(node, Mapping):
        return '{', '}'
    return ('(', ')') if type(node) is tuple else (f'{type(node).__name__}(', ')')


def _parts(node: Any) -> Iterator[tuple[str, Any]]:
    """The parts of a node that are of interest, and what comes before each."""
    if isinstance(node, Mapping):
        yield from ((f'{key}: ', value) for key, value in node.items())
    elif isinstance(node, tuple):
        names, defaults = getattr(node, '_fields', None), getattr(node, '_field_defaults', {})
        for name, value in zip(names or [''] * len(node), node, strict=True):
            if name not in defaults or defaults[name] != value:
                yield f'{name}=' if name else '', value
    else:
        for one in fields(node):
            value = getattr(node, one.name)
            if one.compare and (one.default is MISSING or one.default != value):
                yield f'{one.name}=', value
