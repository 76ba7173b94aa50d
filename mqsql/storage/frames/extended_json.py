"""JSON of values, in the relaxed form of MongoDB's Extended JSON: {"$date": …}, {"$binary": …} and {"$numberDouble": "NaN"}."""

import base64
import json
import math
from datetime import UTC, datetime
from typing import Any

from mqsql.values.codec import encode_plain


def to_json(value: Any) -> str:
    """The JSON of a canonical value."""
    return encode_plain(value) or json.dumps(_tagged(value), separators=(',', ':'))


def _tagged(value: Any) -> Any:
    match value:
        case dict():
            return {key: _tagged(item) for key, item in value.items()}
        case list():
            return [_tagged(item) for item in value]
        case datetime():
            moment = value.astimezone(UTC).isoformat(timespec='microseconds')
            return {'$date': f'{moment.removesuffix("+00:00")}Z'}
        case bytes():
            return {'$binary': {'base64': base64.b64encode(value).decode(), 'subType': '00'}}
        case float() if not math.isfinite(value):
            return {'$numberDouble': 'NaN' if value != value else 'Infinity' if value > 0 else '-Infinity'}
        case _:
            return value
