"""Cuts a history of steps down to the smallest that still shows a defect.

Smaller is what has fewer traits, then what is shorter: so what need not be null, in another zone or of another type, is not.
"""

from collections.abc import Callable, Iterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from functools import partial
from itertools import islice
from typing import Any

from mqsql.fuzzing.reductions import reduced_queries, reduced_values
from mqsql.fuzzing.steps import Add, CreateIndex, DropMatching, Find, Record, State, Step, Steps, Update, records
from mqsql.fuzzing.traits import named, traits_of, weight
from mqsql.fuzzing.walking import at, inside, leaves, mapped
from mqsql.schema import DOCUMENT, TASKS, TIMESTAMP

MOST_TRIES = 600
BEGINNING = datetime(2026, 1, 1, tzinfo=UTC)
LETTERS = 'abcdefghijklmnopqrstuvwxyz'

Shows = Callable[[Steps], bool]
"""Whether a history shows the defect."""


class Shrinker:
    """Shrinks the histories of one kind of backend; `hub` says that records are those of tasks."""

    def __init__(self, hub: bool) -> None:
        self._hub, self._key = hub, TASKS.key if hub else '_id'

    def shrink(self, steps: Steps, shows: Shows, tries: int = MOST_TRIES) -> Steps:
        """The smallest that was found in so many tries."""
        self._seen, self._left = {repr(steps)}, tries
        while smaller := self._smaller(steps, shows):
            steps = smaller
        return steps

    def _smaller(self, steps: Steps, shows: Shows) -> Steps | None:
        """The first candidate that is smaller and shows the defect, too."""
        limit = size(steps)
        for candidate in self._candidates(steps):
            text = repr(candidate)
            if text in self._seen:
                continue
            self._seen.add(text)
            if size(candidate) < limit:
                if self._left <= 0:
                    return None
                self._left -= 1
                if shows(candidate):
                    return candidate
        return None

    def _candidates(self, steps: Steps) -> Iterator[Steps]:
        yield from _without_steps(steps)
        yield from _without_records(steps)
        yield from self._without_fields(steps)
        yield from _at_each(steps, _simpler_question)
        yield from _at_each(steps, _simpler_query)
        yield from self._simpler_everywhere(steps)
        yield from self._filled(steps)
        yield from self._hoisted(steps)
        yield from self._simpler_fields(steps)

    # --- records

    def _without_fields(self, steps: Steps) -> Iterator[Steps]:
        """Only what is named; then without one field after the other."""
        names = {path.partition('.')[0] for path in named(steps)} | {self._key}
        yield _with_records(steps, lambda record: {k: v for k, v in record.items() if k in names})
        for step_number, step in enumerate(steps):
            for i, record in enumerate(_held(step)):
                for name in record:
                    if name != self._key:
                        rest = {key: value for key, value in record.items() if key != name}
                        yield _with_record(steps, step_number, i, rest)

    def _simpler_fields(self, steps: Steps) -> Iterator[Steps]:
        for step_number, step in enumerate(steps):
            for i, record in enumerate(_held(step)):
                for name, value in record.items():
                    if name != self._key:
                        for simpler in reduced_values(value):
                            yield _with_record(steps, step_number, i, {**record, name: simpler})

    def _filled(self, steps: Steps) -> Iterator[Steps]:
        """With a value where a field that is named has none."""
        for name in sorted({path.partition('.')[0] for path in named(steps)} - {self._key}):
            others = [value for record in records(steps) if (value := record.get(name)) is not None]
            others += [
                leaf.operand
                for step in steps
                if isinstance(step, Find | DropMatching)
                for leaf in leaves(step.query)
                if leaf.path == name and isinstance(leaf.operand, str | int | float | datetime | dict)
            ]
            for value in [*others[:3], *self._plain_values(name)]:
                yield _with_records(steps, partial(_with_value, name, value))
                for step_number, step in enumerate(steps):
                    for i, record in enumerate(_held(step)):
                        if record.get(name) is None:
                            yield _with_record(steps, step_number, i, {**record, name: value})

    def _plain_values(self, name: str) -> list[Any]:
        if not self._hub:
            return [1, 5, 'a']
        kind = TASKS.columns.get(name)
        if kind is TIMESTAMP:
            return [BEGINNING, BEGINNING + timedelta(days=400)]
        return [{'a': 1}] if kind is DOCUMENT else ['a', 'z']

    def _hoisted(self, steps: Steps) -> Iterator[Steps]:
        """With a field at the top in place of a path."""
        for path in sorted(path for path in named(steps) if '.' in path):
            name = self._free(steps)
            for change in (lambda record: _raised(record, path, name), lambda record: _without_path(record, path)):  # noqa: B023
                yield _renamed(_with_records(steps, change), lambda one: name if one == path else one)  # noqa: B023
            yield _renamed(steps, lambda one: path.partition('.')[0] if one == path else one)  # noqa: B023

    def _free(self, steps: Steps) -> str:
        """A field of any type that is not used."""
        if self._hub:
            return 'label'
        used = {name for record in records(steps) for name in record} | {
            path.partition('.')[0] for path in named(steps)
        }
        return next(letter for letter in LETTERS if letter not in used)

    # --- everywhere

    def _simpler_everywhere(self, steps: Steps) -> Iterator[Steps]:
        yield self._mapped(steps, _in_utc)
        yield self._mapped(steps, _whole)
        yield self._ranked(steps, datetime, lambda i: BEGINNING + timedelta(hours=i))
        yield self._ranked(steps, str, lambda i: LETTERS[i % 26])
        yield self._ranked(steps, int, lambda i: i + 1)
        yield self._ranked(steps, float, lambda i: i + 1)
        if self._hub:
            yield from self._as_texts(steps)
        else:
            yield self._ranked(steps, datetime, lambda i: i + 1)
            yield self._mapped(steps, lambda value: int(value) if isinstance(value, bool) else value)
        yield _with_all(steps, self._key, _sorted_keys)

    def _mapped(self, steps: Steps, change: Callable[[Any], Any]) -> Steps:
        return _with_all(steps, self._key, lambda value: mapped(value, change))

    def _ranked(self, steps: Steps, kind: type, make: Callable[[int], Any]) -> Steps:
        """With simple values in the order of the different ones that there are."""
        there = [
            value
            for record in records(steps)
            for name, field in record.items()
            if name != self._key
            for value in inside(field)
        ]
        there += [value for step in steps if isinstance(step, Find | DropMatching) for value in inside(step.query)]
        different: set[Any] = {value for value in there if type(value) is kind and value == value}
        try:
            ranks = {value: i for i, value in enumerate(sorted(different))}
        except TypeError:  # times with a zone and without
            return steps
        return self._mapped(
            steps, lambda value: make(ranks[value]) if type(value) is kind and value in ranks else value
        )

    def _as_texts(self, steps: Steps) -> Iterator[Steps]:
        """With texts in place of times, in columns of texts."""
        times = sorted({path for path in named(steps) if TASKS.columns.get(path) is TIMESTAMP})
        free = [name for name in ('stdout', 'stderr', 'queue') if name not in named(steps)]
        if times and len(times) <= len(free):
            names = dict(zip(times, free, strict=False))
            moved = _with_records(steps, lambda record: {names.get(k, k): v for k, v in record.items()})
            yield self._ranked(_renamed(moved, lambda path: names.get(path, path)), datetime, lambda i: LETTERS[i % 26])


