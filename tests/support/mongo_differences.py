"""Where a store of a MongoDB server differs from the others by its nature: the tests that it cannot pass, and why."""

DIFFERENCES = {
    'test_text_that_is_no_unicode_and_long_integers_come_back': 'BSON has neither; they are refused with a RecordError',
    'test_history_is_by_submission_and_those_without_come_first': 'the server orders records with equal keys as it likes',
}
"""By the name of the test."""
