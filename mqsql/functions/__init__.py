"""The functions that compiled statements call: they are registered on a connection before it runs one.

All are deterministic and total: SQLite may call them before it tests
whether a value has the type that they are for.
"""

import base64
import re
from collections.abc import Callable
from functools import lru_cache
from typing import Any

import orjson

from mqsql import patterns
from mqsql.errors import QueryError
from mqsql.functions.expressions import evaluate
from mqsql.functions.glob import matches
from mqsql.functions.json_schema import SCHEMA_FUNCTIONS
from mqsql.functions.sort_key import one_array, sort_key
from mqsql.functions.sort_rank import sort_rank, sort_value
from mqsql.values.bson_order import bson_key, text_key
from mqsql.values.codec import decode_document, decode_text
from mqsql.values.collation import Collation


def key_of(document: object, *collation: int) -> str | None:
    """A text that orders as the (encoded) document or array does in BSON; NULL for anything else."""
    if not isinstance(document, str) or document[:1] not in ('{', '['):
        return None
    try:
        return bson_key(decode_document(document), Collation.of(collation))
    except ValueError:
        return None  # text that only begins like JSON, or that another program stored


def collate(text: object, strength: int, numeric: int) -> str | None:
    """A text that orders as the stored one does in a collation; NULL for anything else."""
    return text_key(decode_text(text), Collation(strength, bool(numeric))) if isinstance(text, str) else None


def regex_matches(how: str, pattern: str, subject: object) -> bool:
    """Whether the pattern is found in the stored text; `how` has its options and, after a colon, its place in the query."""
    if not isinstance(subject, str):
        return False
    try:
        return _pattern(how, pattern).found_in(decode_text(subject))
    except patterns.PatternError as e:
        raise QueryError(str(e), decode_text(how.partition(':')[2])) from None


@lru_cache(maxsize=16)
def _pattern(how: str, pattern: str) -> patterns.Pattern:
    return patterns.compile(decode_text(pattern), how.partition(':')[0])


def glob_matches(pattern: str, subject: object) -> bool:
    """Whether the stored text matches the pattern, as in `fnmatch.fnmatchcase`."""
    return isinstance(subject, str) and matches(decode_text(pattern), decode_text(subject))


def bits_set(binary: object, positions: str) -> int | None:
    """How many of the positions (a JSON array) are set in a stored binary, whose bytes are little-endian."""
    if not isinstance(binary, str) or not (found := _BINARY.fullmatch(binary)):
        return None
    try:
        found_bytes = base64.b64decode(found[1])
    except ValueError:
        return None  # another program stored this
    places = (divmod(int(position), 8) for position in orjson.loads(positions))
    return sum(found_bytes[byte] >> bit & 1 for byte, bit in places if byte < len(found_bytes))


_BINARY = re.compile(r'\{"\$binary":\{"base64":"([A-Za-z0-9+/=]*)","subType":"00"}}')


def is_utf8(stored: bytes) -> bool:
    """Whether these bytes are text."""
    try:
        stored.decode()
    except UnicodeDecodeError:
        return False
    return True


def is_json(stored: bytes) -> bool:
    """Whether these bytes are JSON whose texts are all UTF-8 too, lone surrogates in escapes being none."""
    try:
        orjson.loads(stored)
    except ValueError:
        return False
    return True


ANY_NUMBER = -1

FUNCTIONS: tuple[tuple[str, int, Callable[..., Any]], ...] = (
    ('mqsql_key', 1, key_of),
    ('mqsql_key', 3, key_of),
    ('mqsql_collate', 3, collate),
    ('mqsql_regex', 3, regex_matches),
    ('mqsql_glob', 2, glob_matches),
    ('mqsql_bits', 2, bits_set),
    ('mqsql_utf8', 1, is_utf8),
    ('mqsql_json', 1, is_json),
    ('mqsql_sort_key', 2, sort_key),
    ('mqsql_sort_key', 4, sort_key),
    ('mqsql_one_array', ANY_NUMBER, one_array),
    ('mqsql_sort_rank', 2, sort_rank),
    ('mqsql_sort_value', 2, sort_value),
    ('mqsql_expr', ANY_NUMBER, evaluate),
    *SCHEMA_FUNCTIONS,
)
"""Name in SQL, number of arguments, function."""
