"""Gathers the pages of the site in one directory: those of `docs/`, and the files of the project that they link to."""

import os
import re
import shutil
from pathlib import Path

from docsite import ROOT
from docsite.example import write_report
from docsite.generated import filled

DOCS = ROOT / 'docs'

PAGES = {
    ROOT / 'CHANGELOG.md': Path('changelog.md'),
    ROOT / 'CONTRIBUTING.md': Path('contributing.md'),
    ROOT / 'bench' / 'results' / 'results.md': Path('results.md'),
}
"""Pages from elsewhere in the project, and what they are called in the site."""

REPORT = Path('files') / 'report.html'
"""The page that `mqsql report` makes of the example."""

_FENCED = re.compile(r'^( *)```.*?^\1```$', re.MULTILINE | re.DOTALL)
_LINK = re.compile(r'(!?\[[^\]\n]*\]\()([^)\s#]+)')


def assemble(directory: Path) -> None:
    """Write all pages, and the files that they show, into a directory."""
    for source in sorted(DOCS.rglob('*')):
        if source.is_file() and source.suffix != '.md':
            _copy(source, directory / source.relative_to(DOCS))
    for source in sorted(DOCS.rglob('*.md')):
        _write(source, source.relative_to(DOCS), directory)
    for source, page in PAGES.items():
        _write(source, page, directory)
    write_report(directory / REPORT)


def _write(source: Path, page: Path, directory: Path) -> None:
    text = filled(source.read_text(encoding='utf-8'))
    target = directory / page
    target.parent.mkdir(parents=True, exist_ok=True)
    target.write_text(relinked(text, source, page, directory), encoding='utf-8')


def relinked(text: str, source: Path, page: Path, directory: Path) -> str:
    """The text with its links as they are in the site; what a page links to outside of `docs/` is copied there."""

    def relink(link: re.Match[str]) -> str:
        before, name = link.groups()
        target = Path(os.path.normpath(source.parent / name))
        if ':' in name or not target.is_file():
            return link[0]  # the build finds those that are broken
        return before + os.path.relpath(_placed(target, directory), page.parent).replace(os.sep, '/')

    parts, end = [], 0
    for block in _FENCED.finditer(text):
        parts += [_LINK.sub(relink, text[end : block.start()]), block[0]]
        end = block.end()
    return ''.join((*parts, _LINK.sub(relink, text[end:])))


def _placed(target: Path, directory: Path) -> Path:
    """Where a file of the project is in the site."""
    if target in PAGES:
        return PAGES[target]
    if target.is_relative_to(DOCS):
        return target.relative_to(DOCS)
    place = Path('files') / target.relative_to(ROOT)
    _copy(target, directory / place)
    return place


def _copy(source: Path, target: Path) -> None:
    target.parent.mkdir(parents=True, exist_ok=True)
    shutil.copyfile(source, target)