def size(steps: Steps) -> tuple[int, int, int, int, int]:
    """How large they are."""
    there = list(records(steps))
    return (
        weight(traits_of(steps)),
        len(steps),
        len(there),
        sum(map(len, there)),
        sum(len(repr(step)) for step in steps),
    )


# --- steps


def _without_steps(steps: Steps) -> Iterator[Steps]:
    if len(steps) > 3:
        yield (steps[0], steps[-1])
    for i in range(len(steps) - 2, -1, -1):
        yield steps[:i] + steps[i + 1 :]


def _without_records(steps: Steps) -> Iterator[Steps]:
    for number, step in enumerate(steps):
        if isinstance(step, Add):
            count = len(step.records)
            for begin, end in _parts(count):
                yield _with(steps, number, Add(step.records[:begin] + step.records[end:]))


def _parts(count: int) -> Iterator[tuple[int, int]]:
    length = count // 2
    while length:
        yield from ((begin, begin + length) for begin in range(0, count, length) if length < count)
        length //= 2


def _at_each(steps: Steps, simpler: Callable[[Step], Iterator[Step]]) -> Iterator[Steps]:
    for number, step in enumerate(steps):
        yield from (_with(steps, number, other) for other in simpler(step))


def _simpler_query(step: Step) -> Iterator[Step]:
    if isinstance(step, Find | DropMatching):
        yield from (replace(step, query=query) for query in islice(reduced_queries(step.query), 100))


