"""The site is built from its pages, all of them; what is broken, or would be loaded from a network, ends the build."""

import re
import shutil
import tomllib
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import click
import pytest

import mqsql
from docsite import ROOT
from docsite.__main__ import CONFIGURATION, build, rendered
from docsite.assemble import assemble, relinked
from docsite.links import problems
from mqsql import hub, testing
from mqsql.cli import main

pytest.importorskip('zensical')


@pytest.fixture(scope='module')
def site(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The directory of the pages, which are built without a warning."""
    directory = tmp_path_factory.mktemp('site') / 'site'
    assert build(directory) == ''
    return directory / 'html'


def test_each_page_is_in_the_navigation(site: Path) -> None:
    def pages(entries: Any) -> Iterator[str]:
        for entry in entries:
            for target in entry.values():
                yield from [target] if isinstance(target, str) else pages(target)

    project = tomllib.loads(CONFIGURATION.read_text(encoding='utf-8'))['project']
    named = sorted(pages(project['nav']))
    sources = site.parent / 'docs'
    assert named == sorted(path.relative_to(sources).as_posix() for path in sources.rglob('*.md'))


BROKEN = {
    '[x](missing.md)': 'page does not exist',
    '[x](hub.md#missing)': 'anchor does not exist',
    '[x][mqsql.missing]': 'unresolved autoref',
    '![x](missing.svg)': 'missing.svg does not exist',
    '<a href="hub.html#missing">x</a>': 'hub.html#missing does not exist',
    '![x](https://example.org/x.svg)': 'is loaded from a network',
    '<script src="//example.org/x.js"></script>': 'is loaded from a network',
}


@pytest.mark.parametrize('text', BROKEN)
def test_what_is_broken_ends_the_build(text: str, tmp_path: Path) -> None:
    (docs := tmp_path / 'docs').mkdir()
    (docs / 'index.md').write_text(f'# Home\n\n{text}\n', encoding='utf-8')
    (docs / 'hub.md').write_text('# Hub\n\n[back](index.md#home)\n', encoding='utf-8')
    shutil.copyfile(ROOT / 'docs' / 'site.css', docs / 'site.css')
    whole = CONFIGURATION.read_text(encoding='utf-8')
    without_pages = re.sub(r'^nav = \[.*?^\]$', '', whole, flags=re.MULTILINE | re.DOTALL)
    (tmp_path / CONFIGURATION.name).write_text(without_pages, encoding='utf-8')
    assert BROKEN[text] in rendered(tmp_path)


def test_a_style_that_loads_from_a_network_is_found(tmp_path: Path) -> None:
    (tmp_path / 'a.css').write_text("@import 'https://example.org/font.css';", encoding='utf-8')
    assert list(problems(tmp_path)) == ['a.css: https://example.org/font.css is loaded from a network']


def test_references_have_all_there_is(site: Path) -> None:
    def anchors(page: str) -> set[str]:
        return set(re.findall(r' id="([^"]+)"', (site / 'reference' / page).read_text(encoding='utf-8')))

    errors = {name for name in mqsql.__all__ if name.endswith('Error')}
    assert {f'mqsql.errors.{name}' for name in errors} <= anchors('errors.html')
    constants = {name for name in mqsql.__all__ if name.isupper()}
    assert {f'mqsql.{name}' for name in {*mqsql.__all__} - errors - constants} <= anchors('api.html')
    page = (site / 'reference' / 'api.html').read_text(encoding='utf-8')
    assert [name for name in constants if name not in page] == []
    assert {f'mqsql.testing.{name}' for name in testing.__all__} <= anchors('testing.html')
    assert {f'mqsql-{name}' for name in main.commands} <= anchors('commands.html')
    options = {
        f'c{name}{option}'.lower() for name in hub.DATABASES for option in getattr(hub, name).class_traits(config=True)
    }
    assert options <= anchors('options.html')


def test_the_reference_of_the_command_line_has_every_option(site: Path) -> None:
    def options(command: click.Command) -> set[str]:
        inner = command.commands.values() if isinstance(command, click.Group) else ()
        names = {name for one in command.params if isinstance(one, click.Option) for name in one.opts}
        return names.union(*map(options, inner))

    page = (site / 'reference' / 'commands.html').read_text(encoding='utf-8')
    named = options(main)
    assert len(named) > 30
    assert [name for name in named - {'--version'} if name not in page] == []
    assert 'Sentinel' not in page


def test_examples_in_docstrings_are_code(site: Path) -> None:
    for page in (site / 'reference').glob('*.html'):
        assert '<blockquote' not in page.read_text(encoding='utf-8')


def test_paragraphs_with_prompts_get_fences() -> None:
    from markdown import Markdown

    from docsite.prompts import Prompts

    text = 'Words.\n\n>>> f()\n1\n\n> quoted\n\n```\n>>> g()\n\n>>> h()\n```\n\n>>> i()'
    made = Prompts(Markdown()).run(text.split('\n'))
    fenced = text.replace('>>> f()\n1', '```pycon\n>>> f()\n1\n```').replace('>>> i()', '```pycon\n>>> i()\n```')
    assert made == fenced.split('\n')


def test_links_to_other_files_of_the_project_lead_to_copies(tmp_path: Path) -> None:
    page = Path('howto/one.md')
    text = '[a](../../CHANGELOG.md) [b](../../examples/demo.py#x) [c](https://x.org/a.md) [d](../hub.md#a) [e](no.md)\n'
    code = '\n```text\n[a](../../CHANGELOG.md)\n```\n'
    expected = (
        '[a](../changelog.md) [b](../files/examples/demo.py#x) [c](https://x.org/a.md) [d](../hub.md#a) [e](no.md)\n'
    )
    assert relinked(text + code, ROOT / 'docs' / page, page, tmp_path) == expected + code
    assert (tmp_path / 'files' / 'examples' / 'demo.py').is_file()


def test_a_part_that_does_not_exist_is_an_error(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / 'docs').mkdir()
    (tmp_path / 'docs' / 'a.md').write_text('<!-- generated: nothing -->\n', encoding='utf-8')
    monkeypatch.setattr('docsite.assemble.DOCS', tmp_path / 'docs')
    with pytest.raises(KeyError, match='nothing'):
        assemble(tmp_path / 'out')
