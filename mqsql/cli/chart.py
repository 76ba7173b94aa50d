"""A chart of bars in the characters for blocks, whose heights are eighths of a line."""

from collections.abc import Iterator, Sequence

BLOCKS = ' ▁▂▃▄▅▆▇█'


def bars(values: Sequence[int], height: int, columns: int = 1) -> Iterator[str]:
    """The lines of a chart, the highest first; each bar is so many columns wide. A value above 0 is always to be seen."""
    most = max(values, default=0)
    eighths = [max(round(8 * height * value / most), 1) if value else 0 for value in values]
    for line in reversed(range(height)):
        yield ''.join(BLOCKS[min(max(number - 8 * line, 0), 8)] * columns for number in eighths)
