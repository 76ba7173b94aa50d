"""Tables of Arrow against the records that the same answer gives: each value, and the type of each column."""

import base64
import json
import math
from datetime import UTC, datetime
from typing import Any

import pyarrow as pa
import pytest
from hypothesis import given, settings
from stores import holding
from tables import TABLE, drawn, finds

from mqsql.errors import MqsqlError
from mqsql.schema import Record
from mqsql.storage import Store
from mqsql.testing.drawing.projections import projection
from mqsql.testing.drawing.queries import query

pytestmark = pytest.mark.usefixtures('local_zone')

Ask = tuple[dict[str, Any], Any]
Find = tuple[dict[str, Any], dict[str, Any]]


def tagged(value: Any) -> Any:
    """What JSON has for a value: Extended JSON, as MongoDB says it. JSON does not tell two surrogates from their character."""
    if isinstance(value, dict):
        return {tagged(key): tagged(item) for key, item in value.items()}
    if isinstance(value, str):
        return value.encode('utf-16', 'surrogatepass').decode('utf-16', 'surrogatepass')
    if isinstance(value, list):
        return [tagged(item) for item in value]
    if isinstance(value, datetime):
        return {'$date': value.astimezone(UTC).strftime('%Y-%m-%dT%H:%M:%S.%fZ').rjust(27, '0')}
    if isinstance(value, bytes):
        return {'$binary': {'base64': base64.b64encode(value).decode(), 'subType': '00'}}
    if isinstance(value, float) and not math.isfinite(value):
        return {'$numberDouble': {'nan': 'NaN', 'inf': 'Infinity', '-inf': '-Infinity'}[str(value)]}
    return value


def at(value: Any, steps: list[str]) -> tuple[Any, ...]:
    """What a path leads to, in a tuple; an empty one if it leads nowhere."""
    if not steps:
        return (value,)
    if isinstance(value, list):
        return ([found for item in value if isinstance(item, dict) for found in at(item, steps)],)
    return at(value[steps[0]], steps[1:]) if isinstance(value, dict) and steps[0] in value else ()


def values_of(name: str, records: list[Record]) -> list[Any]:
    """The values of a column, by its name, of records with dotted keys as documents."""
    root, *steps = name.split('.')
    return [(at(record[root], steps) or (None,))[0] for record in records]


def utf8(text: str) -> str:
    """A text as UTF-8 can have it."""
    return ''.join('\ufffd' if '\ud800' <= character <= '\udfff' else character for character in text)


def same(one: Any, other: Any) -> bool:
    """Whether values are equal and of one type, NaN to itself."""
    return repr(one) == repr(other) and type(one) is type(other)


def check(field: pa.Field, cells: list[Any], values: list[Any]) -> None:
    """A column has these values."""
    present = [value for value in values if value is not None]
    kinds = {type(value) for value in present}
    if field.metadata == {b'mqsql': b'json'}:
        assert kinds <= {dict, list} or len(kinds) > 1 or not kinds
        found = [None if cell is None else json.loads(cell) for cell in cells]
        assert all(map(same, found, map(tagged, values)))
    elif pa.types.is_string(field.type):
        assert kinds <= {str}
        assert cells == [value if value is None else utf8(value) for value in values]
    elif pa.types.is_floating(field.type):
        assert kinds <= {int, float}
        assert all(map(same, cells, [None if value is None else float(value) for value in values]))
    elif pa.types.is_timestamp(field.type):
        assert field.type == pa.timestamp('us', 'UTC')
        assert cells == values
    elif pa.types.is_list(field.type):
        assert cells == [value if value is None else list(value) for value in values]
    else:
        assert field.type in (pa.int64(), pa.bool_(), pa.binary())
        assert all(map(same, cells, values))


def compare(store: Store, one: dict[str, Any], options: dict[str, Any]) -> None:
    """The table of an answer, and the stream, have what its records have; or none of them is there."""
    try:
        records = list(store.find(one, **options))
    except MqsqlError:
        with pytest.raises(MqsqlError):
            store.find(one, **options).to_arrow()
        return
    table = store.find(one, **options).to_arrow()
    assert table.num_rows == len(records)
    for field, column in zip(table.schema, table.columns, strict=True):
        check(field, column.to_pylist(), values_of(field.name, records))
    if records:
        assert {field.name.partition('.')[0] for field in table.schema} == set(records[0])
    streamed = pa.RecordBatchReader.from_stream(store.find(one, **options)).read_all()
    assert streamed.schema.equals(table.schema, check_metadata=True)
    assert repr(streamed.to_pylist()) == repr(table.to_pylist())  # NaN is not itself


URLS = [':memory:', 'dict:', 'duckdb::memory:']


@pytest.mark.parametrize('url', URLS)
def test_a_table_has_what_the_records_have(url: str) -> None:
    @settings(max_examples=settings().max_examples // (8 if url.startswith('duckdb') else 2))
    @given(finds())
    def run(asked: tuple[list[Record], list[Find]]) -> None:
        collection, calls = asked
        with holding(collection, url) as store:
            compare(store, {}, {'keys': TABLE.all_keys})
            for one, options in calls:
                compare(store, one, options)
                compare(store, {}, options)

    run()


@pytest.mark.parametrize('url', URLS)
def test_a_table_has_what_a_projection_gives(url: str) -> None:
    @settings(max_examples=settings().max_examples // (8 if url.startswith('duckdb') else 2))
    @given(drawn(lambda d, known: (query(d, known), projection(d, known))))
    def run(asked: tuple[list[Record], list[Ask]]) -> None:
        collection, calls = asked
        with holding(collection, url) as store:
            for _, wanted in calls:
                compare(store, {}, {'projection': wanted})

    run()


def fits(cell: Any, value: Any, type_: pa.Field) -> bool:
    """Whether a cell of a struct or a list has a value."""
    if cell is None or value is None:
        return cell is None and value is None
    if type_.metadata == {b'mqsql': b'json'}:
        return same(json.loads(cell), tagged(value))
    if pa.types.is_struct(type_.type):
        names = {field.name for field in type_.type}
        return set(value) <= names and all(fits(cell[f.name], value.get(f.name), f) for f in type_.type)
    if pa.types.is_list(type_.type) and isinstance(value, list):
        inner = type_.type.value_field
        return len(cell) == len(value) and all(fits(c, v, inner) for c, v in zip(cell, value, strict=True))
    if isinstance(value, str):
        return bool(cell == utf8(value))
    return same(cell, float(value) if pa.types.is_floating(type_.type) else value) or cell == value


@given(finds())
def test_structs_have_what_documents_have(asked: tuple[list[Record], list[Find]]) -> None:
    collection, _ = asked
    keys = TABLE.default_keys
    with holding(collection) as store:
        records = store.find({}, keys).to_list()
        table = store.find({}, keys).to_arrow(documents='struct')
    for field, column in zip(table.schema, table.columns, strict=True):
        for cell, record in zip(column.to_pylist(), records, strict=True):
            assert fits(cell, record[field.name], field)
