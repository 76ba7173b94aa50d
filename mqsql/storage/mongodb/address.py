"""Addresses of collections: mongodb://user:password@host:port/database.collection?options."""

import re
from collections.abc import Collection
from dataclasses import dataclass
from typing import Any

from pymongo import MongoClient
from pymongo.errors import PyMongoError
from pymongo.uri_parser import parse_uri

from mqsql.errors import StorageError, printable


def client_options(timeout: float, given: Collection[str]) -> dict[str, Any]:
    """The options of a client that waits `timeout` seconds for a server, without those given, which are in small letters."""
    milliseconds = max(1, int(timeout * 1000))  # 0 is no limit there
    options = {'serverSelectionTimeoutMS': milliseconds, 'connectTimeoutMS': milliseconds, 'appname': 'mqsql'}
    return {name: value for name, value in options.items() if name.lower() not in given}


@dataclass(frozen=True)
class Address:
    """A collection of a server. `name` is what messages call it: without the user, the password and the options."""

    url: str
    name: str
    database: str
    collection: str
    options: frozenset[str]

    def client(self, timeout: float) -> 'MongoClient[dict[str, Any]]':
        """A client that waits `timeout` seconds for a server, unless the address has options of its own for that."""
        try:
            return MongoClient(self.url, connect=False, **client_options(timeout, self.options))
        except (PyMongoError, ValueError) as e:
            raise _wrong(self.url, e) from None


def read_address(url: str, collection: str) -> Address:
    """The parts of an address; `collection` is the default. StorageError for one that cannot be read."""
    try:
        parts = parse_uri(url, validate=True, warn=False)
    except (PyMongoError, ValueError) as e:
        raise _wrong(url, e) from None
    database, collection = parts['database'], parts['collection'] or collection
    hosts = ','.join(f'{host}:{port}' if port else host for host, port in parts['nodelist'])
    if not database:
        raise StorageError(f'mongodb://{hosts}: the address names no database; write mongodb://{hosts}/database')
    options = frozenset(name.lower() for name in parts['options'])
    return Address(url, f'mongodb://{hosts}/{database}.{collection}', database, collection, options)


def _wrong(url: str, error: Exception) -> StorageError:
    what = printable(str(error))
    user, _, _ = url.partition('://')[2].rpartition('@')
    # Of a password that is not encoded, pymongo may take a part for a port, and repeat it.
    if any(part in what for part in re.split('[:/@]', user) if part):
        what = _ENCODED
    return StorageError(f'the address of the MongoDB server cannot be used: {what}')


_ENCODED = (
    'in a name and a password, write each character other than letters, digits, _ . - and ~ as urllib.parse.quote_plus does; '
    'the address has the form mongodb://name:password@host:port/database.collection?options'
)
