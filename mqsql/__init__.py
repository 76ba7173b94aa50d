"""mqsql compiles MongoDB queries to SQL.

A name is imported when it is first used: `import mqsql` alone loads no other module.
"""

TYPE_CHECKING = False  # as type checkers read it; importing `typing` takes longer than all else here
if TYPE_CHECKING:
    from mqsql.compiler import Query, compile
    from mqsql.errors import (
        DuplicateRecordError,
        MissingRecordError,
        MqsqlError,
        QueryError,
        RecordError,
        StorageError,
        UnknownNameError,
        UnsupportedError,
    )
    from mqsql.reference.documents import matcher, matches
    from mqsql.schema import ANY, BOOLEAN, BUFFERS, DOCUMENT, NUMBER, STRING, TASKS, TIMESTAMP, Index, Table
    from mqsql.storage import Store, open

__version__ = '0.1.0'

__all__ = [
    'ANY',
    'BOOLEAN',
    'BUFFERS',
    'DOCUMENT',
    'NUMBER',
    'STRING',
    'TASKS',
    'TIMESTAMP',
    'DuplicateRecordError',
    'Index',
    'MissingRecordError',
    'MqsqlError',
    'Query',
    'QueryError',
    'RecordError',
    'StorageError',
    'Store',
    'Table',
    'UnknownNameError',
    'UnsupportedError',
    'compile',
    'matcher',
    'matches',
    'open',
]

_ELSEWHERE = {
    'Index': 'schema',
    'Query': 'compiler',
    'Store': 'storage',
    'Table': 'schema',
    **dict.fromkeys(('ANY', 'BOOLEAN', 'BUFFERS', 'DOCUMENT', 'NUMBER', 'STRING', 'TASKS', 'TIMESTAMP'), 'schema'),
    'compile': 'compiler',
    'matcher': 'reference.documents',
    'matches': 'reference.documents',
    'open': 'storage',
}
"""The module of each name that is not in `errors`."""

_PACKAGES = ('compiler', 'errors', 'reference', 'schema', 'storage')
"""The modules that are attributes without an import of their own."""

if not TYPE_CHECKING:  # or a type checker would take every name for one of this module

    def __getattr__(name):
        from importlib import import_module

        if name in _PACKAGES:
            return import_module(f'{__name__}.{name}')
        if name not in __all__:
            raise AttributeError(f'module {__name__!r} has no attribute {name!r}')
        value = getattr(import_module(f'{__name__}.{_ELSEWHERE.get(name, "errors")}'), name)
        globals()[name] = value  # so that this is called once for each name
        return value

    def __dir__():
        return sorted({*globals(), *__all__, *_PACKAGES})
