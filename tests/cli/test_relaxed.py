"""QUERY as it is typed."""

import json
import re
from datetime import UTC, datetime
from typing import Any

import pytest

from mqsql.cli.relaxed import QuerySyntaxError, read_query

AT = datetime(2026, 11, 22, 20, 15, tzinfo=UTC)


@pytest.mark.parametrize(
    ('text', 'query'),
    [
        ('{}', {}),
        ('{"a": 1}', {'a': 1}),
        ('{a: 1,}', {'a': 1}),
        ("{'a.b': 'x', $or: [{a: null}, {b: {$gt: 2.5}},],}", {'a.b': 'x', '$or': [{'a': None}, {'b': {'$gt': 2.5}}]}),
        (
            '{a: true, b: 0x10, c: .5, d: +1, e: 123456789012345678901}',
            {'a': True, 'b': 16, 'c': 0.5, 'd': 1, 'e': 123456789012345678901},
        ),
        ('// a comment\n{a: /* another */ 1}', {'a': 1}),
        ('{a: {$date: "2026-11-22T20:15:00Z"}}', {'a': AT}),
        ('{a: {$date: "2026-11-22T20:15:00"}}', {'a': AT}),
        ('{a: {$date: 1795378500000}}', {'a': AT}),
        ('{a: {$date: {$numberLong: "1795378500000"}}}', {'a': AT}),
        ('{a: {$in: [{$date: "2026-11-22T21:15+01:00"}]}}', {'a': {'$in': [AT]}}),
        ('{a: {$numberLong: "5"}, b: {$numberInt: "6"}, c: {$numberDouble: "7"}}', {'a': 5, 'b': 6, 'c': 7.0}),
        ('{a: {$binary: {base64: "AAE=", subType: "00"}}}', {'a': b'\0\1'}),
        ('{a: {$binary: "AAE=", $type: "00"}}', {'a': b'\0\1'}),
        ('{a: {$uuid: "c8daff0d5d8041f49e5f2b7b27a8d2e2"}}', {'a': 'c8daff0d-5d80-41f4-9e5f-2b7b27a8d2e2'}),
        (
            '{a: {$binary: {base64: "yNr/DV2AQfSeXyt7J6jS4g==", subType: "04"}}}',
            {'a': 'c8daff0d-5d80-41f4-9e5f-2b7b27a8d2e2'},
        ),
        ('{a: {$regularExpression: {pattern: "^a", options: "i"}}}', {'a': re.compile('^a', re.IGNORECASE)}),
        ('{a: {$regex: "^a", $options: "i"}}', {'a': {'$regex': '^a', '$options': 'i'}}),
    ],
)
def test_queries(text: str, query: dict[str, Any]) -> None:
    read = read_query(text)
    assert read == query
    assert repr(read) == repr(query)  # 5 and 5.0 are equal


@pytest.mark.parametrize(
    ('text', 'said'),
    [
        ('', 'QUERY is empty; {} finds every record'),
        ('[]', "QUERY is an object such as {label: 'a'}, not []"),
        ('{a: 1', 'QUERY ends too early, after {a: 1'),
        ("{a: 'x}", "QUERY ends too early, after {a: 'x}"),
        ('{a: {$gt: }}', 'QUERY: unexpected "}" at character 11, here: {a: {$gt:  → }}'),
        ('{\n a: 1\n b: 2}', 'at character 10, here: {\\n a: 1\\n  → b: 2}'),
        ('{content.args: 1}', "; put a key with dots in quotes: 'result_content.ename'"),
        ('{a-b: 1}', '; put a key with a hyphen in quotes'),
        ('{a: None}', '; write null, true, false'),
        ('{a: True}', '; write null, true, false'),
        ("{a: ISODate('2026-01-01')}", "; write a time as {$date: '2026-11-22T20:15:00Z'}"),
        ('{a: new Date(1)}', "; write a time as {$date: '2026-11-22T20:15:00Z'}"),
        ('{a: /x/}', "; write a pattern as {$regex: '^a', $options: 'i'}"),
        ('{a: 1, b: 2, a: 3}', "QUERY has the key 'a' twice in one object; combine them by $and"),
        ('{"a": {"b": 1, "b": 2}}', "QUERY has the key 'b' twice"),
        ('[' * 5000, 'QUERY is nested too deeply'),
        ('{a:' * 5000, 'QUERY is nested too deeply'),
        ('{a: {$date: "x"}}', 'QUERY: a.$date: takes a time such as'),
        ('{$or: [{a: {$date: true}}]}', 'QUERY: $or[0].a.$date: takes a time such as'),
        ('{a: {$numberLong: 5}}', 'QUERY: a.$numberLong: takes an integer as text, not 5 (int)'),
        ('{a: {$regularExpression: {pattern: "("}}}', 'QUERY: a.$regularExpression: takes {"pattern"'),
        ('{a: {$binary: {base64: "?"}}}', 'QUERY: a.$binary: takes {"base64"'),
        ('{a: {$uuid: "x"}}', 'QUERY: a.$uuid: takes the text of a UUID'),
        ('\x1b[31m', 'QUERY: unexpected "\\x1b" at character 1'),
    ],
)
def test_mistakes_are_shown(text: str, said: str) -> None:
    with pytest.raises(QuerySyntaxError, match=re.escape(said)) as caught:
        read_query(text)
    assert caught.value.exit_code == 2
    assert caught.value.message.isprintable()


def test_a_long_query_of_plain_json_is_not_read_by_the_slow_parser() -> None:
    import json5

    ids = [f'id-{i}' for i in range(1000)]
    text = json.dumps({'msg_id': {'$in': ids}})
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(json5, 'loads', None)
        assert read_query(text) == {'msg_id': {'$in': ids}}
