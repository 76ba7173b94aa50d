"""Which tests of stores cannot pass on a MongoDB server, and which not on one of the servers of `mongo_servers`; and why."""

BY_NATURE = {
    'test_text_that_is_no_unicode_and_long_integers_come_back': 'BSON has neither; they are refused with a RecordError',
    'test_history_is_by_submission_and_those_without_come_first': 'the server orders records with equal keys as it likes',
}
"""Tests of all stores, by name; MongoDB itself does not pass them.

Not among all stores are those tests that a server decides: a `find` gives the records of the time when they are read, each of a
purge's thousands is deleted by itself, times compare by milliseconds, and how a slow query is ended is the server's to say.
test_mongodb_failures has its own tests of deadlines, threads, forks and closing.
"""

NOT_IN_NX = ('Decimal128', 'Regex', 'DBRef', 'Timestamp', 'MinKey', 'MaxKey')

NATURAL = (
    'test_what_happens_at_once_is_given_in_order',
    'test_one_task_ends_while_another_is_submitted',
    'test_a_history_that_begins_is_given_whole',
    'test_the_last_events_are_not_repeated',
    'test_only_the_kinds_that_are_asked_for_are_given',
    'test_more_tasks_than_are_looked_at_at_once',
    'test_a_purge_makes_nothing_new',
)

DEVIATIONS: dict[str, dict[str, str]] = {
    'secantus': {
        'test_a_label_of_a_class_of_its_own_is_stored_and_found_as_its_text': 'with an index a pattern is compared as a value',
        'test_a_regular_expression_of_bson_is_a_pattern': 'with an index a pattern is compared as a value',
        'test_a_foreign_value_costs_only_itself[DBRef]': 'distinct values fail where one is a DBRef',
        **dict.fromkeys(NATURAL, 'the order of insertion is never reversed'),
    },
    'nx': {
        'test_no_microseconds_are_left_of_a_replaced_value[value1]': 'a time that replaces an object becomes text',
        'test_microseconds_of_a_time_that_another_program_changed_are_not_its_own': 'a time set at a path becomes text',
        'test_odd_values_come_back_after_adding_and_after_a_change[floats]': 'there is no infinity',
        'test_nan_comes_back': 'there is no NaN',
        'test_any_text_is_a_key[a\\x00b]': 'text that is compared ends at NUL',
        'test_a_record_beyond_16_mib_is_refused_and_leaves_nothing[text]': 'binary data has no subtype',
        'test_a_record_beyond_16_mib_is_refused_and_leaves_nothing[document]': 'binary data has no subtype',
        'test_a_record_that_grows_beyond_16_mib_is_refused_and_stays': 'an update makes documents of any size',
        'test_what_the_shipped_class_wrote_is_found': 'a pattern of BSON finds nothing',
        'test_what_the_shipped_class_wrote_is_changed_and_dropped': 'a pattern of BSON finds nothing',
        'test_two_records_with_one_key_are_a_storage_error': 'the error for them has no code',
        **dict.fromkeys(
            [f'test_a_foreign_value_costs_only_itself[{name}]' for name in NOT_IN_NX],
            'there are no such values',
        ),
    },
}
"""By the server, and by the name of the test without the server's: where the server does not do what MongoDB does."""


def why_not(kind: str, name: str) -> str:
    """Why a server does not pass the test of this name; '' if it does."""
    bare = name.replace(f'[{kind}-', '[').replace(f'[{kind}]', '')
    known = DEVIATIONS.get(kind, {})
    return known.get(bare) or known.get(bare.partition('[')[0], '')
