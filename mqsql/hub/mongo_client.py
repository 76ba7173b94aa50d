"""Makes the client of a MongoDB server out of the options of a hub, which are the arguments of `pymongo.MongoClient`."""

from collections.abc import Mapping, Sequence
from typing import Any

from pymongo import MongoClient
from pymongo.errors import PyMongoError
from pymongo.uri_parser import parse_uri

from mqsql.errors import StorageError, printable
from mqsql.storage.mongodb.address import client_options

Client = MongoClient[dict[str, Any]]

_WRITE_CONCERN = {'w', 'j', 'journal', 'fsync'}


def make_client(arguments: Sequence[Any], options: Mapping[str, Any], timeout: float) -> Client:
    """A client that has not connected yet and starts no thread; StorageError, without a password, for a wrong argument.

    Unless options say otherwise, it waits `timeout` seconds for a server, and the server acknowledges a change when it is in
    its journal. Records are always read where they are written, from the primary.
    """
    try:
        given = {*map(str.lower, options), *_given_in_urls(arguments, options)}
        chosen = client_options(timeout, given)
        if not given & _WRITE_CONCERN:
            chosen['journal'] = True
        chosen |= {**options, 'connect': False, 'readPreference': 'primary'}
        client = Client(*arguments, **chosen)
    except (PyMongoError, TypeError, ValueError) as e:
        raise StorageError(f'c.MongoDB.connection_args or connection_kwargs cannot be used: {printable(str(e))}') from e
    if not client.write_concern.acknowledged:
        raise StorageError('c.MongoDB.connection_kwargs has w=0; a hub must know what the server has written')
    return client


def _given_in_urls(arguments: Sequence[Any], options: Mapping[str, Any]) -> set[str]:
    """The names of the options in URLs, in small letters; errors of pymongo for one that it would only warn of."""
    hosts = arguments[0] if arguments else options.get('host')
    urls = [host for host in (hosts if isinstance(hosts, list | tuple) else [hosts]) if isinstance(host, str)]
    for url in urls:
        if url.startswith('mongodb://'):
            parse_uri(url, validate=True, warn=False)
    return {option.partition('=')[0].lower() for url in urls for option in url.partition('?')[2].split('&')}


def hosts_of(client: Client) -> str:
    """The servers of a client for messages."""
    hosts = client.topology_description.server_descriptions()
    return ','.join(f'{host}:{port}' if port else str(host) for host, port in hosts)
