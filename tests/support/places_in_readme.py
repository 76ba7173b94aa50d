"""README.md, and the places in it that programs write."""

from collections.abc import Iterable
from pathlib import Path

README = Path(__file__).parents[2] / 'README.md'


def placed(text: str, mark: str, lines: Iterable[str]) -> str:
    """The text with these lines between the comment `mark` and the next comment "end"; ValueError if there are none."""
    before, begin, rest = text.partition(f'<!-- {mark} -->\n')
    _, end, after = rest.partition('<!-- end -->')
    if not end:
        raise ValueError(f'there is no place for {mark}')
    return ''.join((before, begin, *(f'{line}\n' for line in lines), end, after))
