"""The page of a report: one HTML file that needs nothing else.

Texts of records are escaped by the template. The numbers of the timeline are JSON in an element that no browser runs. A policy
in the page lets it load nothing, and run only its own script.
"""

from base64 import b64encode
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from hashlib import sha256
from importlib.metadata import version
from importlib.resources import files
from typing import Any

import orjson
from jinja2 import Environment, StrictUndefined
from markupsafe import Markup

from mqsql.analysis.report import formats, sections
from mqsql.analysis.report.drawing import drawing
from mqsql.analysis.report.gathering import Gathered
from mqsql.analysis.timeline import engine_names

_FILTERS = {
    'number': formats.number,
    'duration': formats.duration,
    'moment': formats.moment,
    'iso': formats.iso,
    'share': formats.share,
    'span': formats.span,
}


@dataclass(frozen=True)
class About:
    """The title of a report, how its tasks were chosen, and the numbers of engines, by id, that are known."""

    title: str
    chosen: str = ''
    numbers: Mapping[str, str] = field(default_factory=dict)


def page(gathered: Gathered, tracebacks: Mapping[str, str], about: About) -> str:
    """The page; `tracebacks` are those of the examples of failures, by id."""
    names = engine_names((row.engine for row in gathered.activity.rows), about.numbers)
    script = _resource('page.js')
    environment = Environment(autoescape=True, undefined=StrictUndefined, trim_blocks=True, lstrip_blocks=True)
    environment.filters.update(_FILTERS)
    return environment.from_string(_resource('page.html')).render(
        title=formats.plain(about.title),
        chosen=formats.plain(about.chosen),
        made=datetime.now(UTC),
        version=version('mqsql'),
        style=Markup(_resource('page.css')),
        script=Markup(script),
        script_hash=_policy_hash(script),
        survey=gathered.survey,
        data=_embedded(drawing(gathered, names)),
        **sections.figures(gathered),
        **sections.throughput(gathered.statistics.throughput),
        **sections.failures(gathered.statistics.failures, tracebacks),
        **sections.slowest(gathered.slowest, names),
        **sections.engines(gathered, names),
        **sections.labels(gathered.statistics.labels),
    )


def _resource(name: str) -> str:
    return (files('mqsql.analysis.report') / name).read_text('utf-8')


def _policy_hash(script: str) -> str:
    """How a Content-Security-Policy names a script."""
    return f'sha256-{b64encode(sha256(script.encode()).digest()).decode()}'


def _embedded(data: Mapping[str, Any]) -> Markup:
    """JSON in which nothing ends the element that holds it."""
    return Markup(orjson.dumps(data).decode().replace('<', '\\u003c'))
