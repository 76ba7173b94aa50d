"""Tables, and TASKS, the one definition of a task record.

A task record is what an IPython Parallel hub keeps of a task; its keys are those of ipyparallel's documentation
("The IPython task database", ipyparallel.readthedocs.io), every other list of keys in the project is derived from here.
"""

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from functools import cached_property
from types import MappingProxyType
from typing import Any

from mqsql.errors import QueryError, RecordError, UnknownNameError, did_you_mean, named, short_repr
from mqsql.schema.columns import encoder
from mqsql.schema.definition import check_indexes, check_names, check_parts
from mqsql.schema.indexes import Index
from mqsql.schema.types import ANY, BUFFERS, DOCUMENT, STRING, TIMESTAMP, ColumnType
from mqsql.values.libraries import UnstorableError
from mqsql.values.plain import as_text, native

Record = dict[str, Any]
_TEXTS = {str}
Conversions = Mapping[str, Callable[[Any], Any]]


@dataclass(frozen=True, eq=False, repr=False)
class Table:
    """A table of records: `columns` by name in the order of storage, `key` the STRING column that names a record.

    `aliases` maps other names to columns; they work in queries and keys. `history` is the column by which
    `Store.get_history` sorts. Two tables are equal only if they are the same object. Raises ValueError for a definition
    that contradicts itself, or for a part of the wrong type.
    """

    name: str
    columns: Mapping[str, ColumnType]
    key: str
    aliases: Mapping[str, str] = field(default_factory=dict)
    indexes: tuple[Index, ...] = ()
    history: str | None = None

    def __post_init__(self) -> None:
        check_parts(self.name, self.columns, self.key, self.aliases, self.indexes, self.history)
        for what in ('name', 'key', 'history'):
            object.__setattr__(self, what, as_text(getattr(self, what)))
        for what in ('columns', 'aliases'):
            plain = {as_text(name): as_text(value) for name, value in dict(getattr(self, what)).items()}
            object.__setattr__(self, what, MappingProxyType(plain))
        object.__setattr__(self, 'indexes', tuple(self.indexes))
        check_names(self.name, self.buffers_table, self.columns, self.key, self.aliases, self.history)
        check_indexes(self.name, self.columns, self.indexes)

    def __repr__(self) -> str:
        columns = ', '.join(f'{name!r}: {kind!r}' for name, kind in self.columns.items())
        others = {'aliases': dict(self.aliases), 'indexes': self.indexes, 'history': self.history}
        options = ''.join(f', {name}={value!r}' for name, value in others.items() if value)
        return f'Table({self.name!r}, {{{columns}}}, {self.key!r}{options})'

    def rename(self, name: str) -> 'Table':
        """The same table under another name."""
        return replace(self, name=name)

    @cached_property
    def buffers_table(self) -> str:
        """The table that holds the blobs of this table's Buffers columns."""
        return f'{self.name.removesuffix("_records").removesuffix("s")}_buffers'

    @cached_property
    def default_keys(self) -> tuple[str, ...]:
        """What a query returns when no keys are asked for: every column but the Buffers, the key first."""
        rest = (c for c, kind in self.columns.items() if c != self.key and kind is not BUFFERS)
        return (self.key, *rest)

    @cached_property
    def all_keys(self) -> tuple[str, ...]:
        """Every column, the key first."""
        return (self.key, *(c for c in self.columns if c != self.key))

    @cached_property
    def column_indexes(self) -> tuple[Index, ...]:
        """Those of the indexes that are on columns alone."""
        return tuple(index for index in self.indexes if index.first_path is None)

    @cached_property
    def path_indexes(self) -> tuple[Index, ...]:
        """The other indexes."""
        return tuple(index for index in self.indexes if index.first_path is not None)

    @cached_property
    def unindexed(self) -> 'Table':
        """The same table without its indexes."""
        return replace(self, indexes=())

    @cached_property
    def _names(self) -> frozenset[str]:
        return frozenset(self.columns)

    def column(self, name: object, path: str = '') -> str:
        """The column of a name or alias; UnknownNameError names the nearest."""
        if type(name) is not str:
            name = as_text(name)
            if type(name) is not str:
                raise QueryError(f'a key is text, not {short_repr(name)}', path)
        column = self.aliases.get(name, name)
        if column not in self.columns:
            raise UnknownNameError(self._unknown(name), path)
        return column

    def _unknown(self, name: str) -> str:
        if name == '_id':
            return f'unknown key {name!r}; the key of a record is {self.key!r} here'
        return did_you_mean('key', name, (*self.columns, *self.aliases))

    def resolve(self, record: object) -> Record:
        """The given keys of a record by column, aliases resolved, the values as they are; RecordError for an odd key."""
        if type(record) is dict and _TEXTS.issuperset(map(type, record)) and self._names.issuperset(record):
            return record
        try:
            items = native(record)
        except UnstorableError as e:
            raise RecordError(f'a record is a dict; {e}') from e.__cause__
        if not isinstance(items, tuple):
            raise RecordError(f'a record is a dict, not {short_repr(record)}')
        return dict(self._resolved(items))

    def _resolved(self, items: Iterable[tuple[object, object]]) -> Iterator[tuple[str, object]]:
        seen = set()
        for name, value in items:
            try:
                column = self.column(name)
            except QueryError as e:
                raise RecordError(str(e)) from None
            if column in seen:
                raise RecordError(f'{named(column)} and another name of the same column are both given')
            seen.add(column)
            yield column, value

    @cached_property
    def _readers(self) -> Conversions:
        return {column: kind.coerce for column, kind in self.columns.items()}

    @cached_property
    def _encoders(self) -> Conversions:
        return {column: encoder(kind) for column, kind in self.columns.items()}

    def normalize(self, record: object) -> Record:
        """The given keys of a record as canonical values, aliases resolved; RecordError names what cannot be stored."""
        return _convert(self.resolve(record), self._readers)

    def encode(self, record: object, encoders: Conversions | None = None) -> Record:
        """What the columns store for the given keys of a record, but for Buffers, which are lists of bytes; see `normalize`.

        `encoders` are those of a database that is not SQLite, by column.
        """
        return _convert(self.resolve(record), encoders or self._encoders)

    def encode_resolved(self, record: Record) -> Record:
        """`encode` of what `resolve` gives."""
        return _convert(record, self._encoders)

    def encode_new(self, record: Record) -> Record:
        """The same without what has no value."""
        return _convert(record, self._encoders, nulls=False)


