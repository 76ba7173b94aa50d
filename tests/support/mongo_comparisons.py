"""Compares what a store answers on a MongoDB server with what the reference says to the same drawn calls.

A call is made one that has a single answer on a server: times end at milliseconds, as BSON's do; what a sort leaves open is
sorted by the key; without a sort, the order does not count. Records that BSON cannot hold are left out and counted, and so are
queries that MongoDB has no words for. A server of the tests deviates from MongoDB at times: where its answer differs,
`mongo_deviations` must name the reason, and the call is counted as deviating.
"""

import tempfile
from collections import Counter
from collections.abc import Iterable, Iterator
from contextlib import ExitStack, suppress
from datetime import datetime
from pathlib import Path
from typing import Any

from hypothesis.strategies import SearchStrategy
from mongo_deviations import deviations, parts
from mongo_servers import GIVEN, Place, place, running
from mongo_stores import opened
from rounds import ROUNDS, Call, DifferenceError, create_indexes, expressions, note
from stores import ids, outcome
from tables import TABLE, places

from mqsql import reference
from mqsql.errors import RecordError, UnsupportedError
from mqsql.schema import Record, Table
from mqsql.storage import Store
from mqsql.storage.mongodb.documents import to_fields
from mqsql.storage.mongodb.queries import translate
from mqsql.testing.drawing.queries import operators_in
from mqsql.testing.drawing.random_draws import POOL, RandomDraws
from mqsql.values.plain import read_plain


def in_milliseconds(value: Any) -> Any:
    """The same with all times cut off at milliseconds."""
    match value:
        case datetime():
            return value.replace(microsecond=value.microsecond // 1000 * 1000)
        case list():
            return [in_milliseconds(part) for part in value]
        case dict():
            return {key: in_milliseconds(part) for key, part in value.items()}
    return value


class MillisecondDraws(RandomDraws):
    """The choices of `random`, whose times end at milliseconds, so that those made of them do, too: as text, say."""

    def _draw(self, strategy: SearchStrategy[Any]) -> Any:
        return in_milliseconds(super()._draw(strategy))


def storable(kind: str, records: Iterable[Record]) -> Iterator[Record]:
    """Those records that BSON can hold, and the server.

    SecantusDB fails where an index meets a DBRef in an array; of the columns of several types only the label has an index.
    """
    for record in records:
        if kind == 'secantus' and any(isinstance(part, dict) and '$ref' in part for part in parts(record.get('label'))):
            continue
        with suppress(RecordError):
            to_fields(TABLE.normalize(record))
            yield record


def definite(call: Call) -> Call:
    """The call, sorted by the key to the end where it matters which record comes first."""
    name, arguments, options = call
    options = in_milliseconds(options)
    if name == 'find_one' or (name == 'find' and options.keys() & {'sort', 'limit', 'skip'}):
        options['sort'] = list({**dict(options.get('sort', ())), TABLE.key: 1}.items())
    return name, tuple(map(in_milliseconds, arguments)), options


def comparable(call: Call, answer: str) -> str:
    """The answer, with its lines sorted where the server may give them in any order."""
    _, _, options = call
    return answer if 'sort' in options else '\n'.join(sorted(answer.split('\n')))


def drop(records: list[Record], query: Any, *, table: Table) -> list[str]:
    """The keys of the records that are left if those that match are dropped."""
    gone = {record[table.key] for record in reference.find(records, query, [], table=table)}
    return [record[table.key] for record in records if record[table.key] not in gone]


class Comparing:
    """A store on a server, and the records that it holds at the moment."""

    def __init__(self, kind: str, store: Store) -> None:
        self.kind, self.store, self.done = kind, store, Counter[str]()
        self.records: list[Record] = []
        self.indexes = self._own = store.list_indexes()

    def fill(self, d: RandomDraws, records: list[Record]) -> None:
        """Hold these records and no others; sometimes with more indexes than those of the table."""
        self.store.drop_matching_records({})
        for name in self.indexes.keys() - self._own.keys():
            self.store.drop_index(name)
        self.records = list(storable(self.kind, map(in_milliseconds, records)))
        self.done['records'] += len(records)
        self.done['not held'] += len(records) - len(self.records)
        self.store.add_records(self.records)
        if d.once_in(4):
            create_indexes(d, self.store, places(self.records))
        self.indexes = self.store.list_indexes()

    def drop(self, query: Any) -> list[str]:
        """Drop the records that match; the keys of those that are left."""
        self.store.drop_matching_records(query)
        return ids(self.store, {})

    def compare(self, call: Call) -> None:
        """Ask both; DifferenceError if they do not agree and nothing explains it. After 'drop', the store is to be filled."""
        call = name, arguments, options = definite(call)
        said, asked = (drop, self.drop) if name == 'drop' else (getattr(reference, name), getattr(self.store, name))
        expected = outcome(said, self.records, *arguments, **options, table=TABLE)
        given = outcome(asked, *arguments, **options)
        self.done['asked'] += 1
        if comparable(call, given) == comparable(call, expected):
            note(self.done, call, expected, len(self.records))
            self.done.update(set(operators_in(arguments[-1])))
        elif given == f'raises {UnsupportedError.__name__}':
            self.done['not said'] += 1
        else:
            self._explain(call, expected, given)

    def _explain(self, call: Call, expected: str, given: str) -> None:
        name, arguments, options = call
        documents = [{'_id': one[TABLE.key], **{k: v for k, v in one.items() if v is not None}} for one in self.records]
        ways = [pair for keys in self.indexes.values() for pair in keys]
        reasons = deviations(
            self.kind,
            translate(read_plain(arguments[-1]), TABLE),
            documents,
            paths=[path for path, _ in options.get('sort', ())],
            indexed={TABLE.key: 1} | {key: way for wanted in (1, -1) for key, way in ways if way == wanted},
            distinct=arguments[0] if name == 'distinct' else None,
            collation=options.get('collation'),
        )
        if not reasons:
            raise DifferenceError(
                f'records = {self.records!r}\nindexes = {self.indexes!r}\n{name}(*{arguments!r}, **{options!r})\n'
                f'reference:\n{expected}\n{self.kind}:\n{given}'
            )
        self.done['deviating'] += 1
        self.done.update(f'deviation: {reason}' for reason in reasons)


def compare(number: int, mongo: Place, count: int, values: int = POOL) -> Counter[str]:
    """Some comparisons of one seed on a server, and how many of what kind they were."""
    d = MillisecondDraws(number, values)
    # SecantusDB does not come to the end of some functions of expressions, and then answers nobody.
    rounds = [one for one in ROUNDS if one is not expressions or mongo.kind == 'given']
    with opened(mongo, table=TABLE) as store:
        comparing = Comparing(mongo.kind, store)
        while comparing.done['compared'] < count:
            records, drawn = d.pick(rounds)(d)
            comparing.fill(d, records)
            for call in drawn:
                comparing.compare(call)
            for _, arguments, _ in drawn[:1]:
                comparing.compare(('drop', arguments[-1:], {}))
    return comparing.done


def compare_alone(number: int, count: int, values: int = POOL) -> Counter[str]:
    """The same on a server of its own, or on the one that is given."""
    with ExitStack() as stack:
        kind, url = 'given', GIVEN
        if not url:
            directory = Path(stack.enter_context(tempfile.TemporaryDirectory()))
            kind, url = 'secantus', stack.enter_context(running('secantus', directory)).url
        return compare(number, stack.enter_context(place(kind, url)), count, values)
