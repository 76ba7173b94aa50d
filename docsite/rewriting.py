"""Writes into pages what they print: `python -m docsite.rewriting docs/howto/PAGE.md ...`.

What a page shows already is kept where it is right, with its `...`.
"""

import doctest
import re
import sys
import tempfile
import traceback
from collections.abc import Iterator
from contextlib import redirect_stdout
from io import StringIO
from pathlib import Path
from typing import Any

from docsite.blocks import BLOCK, Block, blocks, commands
from docsite.snippets import OPTIONS, Follower, alike, same, surroundings


def rewritten(page: str, follower: Follower) -> str:
    """The page with what comes in place of what it shows, where these differ."""
    following = blocks(page)

    def rewrite(found: re.Match[str]) -> str:
        indent, language, rest, _ = found.groups()
        lines = _lines(next(following), follower)
        if lines is None:
            return found[0]
        body = ''.join(f'{indent}{line}'.rstrip() + '\n' for line in lines)
        return f'{indent}```{language}{rest}\n{body}{indent}```'

    follower.prepare(page)
    return BLOCK.sub(rewrite, page)


def _lines(block: Block, follower: Follower) -> list[str] | None:
    """The lines that a block should have; None if it shows nothing that is printed."""
    if not block.title and block.language == 'console':
        return [*_of_commands(block, follower)]
    if not block.title and '>>> ' in block.text:
        return [*_of_python(block.text, follower.names)]
    follower.do(block)
    return None


def _of_commands(block: Block, follower: Follower) -> Iterator[str]:
    for command in commands(block.text):
        printed = follower.printed(command.text)
        is_right = (alike if block.varies else same)(command.printed, printed)
        yield from f'$ {command.text}'.splitlines()
        yield from (command.printed if is_right else printed).splitlines()


def _of_python(text: str, names: dict[str, Any]) -> Iterator[str]:
    for part in doctest.DocTestParser().parse(text):
        if isinstance(part, str):
            yield from part.splitlines()
            continue
        first, *others = part.source.splitlines()
        yield f'>>> {first}'
        yield from (f'... {line}'.rstrip() for line in others)
        printed = _evaluated(part.source, names)
        is_right = doctest.OutputChecker().check_output(part.want, printed, OPTIONS)
        yield from ((line or '<BLANKLINE>') for line in (part.want if is_right else printed).splitlines())


def _evaluated(source: str, names: dict[str, Any]) -> str:
    """What the interpreter prints; of an exception the first and the last line."""
    said = StringIO()
    with redirect_stdout(said):
        try:
            exec(compile(source, '<page>', 'single'), names)
        except Exception as e:  # whatever a page shows
            said.write(f'Traceback (most recent call last):\n{"".join(traceback.format_exception_only(e))}')
    return said.getvalue()


def main(*names: str) -> None:
    """Write the pages."""
    for path in [Path(name).absolute() for name in names]:
        page = path.read_text(encoding='utf-8')
        with tempfile.TemporaryDirectory() as name:
            (directory := Path(name) / 'work').mkdir()
            with surroundings(directory):
                follower = Follower(path.name)
                page = rewritten(page, follower)
        path.write_text(page, encoding='utf-8')
        sys.stdout.writelines(follower.problems)


if __name__ == '__main__':
    main(*sys.argv[1:])
