"""Prints rows in columns, a line each, however many there are: the widths are those of the first rows."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from itertools import islice
from typing import TYPE_CHECKING

from rich.cells import cell_len, set_cell_size

if TYPE_CHECKING:
    from rich.console import Console

GAP = '  '
LEAST = 4
"""Characters that a column keeps, however narrow the terminal is."""
FIRST = 500
"""Rows whose values are looked at for the widths."""

Styled = tuple[str, str]
"""The text of a cell, and its style."""


@dataclass(frozen=True)
class Column:
    """A column: its heading, whether it is of numbers, whether what is cut off is at its beginning, and whether it is cut."""

    name: str
    right: bool = False
    keep_end: bool = False
    whole: bool = False


def print_rows(console: 'Console', columns: Sequence[Column], rows: Iterable[Sequence[Styled]]) -> int:
    """Print rows under the names of their columns; how many there were."""
    remaining = iter(rows)
    first = list(islice(remaining, FIRST))
    natural = [
        max(cell_len(text) for text in (column.name, *(row[i][0] for row in first))) for i, column in enumerate(columns)
    ]
    widths = fit(natural, columns, console.width)
    lines = _Lines(console, columns, widths)
    lines.print_heading()
    number = 0
    for part in (first, remaining):
        for row in part:
            lines.print(row)
            number += 1
    return number


def fit(natural: Sequence[int], columns: Sequence[Column], width: int) -> list[int]:
    """The widths of columns that together take at most `width`, if that is possible: the widest get narrower."""
    widths = list(natural)
    surplus = sum(widths) + len(GAP) * (len(widths) - 1) - width
    while surplus > 0:
        widest = max((i for i, column in enumerate(columns) if not column.whole), key=widths.__getitem__, default=None)
        if widest is None or widths[widest] <= LEAST:
            break
        widths[widest] -= 1
        surplus -= 1
    return widths


class _Lines:
    def __init__(self, console: 'Console', columns: Sequence[Column], widths: Sequence[int]) -> None:
        self._console, self._columns, self._widths = console, columns, widths

    def print_heading(self) -> None:
        # The end of a path tells more than its beginning.
        columns = [replace(column, keep_end='.' in column.name) for column in self._columns]
        self._print([(column.name, 'bold') for column in columns], columns)

    def print(self, row: Sequence[Styled]) -> None:
        self._print(row, self._columns)

    def _print(self, row: Sequence[Styled], columns: Sequence[Column]) -> None:
        shown = [
            sized(text, width, column) for (text, _), width, column in zip(row, self._widths, columns, strict=True)
        ]
        shown[-1] = shown[-1].rstrip()
        if self._console.is_terminal:
            self._print_styled(shown, [style for _, style in row])
        else:  # ten times faster
            self._console.file.write(f'{GAP.join(shown)}\n')

    def _print_styled(self, texts: Sequence[str], styles: Sequence[str]) -> None:
        from rich.text import Text

        line = Text()
        for i, (text, style) in enumerate(zip(texts, styles, strict=True)):
            line.append(GAP if i else '').append(text, style)
        self._console.print(line, soft_wrap=True)


def sized(text: str, width: int, column: Column) -> str:
    """The text in so many cells, with an ellipsis in place of what is cut off."""
    length = len(text) if text.isascii() else cell_len(text)
    if length <= width:
        room = ' ' * (width - length)
        return room + text if column.right else text + room
    if column.keep_end:
        return '…' + set_cell_size(text[::-1], width - 1)[::-1]
    return set_cell_size(text, width - 1) + '…'
