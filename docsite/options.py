"""The reference of the hub's options, written from the traits of its databases."""

from collections.abc import Iterator
from typing import Any

from traitlets import Enum, TraitType

from mqsql import hub


def options() -> Iterator[str]:
    """A section for each database: what it is, then each option with its default and its help."""
    for name in hub.DATABASES:
        database = getattr(hub, name)
        yield f'## {name}\n'
        yield f"```python\nc.IPController.db_class = 'mqsql.hub.{name}'\n```\n"
        for option, trait in sorted(database.class_traits(config=True).items()):
            yield f'### c.{name}.{option}\n'
            yield f'{" ".join(trait.help.split())}\n'
            yield f'{_default(trait)}\n'


def _default(trait: TraitType[Any, Any]) -> str:
    text = f'Default: `{trait.default_value_repr()}`'
    if isinstance(trait, Enum) and trait.values:
        text += f'; one of {", ".join(f"`{value!r}`" for value in trait.values)}'
    return f'{text}.'
