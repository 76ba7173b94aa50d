"""The encodings that follow from how mqsql stores values, whichever the database; see `values.codec`."""

from collections.abc import Callable, Mapping
from typing import Any

from mqsql.compiler.tree.params import Encoding
from mqsql.values.bson_order import bson_key, text_key, unordered_key
from mqsql.values.codec import encode_bound, encode_document, encode_end, encode_key, encode_text, encode_timestamp

STORED: Mapping[Encoding, Callable[[Any], Any]] = {
    Encoding.STRING: encode_text,
    Encoding.COLLATED: lambda pair: text_key(*pair),
    Encoding.NAME: encode_key,
    Encoding.LARGE_NUMBER: encode_bound,
    Encoding.MICROSECONDS: encode_timestamp,
    Encoding.JSON: encode_document,
    Encoding.KEY: lambda pair: bson_key(*pair),
    Encoding.UNORDERED_KEY: unordered_key,
    Encoding.AFTER: encode_end,
    Encoding.PATTERN: encode_text,
    Encoding.PATTERN_OPTIONS: encode_text,
    Encoding.RESULT: lambda make: make(),
}
"""What becomes the same parameter in every database that holds strings and JSON as text."""
