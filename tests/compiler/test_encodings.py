"""Every encoding of operands has a function, unless the value is bound as it is; and what SQLite gets for each."""

from datetime import UTC, datetime
from typing import Any

import pytest

from mqsql.compiler.dialects.sqlite import SQLITE
from mqsql.compiler.encodings import STORED
from mqsql.compiler.tree.params import Encoding, OperandType, Param

DAY = datetime(2026, 1, 1, tzinfo=UTC)


def test_every_encoding_has_a_function() -> None:
    assert {Encoding.PLAIN, *STORED, *SQLITE.encode} == set(Encoding)
    assert not set(STORED) & set(SQLITE.encode)


@pytest.mark.parametrize(
    ('param', 'bound'),
    [
        (Param(7), 7),
        (Param('a\0', Encoding.STRING), 'a\x01\U000f1000'),
        (Param(DAY, Encoding.TIMESTAMP), 1767225600000000),
        (Param(DAY, Encoding.JSON), '{"$date":"2026-01-01T00:00:00.000000Z"}'),
        (Param(2**53 + 1, Encoding.FLOOR), 2**53 + 1),
        (Param(2**64 + 1, Encoding.FLOOR), 2.0**64),
        (Param(2**64 + 1, Encoding.CEILING), 2.0**64 + 4096),
        (Param(5, Encoding.LARGE_NUMBER), '{"$numberDouble":".'),
        (Param(True, Encoding.JSON_BOOLEAN), 'true'),
        (Param(True, Encoding.BOOLEAN), 1),
        (Param('[!a]*', Encoding.GLOB), '[^a]*'),
        (Param(lambda: 'made', Encoding.RESULT), 'made'),
        (Param([DAY], Encoding.TIMESTAMP, many=True), '[1767225600000000]'),
        (Param(['$a'], Encoding.NAME, many=True), '["$$a"]'),
    ],
)
def test_sqlite_gets(param: Param, bound: Any) -> None:
    assert SQLITE.bind({'p0': param, 'unused': param}, frozenset({'p0'})) == {'p0': bound}


def test_a_dialect_says_how_it_matches_a_pattern() -> None:
    patterns = {'a*': OperandType.GLOB, '[!a]': OperandType.CHARACTERS_GLOB, 'x' * 501: OperandType.FUNCTION}
    assert {pattern: SQLITE.glob_type(pattern) for pattern in patterns} == patterns
