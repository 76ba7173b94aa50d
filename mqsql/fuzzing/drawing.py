"""Draws histories of steps: records, changes, and questions that fit them.

Half of them keep to what every backend should answer, whatever language is asked for. Each leaves some features out (nulls,
time zones, values of mixed types), so that a defect of one does not hide those of the others.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from tempfile import TemporaryDirectory
from typing import Any

from hypothesis.configuration import set_hypothesis_home_dir

from mqsql.errors import MqsqlError
from mqsql.fuzzing.models import Model, model_of
from mqsql.fuzzing.running import Facts
from mqsql.fuzzing.steps import (
    Add,
    CreateIndex,
    Drop,
    DropMatching,
    Find,
    History,
    Query,
    Record,
    Reopen,
    State,
    Step,
    Steps,
    Update,
)
from mqsql.fuzzing.targets.base import DOCUMENTS, HUB, STORE
from mqsql.fuzzing.walking import leaves, mapped
from mqsql.schema import ANY, BUFFERS, DOCUMENT, STRING, TASKS, Table
from mqsql.testing.drawing.finds import keys, sort
from mqsql.testing.drawing.languages import DOCUMENTED, FULL, Language, language_of
from mqsql.testing.drawing.places import Place, places
from mqsql.testing.drawing.projections import projection
from mqsql.testing.drawing.queries import on_place, query
from mqsql.testing.drawing.random_draws import RandomDraws
from mqsql.testing.drawing.records import collection
from mqsql.testing.drawing.scope import Scope
from mqsql.testing.drawing.values import ALL, USUAL, Values

POOL = 60
"""Values of each strategy."""

QUESTIONS = 10
TRIES = 40
"""Queries drawn until one fits."""

FIELDS = Table('documents', {'_id': STRING, 'a': ANY, 'b': ANY, 'c': ANY}, '_id')
TEXTS = ['stdout', 'engine_uuid', 'client_uuid', 'queue', 'label']
TIMES = ['started', 'completed', 'submitted', 'received']
OBJECTS = ['content', 'header', 'result_content']
NOT_IN_MONGODB = {'$ge', '$le', '$glob'}


@dataclass(frozen=True)
class Features:
    """What the values of a history may be."""

    nulls: bool
    zones: bool
    mixed: bool


@contextmanager
def without_files() -> Iterator[None]:
    """Hypothesis, which fills the pools of values, keeps what it knows of characters elsewhere than where the user is."""
    with TemporaryDirectory(prefix='mqsql-fuzz-', ignore_cleanup_errors=True) as directory:
        set_hypothesis_home_dir(directory)
        try:
            yield
        finally:
            set_hypothesis_home_dir(None)


class Rounds:
    """Draws histories for a backend; the same for the same seed."""

    def __init__(self, facts: Facts, language: str, seed: int, writes: bool | None) -> None:
        self._facts, self._language, self._writes = facts, language_of(language), writes
        self._d = RandomDraws(seed, POOL)

    def draw(self) -> Steps:
        """One history."""
        d = self._d
        simple = self._language == DOCUMENTED or d.once_in(2)
        language = DOCUMENTED if simple else self._language
        features = Features(*(d.pick([True, False]) for _ in range(3)))
        return tuple(_Round(d, self._facts, language, features, self._with_changes()).steps())

    def _with_changes(self) -> bool:
        return self._d.once_in(4) if self._writes is None else self._writes


class _Round:
    """One history while it is drawn."""

    def __init__(self, d: RandomDraws, facts: Facts, language: Language, features: Features, changes: bool) -> None:
        self.d, self.facts, self.features, self.changes = d, facts, features, changes
        self.documents = facts.kind == DOCUMENTS
        self.simple = language == DOCUMENTED
        self.scope = Scope(FIELDS if self.documents else TASKS, self._spoken(language), self._values(language))
        self.model: Model = model_of(facts.kind, facts.ordered)
        self.columns = self._columns()
        self._types: dict[str, str] = {}
        """Of what type the values of a field of documents mostly are."""
        self.used: set[str] = set()
        """The keys of all records so far, also of those that were dropped."""

    def _spoken(self, language: Language) -> Language:
        if not self.documents:
            return language
        return replace(language, operators=language.operators - NOT_IN_MONGODB, aliases=False)

    def _values(self, language: Language) -> Values:
        return ALL if language == FULL and not self.documents else USUAL

    # --- steps

    def steps(self) -> Iterator[Step]:
        """Records, changes, questions."""
        begun: list[Step] = [Add(self._records())]
        if 'index' in self.facts.abilities and self.d.once_in(3):
            begun.insert(self.d.pick([0, 1]), CreateIndex(self._index()))
        yield from map(self._done, begun)
        for _ in range(self.d.pick([1, 2, 3, 4]) if self.changes else 0):
            yield from self._change()
        known = self._known()
        for _ in range(QUESTIONS):
            yield Find(self._query(known), **self._options(known))

    def _done(self, step: Step) -> Step:
        self.model.do(step)
        return step

    def _change(self) -> Iterator[Step]:
        able = [*sorted(self.facts.abilities & {'update', 'drop', 'drop matching', 'reopen'}), 'add']
        able += [one for one in able if one == 'drop matching']  # a query goes wrong more easily than a key
        step = self._draw_change(self.d.pick(able))
        before = sorted(self.model.records)
        try:
            yield self._done(step)
        except MqsqlError:  # an expression that has no result
            return
        yield State(sorted({*before, *self.model.records}))
        if 'history' in self.facts.abilities:
            yield History()

    def _draw_change(self, ability: str) -> Step:
        known = sorted(self.model.records)
        if ability == 'reopen':
            return Reopen()
        if ability == 'add' or not known:
            return Add(self._records(1, 2))
        if ability == 'update':
            (record,) = self._records(1, 1)
            # mqsql's hubs add to what a task has displayed, rather than replace it.
            kept = {self.model.key, 'display_data'} if self.facts.kind == HUB else {self.model.key}
            changes = {key: value for key, value in record.items() if key not in kept}
            return Update(self.d.pick(known), changes or {self.columns[0]: self._value(self.columns[0])})
        if ability == 'drop':
            return Drop(self.d.pick(known))
        return DropMatching(self._query(self._known(), drop=True))

    # --- records

    def _columns(self) -> list[str]:
        if self.documents:
            return ['a', 'b', 'c'][: self.d.pick([1, 2, 3])]
        groups = [TEXTS, TEXTS, TIMES, TIMES, OBJECTS]
        return sorted(set(self.d.several(1, 3, lambda: self.d.pick(self.d.pick(groups)))))

    def _records(self, least: int = 2, most: int = 6) -> list[Record]:
        if not self.documents and not self.simple and self.d.once_in(2):
            drawn = collection(self.d, self.scope, least, most)
        else:
            begun = len(self.used)
            drawn = [self._record(f'm{begun + i}') for i in range(self.d.pick(range(least, most + 1)))]
        drawn = [self._allowed(record) for record in drawn if record[self.model.key] not in self.used]
        drawn = drawn or [self._record(f'n{len(self.used)}')]
        self.used |= {record[self.model.key] for record in drawn}
        return drawn

    def _record(self, key: str) -> Record:
        """A record in which mostly all columns have a value."""
        drawn: Record = {self.model.key: key}
        for column in self.columns:
            if self.features.nulls and self.d.once_in(4):
                if self.documents and self.d.once_in(2):
                    drawn[column] = None
            else:
                drawn[column] = self._value(column)
        return drawn

    def _value(self, column: str) -> Any:
        return self._of_document(column) if self.documents else self._of_task(column)

    def _of_task(self, column: str) -> Any:
        kind = STRING if column == 'label' else TASKS.columns[column]
        return self._object() if kind is DOCUMENT else self.d.draw(self.scope.values.by_kind[kind])

    def _of_document(self, column: str) -> Any:
        """A value of the column's own type, or of any."""
        values, d = self.scope.values, self.d
        types = ['number', 'text', 'date', 'number', 'text', 'boolean']
        types += [] if self.simple else ['array', 'array', 'object', 'object']
        kind = self._types.setdefault(column, d.pick(types)) if not (self.features.mixed and d.once_in(3)) else ''
        match kind or d.pick(types):
            case 'number':
                return d.draw(values.numbers)
            case 'text':
                return d.draw(values.texts)
            case 'date':
                return d.draw(values.moments)
            case 'boolean':
                return d.pick([True, False])
            case 'array':
                return d.several(0, 3, lambda: self._object() if d.once_in(4) else self._scalar(column))
        return self._object()

    def _object(self) -> dict[str, Any]:
        names = ['a', 'b', 'c'][: self.d.pick([1, 2, 3])]
        if self.d.once_in(3):
            names.reverse()
        if self.simple:
            return {name: self.d.pick([1, 2, 'a', 'b']) for name in names}
        return {name: self.scope.values.value(self.d, 1) for name in names}

    def _scalar(self, column: str) -> Any:
        values = self.scope.values
        return self.d.draw(values.scalars if self.features.mixed else values.numbers)

    def _allowed(self, value: dict[str, Any]) -> dict[str, Any]:
        """A record or query without the features that are left out."""
        allowed: dict[str, Any] = value if self.features.zones else mapped(value, _in_utc)
        return allowed

    # --- questions

    def _known(self) -> list[Place]:
        """Where queries may look: the paths with their values, and those of arrays with the elements, too."""
        found = places([self._present(record) for record in self.model.records.values()], self.scope)
        return found + [replace(place, values=elements) for place in found if (elements := _elements(place))]

    def _present(self, record: Record) -> Record:
        return {key: value for key, value in record.items() if value is not None or self.features.nulls}

    def _index(self) -> str:
        columns = [column for column in self.columns if self.documents or TASKS.columns[column] is not BUFFERS]
        column = self.d.pick(columns)
        mixed = self.documents or TASKS.columns[column] is DOCUMENT
        return f'{column}.{self.d.pick(["a", "b"])}' if mixed and not self.simple and self.d.once_in(3) else column

    def _query(self, known: list[Place], drop: bool = False) -> Query:
        """A query that fits the features; `{}` at times."""
        for _ in range(TRIES):
            drawn = {} if self.d.once_in(20) and not drop else self._drawn_query(known, drop)
            drawn = self._allowed(drawn)
            if self._fits(drawn) and not (drop and _is_hubs_own(drawn)):
                return drawn
        return {self.model.key: self.d.pick(sorted(self.model.records) or ['m0'])}

    def _drawn_query(self, known: list[Place], drop: bool) -> Query:
        if not self.simple and not (drop and self.d.once_in(2)):
            return query(self.d, known)
        flat = [place for place in known if '.' not in place.key and place.kind is not BUFFERS]
        drawn = on_place(self.d, self.d.pick(flat))
        return {**drawn, **on_place(self.d, self.d.pick(flat))} if self.d.once_in(4) else drawn

    def _fits(self, drawn: Query) -> bool:
        found = list(leaves(drawn))
        if not self.features.nulls and any(leaf.operand is None or leaf.has_null for leaf in found):
            return False
        if self.simple and any('.' in leaf.path or leaf.is_pattern for leaf in found):
            return False
        if self.scope.values is not ALL and any(
            leaf.operator == '$glob' and not _holds_texts(leaf.path) for leaf in found
        ):
            return False
        return self.scope.values is ALL or all(_is_usual(leaf.operator, leaf.operand) for leaf in found)

    def _options(self, known: list[Place]) -> dict[str, Any]:
        d, options = self.d, dict[str, Any]()
        if d.once_in(6):
            options['keys'] = self._keys(known)
        elif self.facts.kind == STORE and not self.simple and d.once_in(8):
            options['projection'] = projection(d, known)
        if self.facts.kind == STORE or (self.documents and not self.simple):
            if d.once_in(3):
                options['sort'] = self._sort(known)
            if d.once_in(4):
                options |= {'limit': d.pick([1, 2, 3]), 'skip': d.pick([0, 0, 1])}
        return options

    def _sort(self, known: list[Place]) -> list[tuple[str, int]]:
        """What to sort by; of documents, no path beside another key, since servers refuse more of these than the reference."""
        drawn = list(dict(sort(self.d, known)).items())
        alone = self.documents and any('.' in path for path, _ in drawn)
        return drawn[:1] if alone else drawn

    def _keys(self, known: list[Place]) -> list[str] | None:
        if self.simple:
            return sorted({self.d.pick(self.columns), self.d.pick([*self.columns, self.model.key])})
        chosen = keys(self.d, known)
        return [chosen] if isinstance(chosen, str) else chosen or None


def _in_utc(value: Any) -> Any:
    return value.astimezone(UTC) if isinstance(value, datetime) and value.tzinfo else value


def _elements(place: Place) -> tuple[Any, ...]:
    return tuple(element for value in place.values if isinstance(value, list) for element in value)


def _holds_texts(column: str) -> bool:
    return TASKS.columns.get(column) is STRING


def _is_hubs_own(drawn: Query) -> bool:
    """Whether it is the query by which a hub purges all that is finished, which mqsql answers in a way of its own."""
    return drawn == {'completed': {'$ne': None}}


def _is_usual(operator: str, operand: Any) -> bool:
    """Whether the operand is one that MongoDB's manual shows, not one that its server happens to take."""
    match operator:
        case '$exists':
            return isinstance(operand, bool)
        case '$size':
            return isinstance(operand, int) and operand < 4
        case '$mod':
            return all(isinstance(number, int) for number in operand)
        case '$bitsAllSet' | '$bitsAnySet' | '$bitsAllClear' | '$bitsAnyClear':
            return isinstance(operand, int) or (isinstance(operand, list) and bool(operand) and max(operand) < 32)
        case '$options':
            return 'x' not in operand and 'u' not in operand
        case '$all':
            return bool(operand)
    return True
