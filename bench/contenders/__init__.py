"""The databases that are compared, and what each needs."""

import sys
from importlib import import_module
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import NamedTuple

from bench.contenders.base import Contender

LIMIT = 'limit'
OURS = 'mqsql'


class Entry(NamedTuple):
    """A contender: its title, the module and the class of its adapter, the package it needs, the Pythons that it runs on."""

    title: str
    module: str
    adapter: str
    package: str = ''
    pythons: tuple[tuple[int, int], tuple[int, int]] = ((3, 11), (3, 99))

    def missing(self) -> str:
        """Why it cannot take part, or nothing."""
        lowest, highest = self.pythons
        if not lowest <= sys.version_info[:2] <= highest:
            has = '.'.join(map(str, sys.version_info[:2]))
            bound = (
                f'{lowest[0]}.{lowest[1]} or newer'
                if sys.version_info < lowest
                else f'{highest[0]}.{highest[1]} at most'
            )
            return f'{self.package} needs Python {bound}, and this is {has}'
        return '' if not self.package or self.version() else f'{self.package} is not installed'

    def version(self) -> str:
        """Of its package, if that is installed."""
        try:
            return version(self.package) if self.package else ''
        except PackageNotFoundError:
            return ''

    def open(self, directory: Path) -> Contender:
        """The database, in an empty directory or with what it left there."""
        adapter: type[Contender] = getattr(import_module(f'bench.contenders.{self.module}'), self.adapter)
        return adapter(directory)


CONTENDERS: dict[str, Entry] = {
    LIMIT: Entry('limit', 'limit', 'Limit'),
    'limit-indexed': Entry('limit, indexes on paths', 'limit', 'IndexedLimit'),
    'limit-raw': Entry('limit, not decoded', 'limit', 'LimitRaw'),
    OURS: Entry('mqsql', 'ours', 'MqsqlFile'),
    'mqsql-interval': Entry('mqsql, commits every 2 s', 'ours', 'MqsqlInterval'),
    'mqsql-indexed': Entry('mqsql, indexes on paths', 'ours', 'MqsqlIndexed'),
    'mqsql-duckdb': Entry('mqsql, DuckDB', 'ours', 'MqsqlDuck', 'duckdb'),
    'mqsql-dict': Entry('mqsql, dicts', 'ours', 'MqsqlDict'),
    'mqsql-mongodb': Entry('mqsql over SecantusDB', 'mongo', 'MqsqlMongo', 'SecantusDB', pythons=((3, 11), (3, 13))),
    'ipyparallel-sqlite': Entry('ipyparallel SQLiteDB', 'shipped', 'ShippedSQLite', 'ipyparallel'),
    'ipyparallel-dict': Entry('ipyparallel DictDB', 'shipped', 'ShippedDict', 'ipyparallel'),
    'neosqlite': Entry('neosqlite', 'mongo', 'Neosqlite', 'neosqlite'),
    'secantusdb': Entry('SecantusDB', 'mongo', 'Secantus', 'SecantusDB', pythons=((3, 11), (3, 13))),
    'mongomock': Entry('mongomock', 'mongo', 'Mongomock', 'mongomock'),
    'montydb': Entry('montydb', 'mongo', 'Montydb', 'montydb'),
    'mongoeco': Entry('mongoeco', 'mongo', 'Mongoeco', 'mongoeco', pythons=((3, 13), (3, 99))),
    'tinymongo': Entry('tinymongo', 'mongo', 'Tinymongo', 'tinymongo'),
}
"""In the order in which they are shown."""
