"""What SQL cannot say: functions to be registered on a connection before it runs a compiled statement.

Imports `bson` and `schema` of the project. All are deterministic, and NULL in gives NULL or false out.
"""

import base64
import re
from collections.abc import Callable
from functools import lru_cache
from typing import Any

import orjson

from mqsql.compiler.bson import bson_key
from mqsql.schema.codec import decode_document, decode_text


def key_of(document: str | None) -> str | None:
    """A text that orders as the (encoded) document does in BSON."""
    return None if document is None else bson_key(decode_document(document))


def regex_matches(flags: int, pattern: str, subject: str | None) -> bool:
    """Whether the pattern is found in the stored text."""
    return subject is not None and _compile(pattern, flags).search(decode_text(subject)) is not None


@lru_cache(maxsize=256)
def _compile(pattern: str, flags: int) -> re.Pattern[str]:
    return re.compile(decode_text(pattern), flags)


def bits_set(binary: str | None, positions: str) -> int | None:
    """How many of the positions (a JSON array) are set in a stored binary, whose bytes are little-endian."""
    if binary is None or not binary.startswith('{"$binary"'):
        return None
    number = int.from_bytes(base64.b64decode(orjson.loads(binary)['$binary']['base64']), 'little')
    return sum(number >> int(position) & 1 for position in orjson.loads(positions))


FUNCTIONS: tuple[tuple[str, int, Callable[..., Any]], ...] = (
    ('mqsql_key', 1, key_of),
    ('mqsql_regex', 3, regex_matches),
    ('mqsql_bits', 2, bits_set),
)
"""Name in SQL, number of arguments, function."""