def _convert(record: Record, conversions: Conversions, *, nulls: bool = True) -> Record:
    converted: Record = {}
    column = ''
    try:
        for column, value in record.items():
            if value is not None:
                converted[column] = conversions[column](value)
            elif nulls:
                converted[column] = None
    except UnstorableError as e:
        raise RecordError(str(e), column + e.path) from e.__cause__
    return converted


TASKS = Table(
    name='task_records',
    key='msg_id',
    # Small values first: SQLite reads a row from its start.
    columns={
        'msg_id': STRING,
        'client_uuid': STRING,
        'engine_uuid': STRING,
        'submitted': TIMESTAMP,
        'started': TIMESTAMP,
        'completed': TIMESTAMP,
        'received': TIMESTAMP,
        'resubmitted': STRING,
        'queue': STRING,
        'label': ANY,
        'buffers': BUFFERS,
        'result_buffers': BUFFERS,
        'header': DOCUMENT,
        'metadata': DOCUMENT,
        'result_header': DOCUMENT,
        'result_metadata': DOCUMENT,
        'result_content': DOCUMENT,
        'error': DOCUMENT,
        'content': DOCUMENT,
        'execute_input': STRING,
        'execute_result': DOCUMENT,
        'display_data': DOCUMENT,
        'stdout': STRING,
        'stderr': STRING,
    },
    aliases={'complete': 'completed', 'pyin': 'execute_input', 'pyout': 'execute_result', 'pyerr': 'error'},
    # The second holds all that the hub's own `{'completed': None}` reads. SQLite takes NULLs for rare: an index whose later
    # columns are `completed` would be preferred to it.
    indexes=(
        Index(('submitted', 'msg_id')),
        Index(('completed', 'msg_id', 'started')),
        Index(('started',)),
        Index(('client_uuid', 'started')),
        Index(('engine_uuid',)),
        Index(('label',)),
    ),
    history='submitted',
)
"""The task record of an IPython Parallel hub."""
