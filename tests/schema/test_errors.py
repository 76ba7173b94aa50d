"""What the exceptions are to those who catch them, and what their messages say."""

import pytest

import mqsql
from mqsql.errors import DuplicateRecordError, MqsqlError, UnsupportedError, did_you_mean, short_repr


@pytest.mark.parametrize(
    ('error', 'also'),
    [
        (mqsql.QueryError, ValueError),
        (mqsql.UnknownNameError, mqsql.QueryError),
        (mqsql.UnknownNameError, KeyError),
        (mqsql.RecordError, ValueError),
        (mqsql.DuplicateRecordError, mqsql.RecordError),
        (mqsql.DuplicateRecordError, KeyError),
        (mqsql.MissingRecordError, KeyError),
        (mqsql.UnsupportedError, MqsqlError),
        (mqsql.StorageError, MqsqlError),
    ],
)
def test_an_error_can_be_caught_as(error: type[MqsqlError], also: type[Exception]) -> None:
    assert issubclass(error, also)
    assert issubclass(error, MqsqlError)


def test_a_message_is_the_sentence_also_where_it_is_a_key_error() -> None:
    assert str(mqsql.UnknownNameError('unknown key', 'keys')) == 'keys: unknown key'
    assert str(DuplicateRecordError('it is there')) == 'it is there'


def test_the_place_comes_first_and_is_kept() -> None:
    error = mqsql.QueryError('takes a datetime', '$or[1].started.$gte')
    assert str(error) == '$or[1].started.$gte: takes a datetime'
    assert error.path == '$or[1].started.$gte'
    assert mqsql.QueryError('takes a datetime').path == ''


def test_what_a_dialect_lacks_is_named() -> None:
    error = UnsupportedError('$glob', 'postgres', 'label.$glob')
    assert str(error) == 'label.$glob: $glob is not supported by postgres'
    assert (error.operator, error.dialect, error.path) == ('$glob', 'postgres', 'label.$glob')


class Unprintable:
    def __repr__(self) -> str:
        raise RuntimeError('no repr')


def test_a_value_is_shown_with_its_type_and_cut() -> None:
    assert short_repr(5) == '5 (int)'
    assert short_repr('a' * 1000) == "'" + 'a' * 78 + '… (str)'
    assert short_repr(Unprintable()).endswith('(Unprintable)')
    assert short_repr(10**5000).endswith('(int)')


def test_an_unknown_name_comes_with_the_nearest_known() -> None:
    assert did_you_mean('key', 'statred', ['started', 'label']) == "unknown key 'statred', did you mean 'started'?"
    assert did_you_mean('key', 'xyz', ['started', 'label']) == "unknown key 'xyz'"
