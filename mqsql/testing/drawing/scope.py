"""What is drawn: for which table, in which part of the query language, with which values."""

from collections.abc import Iterable
from dataclasses import dataclass

from mqsql.schema import TASKS, Table
from mqsql.testing.drawing.languages import FULL, Language, language_of
from mqsql.testing.drawing.values import ALL, Values, values_of


@dataclass(frozen=True)
class Scope:
    """A table, the language of its queries, and the values in both."""

    table: Table = TASKS
    language: Language = FULL
    values: Values = ALL


def scope_of(table: Table, language: str, values: str, without: Iterable[str] = ()) -> Scope:
    """The scope of these names, without some operators; ValueError for an unknown name."""
    return Scope(table, language_of(language, without), values_of(values))
