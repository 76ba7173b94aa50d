"""The nodes of statements: what they return, of which records, and in which order."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import NamedTuple, TypeAlias

from mqsql.compiler.tree.predicate import Blank, Predicate, is_constant
from mqsql.compiler.tree.view import MultikeyView, ScalarView
from mqsql.schema import ANY, NUMBER, Table
from mqsql.values.collation import Collation

Fields: TypeAlias = 'Mapping[str, Fields] | None'
"""The fields of a document to keep, each with the fields to keep inside it; None keeps the whole value."""


@dataclass(frozen=True)
class Output:
    """One entry of the answer: its name as asked for, the column it comes from, and what is kept of a Document."""

    name: str
    column: str
    fields: Fields = None


@dataclass(frozen=True)
class Keys:
    """The keys as asked for, the table's key first, and the outputs they make: dotted keys of one column share one."""

    names: tuple[str, ...]
    outputs: tuple[Output, ...]


class Part(NamedTuple):
    """A column to select. With `steps`, it is a Document of which nothing but the value at this path is needed.

    Then the objects on the path come with no other field. What is no object there, such as an array, comes whole.
    """

    column: str
    steps: tuple[str, ...] = ()


# --- order


class SortKey(NamedTuple):
    """A column, or a path into a Document, to sort by, whether it descends, and how its texts compare.

    `no_nan` says that none of the records that match has NaN there.
    """

    column: str
    steps: tuple[str, ...]
    descending: bool
    collation: Collation | None = None
    no_nan: bool = False


Sort = tuple[SortKey, ...]

NATURAL = '$natural'
"""The order of insertion, which is the default."""
MAX_SORT_KEYS = 32  # as in MongoDB
LAST_FIRST: Sort = (SortKey(NATURAL, (), True),)
"""The order in which the last inserted record comes first."""


def is_any(table: Table, key: SortKey) -> bool:
    """Whether it is an Any column, whose values do not sort as they are stored."""
    return table.columns.get(key.column) is ANY and not key.steps


def is_number(table: Table, key: SortKey) -> bool:
    """Whether it is a Number column with NaN, which does not sort as it is stored."""
    return table.columns.get(key.column) is NUMBER and not key.no_nan


# --- statements

LIMIT, SKIP = 'limit', 'skip'
"""The parameters of a statement's limit and skip."""


@dataclass(frozen=True)
class IndexOrder:
    """The two tables of rows of an index, in the order of a sort; the predicate is planned for the rows of each."""

    scalar: ScalarView
    of_scalar: Predicate
    multikey: MultikeyView
    of_multikey: Predicate


@dataclass(frozen=True)
class Select:
    """A SELECT of parts of records, and of the positions that `computed` ask for, of the records that match.

    `inline` says whether Buffers come as a JSON array of hexadecimal blobs or as the stored array of their rows' ids. Planning
    says by `lead` what an index on columns answers of the predicate, if the records are best found by that and sorted
    afterwards. `positioned` ones come in any order, each with its position in the order of insertion at its end.
    """

    table: Table
    parts: tuple[Part, ...]
    computed: tuple[Predicate, ...]
    predicate: Predicate
    sort: Sort = ()
    limited: bool = False
    skipped: bool = False
    inline: bool = True
    index_order: IndexOrder | None = None
    lead: Predicate | None = None
    positioned: bool = False


@dataclass(frozen=True)
class SelectDistinct:
    """A SELECT of a part of the records that match, in their order; rows that repeat another or are NULL may be left out.

    In a plan, the part is a column that is the first key of an index, and all records match.
    """

    table: Table
    part: Part
    predicate: Predicate


@dataclass(frozen=True)
class CountRecords:
    """A SELECT of the number of records that match, within a limit and skip if there are."""

    table: Table
    predicate: Predicate
    limited: bool = False
    skipped: bool = False


@dataclass(frozen=True)
class Delete:
    """A DELETE of the records that match; `within` has a SELECT inside it find them, whose table may be a view."""

    table: Table
    predicate: Predicate
    within: bool = False


@dataclass(frozen=True)
class SelectPositions:
    """A SELECT of where the records that match are in the order of insertion, within a limit if there is one."""

    table: Table
    predicate: Predicate
    limited: bool = False


Statement: TypeAlias = Select | SelectDistinct | CountRecords | Delete | SelectPositions


def tests_once(planned: Statement) -> bool:
    """Whether its predicate is the whole of its one WHERE. Those that look for the first records may have several."""
    if is_constant(planned.predicate):
        return False
    if not isinstance(planned, Select):
        return True
    return not (planned.index_order or (planned.limited and (planned.sort or planned.lead)))


def framed(planned: Statement) -> Statement:
    """The same for any predicate, if it tests that once."""
    if isinstance(planned, Select) and planned.lead is not None:
        return replace(planned, predicate=Blank(), lead=Blank())
    return replace(planned, predicate=Blank())


def positioned(tree: Statement) -> Statement:
    """The tree of a Select without an order and a limit, for rows in any order with their positions."""
    assert isinstance(tree, Select)
    return replace(tree, positioned=True)


def without_indexes(tree: Statement) -> Statement:
    """The tree of the same statement for the table without its indexes."""
    return replace(tree, table=tree.table.unindexed)