def _simpler_question(step: Step) -> Iterator[Step]:
    if isinstance(step, Find):
        nothing: dict[str, Any] = {'keys': None, 'sort': None, 'projection': None, 'limit': 0, 'skip': 0}
        for name, value in nothing.items():
            if getattr(step, name):
                yield replace(step, **{name: value})
        if step.sort:
            yield from (replace(step, sort=step.sort[:i] + step.sort[i + 1 :]) for i in range(len(step.sort)))
            yield replace(step, sort=[(path, 1) for path, _ in step.sort])
        if step.keys:
            yield from (replace(step, keys=step.keys[:i] + step.keys[i + 1 :]) for i in range(len(step.keys)))
        if step.projection:
            yield from (
                replace(step, projection={k: v for k, v in step.projection.items() if k != name})
                for name in step.projection
            )
    elif isinstance(step, State):
        yield from (State(step.keys[:i] + step.keys[i + 1 :]) for i in range(len(step.keys)))


# --- the same in other words


def _with(steps: Steps, number: int, step: Step) -> Steps:
    return (*steps[:number], step, *steps[number + 1 :])


def _held(step: Step) -> list[Record]:
    return step.records if isinstance(step, Add) else [step.changes] if isinstance(step, Update) else []


def _with_record(steps: Steps, number: int, i: int, record: Record) -> Steps:
    step = steps[number]
    if isinstance(step, Add):
        return _with(steps, number, Add([*step.records[:i], record, *step.records[i + 1 :]]))
    assert isinstance(step, Update)
    return _with(steps, number, Update(step.key, record))


def _with_records(steps: Steps, change: Callable[[Record], Record]) -> Steps:
    def changed(step: Step) -> Step:
        if isinstance(step, Add):
            return Add([change(record) for record in step.records])
        return step

    return tuple(map(changed, steps))


def _with_all(steps: Steps, key: str, change: Callable[[Any], Any]) -> Steps:
    """With all values changed in records and queries, but for the keys of records."""

    def of_record(record: Record) -> Record:
        return {name: value if name == key else change(value) for name, value in record.items()}

    def changed(step: Step) -> Step:
        match step:
            case Add():
                return Add([of_record(record) for record in step.records])
            case Update():
                return Update(step.key, of_record(step.changes))
            case Find() | DropMatching():
                return replace(step, query={k: v if k == key else change(v) for k, v in step.query.items()})
        return step

    return tuple(map(changed, steps))


def _renamed(steps: Steps, rename: Callable[[str], str]) -> Steps:
    """With other paths in questions and indexes."""

    def of_query(query: Any) -> Any:
        if isinstance(query, list):
            return [of_query(part) for part in query]
        if not isinstance(query, dict):
            return query
        return {
            key if key.startswith('$') else rename(key): of_query(value) if key in ('$and', '$or', '$nor') else value
            for key, value in query.items()
        }

    def changed(step: Step) -> Step:
        match step:
            case Find():
                return replace(
                    step,
                    query=of_query(step.query),
                    keys=step.keys and [rename(path) for path in step.keys],
                    sort=step.sort and [(rename(path), way) for path, way in step.sort],
                )
            case DropMatching():
                return DropMatching(of_query(step.query))
            case CreateIndex():
                return CreateIndex(rename(step.path))
        return step

    return tuple(map(changed, steps))


def _with_value(name: str, value: Any, record: Record) -> Record:
    return record if record.get(name) is not None else {**record, name: value}


def _without_path(record: Record, path: str) -> Record:
    return {key: value for key, value in record.items() if key != path.partition('.')[0]}


def _raised(record: Record, path: str, name: str) -> Record:
    """With the value at the path in a field of this name."""
    value = next(at(record, path.split('.')), ...)
    rest = _without_path(record, path)
    return rest if value is ... else {**rest, name: value}


def _in_utc(value: Any) -> Any:
    if not isinstance(value, datetime):
        return value
    return value.astimezone(UTC) if value.tzinfo else value.replace(tzinfo=UTC)


def _whole(value: Any) -> Any:
    return int(value) if isinstance(value, float) and value == value and abs(value) < 2**53 else value


def _sorted_keys(value: Any) -> Any:
    if isinstance(value, list):
        return [_sorted_keys(part) for part in value]
    if isinstance(value, dict):
        return {key: _sorted_keys(value[key]) for key in sorted(value)}
    return value
