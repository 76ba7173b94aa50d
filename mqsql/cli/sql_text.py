"""Lays out the text of a statement in lines: only spaces outside of texts and names change."""

import re
from collections.abc import Callable, Iterator, Sequence
from typing import NamedTuple

_TOKEN = re.compile(r"""(\s*)('(?:[^']|'')*'|"(?:[^"]|"")*"|[(),]|[^\s(),'"]+)""")
_CLAUSES = frozenset('SELECT FROM WHERE ORDER GROUP LIMIT OFFSET UNION'.split())
_OPENS = {'(': ')', 'CASE': 'END'}
_STEP = 2
"""Spaces by which what is inside is indented."""


class Token(NamedTuple):
    """A word, a text, a name or a sign, and whether a space was before it."""

    text: str
    spaced: bool


class Group(NamedTuple):
    """What is in parentheses, or from CASE to END."""

    start: Token
    parts: 'list[Part]'
    end: Token


Part = Token | Group


def lay_out(sql: str, width: int = 80) -> str:
    """The statement in lines that are at most so wide, where that is possible."""
    tokens = (Token(text, bool(space)) for space, text in _TOKEN.findall(sql))
    parts, _ = _grouped(tokens, None)
    return '\n'.join(_lines(parts, 0, width))


def _grouped(tokens: Iterator[Token], end: str | None) -> tuple[list[Part], Token]:
    """The parts up to the end of a group, and that end."""
    parts: list[Part] = []
    for token in tokens:
        if token.text == end:
            return parts, token
        if token.text in _OPENS:
            inner, last = _grouped(tokens, _OPENS[token.text])
            parts.append(Group(token, inner, last))
        else:
            parts.append(token)
    return parts, Token('', False)


def _flat(parts: Sequence[Part]) -> str:
    return ''.join(_texts(parts)).strip()


def _texts(parts: Sequence[Part]) -> Iterator[str]:
    for part in parts:
        if isinstance(part, Group):
            yield from _texts([part.start, *part.parts, part.end])
        else:
            yield f' {part.text}' if part.spaced else part.text


def _lines(parts: Sequence[Part], indent: int, width: int) -> Iterator[str]:
    line = _flat(parts)
    if indent + len(line) <= width:
        yield ' ' * indent + line
        return
    for begins, inner in _BREAKS:
        pieces = _split(parts, begins)
        if len(pieces) > 1:
            if begins is _after_comma:
                pieces = _filled(pieces, width - indent - inner)
            for number, piece in enumerate(pieces):
                yield from _lines(piece, indent + inner * bool(number), width)
            return
    yield from _opened(parts, indent, width)


def _begins_with(*words: str) -> Callable[[Part, Part], bool]:
    return lambda before, part: isinstance(part, Token) and part.text in words


def _after_comma(before: Part, part: Part) -> bool:
    return isinstance(before, Token) and before.text == ','


_BREAKS: list[tuple[Callable[[Part, Part], bool], int]] = [
    (_begins_with(*_CLAUSES), 0),
    (_begins_with('OR'), _STEP),
    (_begins_with('AND'), _STEP),
    (_begins_with('WHEN', 'ELSE'), 0),
    (_after_comma, _STEP),
]
"""Where lines begin, the most telling first, and how much all lines but the first are indented then."""


def _split(parts: Sequence[Part], begins: Callable[[Part, Part], bool]) -> list[list[Part]]:
    pieces: list[list[Part]] = [[]]
    for i, part in enumerate(parts):
        if i and begins(parts[i - 1], part):
            pieces.append([])
        pieces[-1].append(part)
    return pieces


def _filled(pieces: list[list[Part]], width: int) -> list[list[Part]]:
    """The pieces, as many together as have room in a line."""
    filled: list[list[Part]] = []
    for piece in pieces:
        if filled and len(_flat([*filled[-1], *piece])) <= width:
            filled[-1] += piece
        else:
            filled.append([*piece])
    return filled


def _opened(parts: Sequence[Part], indent: int, width: int) -> Iterator[str]:
    """The longest group on lines of its own."""
    groups = [i for i, part in enumerate(parts) if isinstance(part, Group) and part.parts]
    if not groups:
        yield ' ' * indent + _flat(parts)
        return
    longest = max(groups, key=lambda i: len(_flat([parts[i]])))
    group = parts[longest]
    assert isinstance(group, Group)
    operand, inner = _operand(group)
    yield ' ' * indent + _flat([*parts[:longest], group.start, *operand])
    yield from _lines(inner, indent + _STEP, width)
    yield from _lines([group.end, *parts[longest + 1 :]], indent, width)


def _operand(group: Group) -> tuple[list[Part], list[Part]]:
    """What is between CASE and the first WHEN, and the rest."""
    pieces = _split(group.parts, _begins_with('WHEN')) if group.start.text == 'CASE' else []
    if len(pieces) < 2 or pieces[0][0] in _WHEN:
        return [], group.parts
    return pieces[0], group.parts[len(pieces[0]) :]


_WHEN = (Token('WHEN', True), Token('WHEN', False))
