"""An extension of Python-Markdown: examples with prompts in docstrings are blocks of code, and not quotations of quotations."""

from itertools import groupby
from typing import Any

from markdown import Markdown
from markdown.extensions import Extension
from markdown.preprocessors import Preprocessor

BEFORE_FENCES = 40
"""The priority of the extension; that of pymdownx's fences is 25."""


class Prompts(Preprocessor):
    """Puts a fence around each paragraph that begins with a prompt."""

    def run(self, lines: list[str]) -> list[str]:
        """The lines of a page or a docstring, with fences."""
        fenced: list[str] = []
        is_open = False
        for is_blank, group in groupby(lines, key=lambda line: not line.strip()):
            paragraph = [*group]
            if not is_blank and not is_open and paragraph[0].startswith('>>> '):
                paragraph = ['```pycon', *paragraph, '```']
            elif sum(line.lstrip().startswith('```') for line in paragraph) % 2:
                is_open = not is_open
            fenced += paragraph
        return fenced


class PromptsExtension(Extension):
    """The extension."""

    def extendMarkdown(self, md: Markdown) -> None:  # noqa: N802
        """Called by Python-Markdown."""
        md.preprocessors.register(Prompts(md), 'prompts', BEFORE_FENCES)


def makeExtension(**options: Any) -> PromptsExtension:  # noqa: N802
    """Called by Python-Markdown."""
    return PromptsExtension(**options)
