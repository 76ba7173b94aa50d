"""A class of tests that a database's own tests subclass: whatever a hub asks of its database, answered as MongoDB does."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any, ClassVar
from unittest import SkipTest

from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st
from hypothesis.stateful import run_state_machine_as_test

from mqsql.schema import TASKS, Record, Table
from mqsql.testing.asking import Beside
from mqsql.testing.drawing.histories import updates
from mqsql.testing.drawing.languages import DOCUMENTED
from mqsql.testing.drawing.scope import scope_of
from mqsql.testing.machine import machine
from mqsql.testing.strategies import finds, histories, queries

QUERIES = 5
"""Asked of one history."""

THOUSAND = 1_200
"""As many ids as a client may ask for at once: more than an SQL statement has terms or parameters in some databases."""


class BackendContract:
    """Tests of a database of a hub, for its own tests to subclass; pytest and unittest run them.

        import tempfile
        from mqsql.testing import BackendContract

        class TestMine(BackendContract):
            def make(self):
                return MyDB(tempfile.mkdtemp())

    A database has the eight methods that IPython Parallel's hub calls: add_record, get_record, update_record, drop_record,
    drop_matching_records, find_records, get_history and close, which may be missing.

    Records and queries are drawn by Hypothesis, which shrinks what fails to the smallest; a failure says the records, the
    query, what MongoDB would answer, and what came.
    """

    table: ClassVar[Table] = TASKS
    """The columns of records."""
    language: ClassVar[str] = 'documented'
    """The queries: 'documented', 'find' or 'full'; see `mqsql.testing.queries`."""
    values: ClassVar[str] = 'usual'
    """The values in records and queries: 'usual' or 'all'."""
    without: ClassVar[tuple[str, ...]] = ()
    """Operators that are left out, since the database does not have them, or a known defect would hide others."""
    joined: ClassVar[tuple[str, ...]] = ()
    """Columns in which an update adds to what is there; updates leave them out here."""
    natural_order: ClassVar[bool] = False
    """Whether records come in the order in which they were added, as far as nothing else is asked for."""
    options: ClassVar[bool] = False
    """Whether the database has a method `find(query, keys, sort=, limit=, skip=, projection=)`, also with `collation=` in the
    full language."""
    examples: ClassVar[int | None] = None
    """Histories that each test draws; as many as Hypothesis's profile says, if None."""
    steps: ClassVar[int] = 12
    """Calls in a row."""

    def make(self) -> Any:
        """A new database without records; each example has its own."""
        raise NotImplementedError(f'{type(self).__name__} defines make(), which gives a new database')

    def reopen(self, db: Any) -> Any:
        """The database after a restart: close this one and open its file again. By default, records survive no restart."""
        raise SkipTest(f'{type(self).__name__} does not define reopen(), so no record has to survive')

    # --- records

    def test_a_record_comes_back(self) -> None:
        """All that is added is there, in all columns."""

        def check(both: Beside, history: list[Record], data: st.DataObject) -> None:
            both.check_all()

        self._run(check)

    def test_calls_with_the_key_of_no_record_are_key_errors(self) -> None:
        """A hub takes no other error for the absence of a record."""

        def check(both: Beside, history: list[Record], data: st.DataObject) -> None:
            both.check_missing('no such task')
            both.drop(history[0][self.table.key])
            both.check_missing(history[0][self.table.key])
            both.check_all()

        self._run(check, most=2)

    def test_what_is_given_is_left_as_it_is(self) -> None:
        """The database keeps no hold of a caller's dicts and lists, and changes none."""

        def check(both: Beside, history: list[Record], data: st.DataObject) -> None:
            for key in [record[self.table.key] for record in history]:
                both.check_untouched(key, self.joined)
                both.check_added_untouched(key)
            query, options = data.draw(self._finds(history, DOCUMENTED.name))
            both.check_arguments(query, options.get('keys') or [self.table.key])

        self._run(check, most=3)

    # --- queries

    def test_the_empty_query_selects_all_records(self) -> None:
        """With all keys, and with one."""

        def check(both: Beside, history: list[Record], data: st.DataObject) -> None:
            both.check_find({})
            both.check_find({}, [self.table.key])

        self._run(check, least=0)

    def test_documented_queries_select_what_they_should(self) -> None:
        """Those that IPython Parallel documents."""
        self._run(self._selects(DOCUMENTED.name))

    def test_queries_select_what_they_should(self) -> None:
        """Those of the language that is tried."""
        if self.language == DOCUMENTED.name:
            raise SkipTest('the documented language is a test of its own')
        self._run(self._selects(self.language))

    def test_the_keys_that_are_asked_for_come(self) -> None:
        """All columns if there are none, and else the key and those."""

        def check(both: Beside, history: list[Record], data: st.DataObject) -> None:
            for query, options in data.draw(
                st.lists(self._finds(history, DOCUMENTED.name), min_size=1, max_size=QUERIES)
            ):
                both.check_find(query, options.get('keys'))

        self._run(check)

    def test_options_of_find_are_kept(self) -> None:
        """Sort, limit, skip and the others."""
        if not self.options:
            raise SkipTest('options is False, so find need not take sort, limit or skip')

        def check(both: Beside, history: list[Record], data: st.DataObject) -> None:
            for query, options in data.draw(
                st.lists(self._finds(history, self.language), min_size=1, max_size=QUERIES)
            ):
                both.check_options(query, options)

        self._run(check, least=2)

    def test_many_ids_are_found_and_dropped(self) -> None:
        """A client may ask for all of its tasks at once."""
        key = self.table.key
        with self._beside() as both:
            both.add(*({key: f'm{i}'} for i in range(3)))
            ids = [f'm{i}' for i in range(1, THOUSAND)]
            both.check_find({key: {'$in': ids}}, [key])
            both.check_find({key: {'$nin': ids}}, [key])
            both.drop_matching({key: {'$in': ids}})

    # --- changes

    def test_an_update_changes_what_it_names_and_no_more(self) -> None:
        """Columns get other values, or none."""

        def check(both: Beside, history: list[Record], data: st.DataObject) -> None:
            scope = scope_of(self.table, self.language, self.values)
            columns = list(dict.fromkeys(column for record in history for column in record))
            columns = [column for column in columns if column != self.table.key and column not in self.joined]
            both.update(history[0][self.table.key], data.draw(updates(scope, columns)))
            both.check_all()

        self._run(check, most=3)

    def test_records_that_match_are_dropped_and_no_others(self) -> None:
        """A purge may not take more."""

        def check(both: Beside, history: list[Record], data: st.DataObject) -> None:
            both.drop_matching(data.draw(self._queries(history, DOCUMENTED.name)))
            both.check_all()

        self._run(check)

    def test_any_calls_in_a_row_leave_the_right_records(self) -> None:
        """Records are added, changed, dropped and found in any order, also after restarts, if `reopen` is defined."""
        # One defect is made smaller, not each: calls in a row take long.
        one = settings(self._settings, stateful_step_count=self.steps, report_multiple_bugs=False)
        run_state_machine_as_test(machine(self), settings=one)

    def test_records_survive_a_restart(self) -> None:
        """What was added, changed and dropped is so afterwards."""

        def check(both: Beside, history: list[Record], data: st.DataObject) -> None:
            both.drop(history[0][self.table.key])
            both.db = self.reopen(both.db)
            both.check_all()

        self._run(check)

    # --- how they run

    @property
    def can_reopen(self) -> bool:
        """Whether `reopen` is defined."""
        return type(self).reopen is not BackendContract.reopen

    @property
    def _settings(self) -> settings:
        slow = [HealthCheck.too_slow, HealthCheck.data_too_large, HealthCheck.filter_too_much]
        # The explanations name lines of this library.
        phases = [phase for phase in settings().phases if phase is not Phase.explain]
        given = settings(deadline=None, phases=phases, suppress_health_check=[*settings().suppress_health_check, *slow])
        return given if self.examples is None else settings(given, max_examples=self.examples)

    @contextmanager
    def _beside(self) -> Iterator[Beside]:
        """A new database beside an oracle; closed at the end, if it can be."""
        both = Beside(self.make(), self.table, natural_order=self.natural_order)
        try:
            yield both
        finally:
            if hasattr(both.db, 'close'):
                both.db.close()

    def _run(
        self, check: Callable[[Beside, list[Record], st.DataObject], None], *, least: int = 1, most: int = 6
    ) -> None:
        """Check databases with drawn histories."""

        @self._settings
        @given(histories(self.table, values=self.values, least=least, most=most), st.data())
        def run(history: list[Record], data: st.DataObject) -> None:
            with self._beside() as both:
                both.add(*history)
                check(both, history, data)

        run()

    def _selects(self, language: str) -> Callable[[Beside, list[Record], st.DataObject], None]:
        def check(both: Beside, history: list[Record], data: st.DataObject) -> None:
            for query in data.draw(st.lists(self._queries(history, language), min_size=1, max_size=QUERIES)):
                both.check_find(query, [self.table.key])

        return check

    def _queries(self, history: list[Record], language: str) -> st.SearchStrategy[Any]:
        return queries(history, self.table, language=language, values=self.values, without=self.without)

    def _finds(self, history: list[Record], language: str) -> st.SearchStrategy[Any]:
        return finds(history, self.table, language=language, values=self.values, without=self.without)
