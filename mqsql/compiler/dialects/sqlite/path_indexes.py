"""The tables and triggers of an index on paths, which SQLite itself keeps up to date.

Most records have one value at a path, whose order SQL knows: nothing or null, a number of 64 bits, text, a boolean or a
date. Where that is so for all keys of an index, one row of the first table holds them, each as `type_rank`, the position of
its type in BSON's order, and `value`; `present` distinguishes null from missing. An index over these columns finds and sorts.

The multikey records (arrays on the way, objects, binary, odd numbers) are in the second table, with what the index's first
path offers, one row a value as json_each gives it, beside the columns that are keys (`key2`, …). Each has a row of no type.

Both are written by triggers whose SQL any SQLite understands, so no other program that writes to the file makes them stale.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from functools import partial
from itertools import count

from sqlglot import exp

from mqsql.compiler.dialect.json import JsonRef
from mqsql.compiler.dialects.sqlite import SQLITE
from mqsql.compiler.dialects.sqlite.any_columns import is_other
from mqsql.compiler.dialects.sqlite.index_columns import MISSING, columns_of, key_of, multikey_table, records_of
from mqsql.compiler.dialects.sqlite.objects import SchemaObject
from mqsql.compiler.dialects.sqlite.words import listed, rows_of
from mqsql.compiler.lower.paths import PathLowering
from mqsql.compiler.lower.sql import (
    and_,
    case,
    func,
    is_not_null,
    number,
    own_column,
    own_name,
    select,
    text,
)
from mqsql.compiler.lower.sql import identifier as named
from mqsql.compiler.tree.traversal import LeafArrays
from mqsql.schema import ANY, Index, Table
from mqsql.values.bson_order import BOOLEAN_RANK, DATE_RANK, NULL_RANK, NUMBER_RANK, STRING_RANK
from mqsql.values.codec import encode_key

WORDS = SQLITE.words


def path_index(table: Table, index: Index) -> Iterator[SchemaObject]:
    """What an index on paths consists of, its tables first; see `fill_path_index`."""
    name = index.stored_name(table.name)
    multikey = multikey_table(name)
    keys = ''.join(f', {key_of(i)}' for i, (_, steps) in enumerate(index.paths) if not steps)
    yield _table(name, f'record INTEGER PRIMARY KEY, {", ".join(_columns(index))}')
    yield _table(multikey, f'type, value, record INTEGER NOT NULL{keys}')
    yield _index(f'{name}~order', name, _ordered(index))
    yield _index(f'{multikey}.values', multikey, _offered(index))
    yield _index(f'{multikey}.record', multikey, ['record'])
    for what, when, work in _triggers(table, index):
        trigger = f'{name}~{what}'
        sql = f'CREATE TRIGGER {_quoted(trigger)} AFTER {when} ON {_quoted(table.name)} BEGIN {work} END'
        yield SchemaObject('trigger', trigger, sql)


def fill_path_index(table: Table, index: Index) -> Iterator[str]:
    """What fills the tables of an index on paths from the records that are there, in this order."""
    rows = exp.Table(this=named(table.name))
    yield _fill(table, index, table.name, [rows])
    yield _fill_multikey(table, index, table.name, [rows])


def _table(name: str, columns: str) -> SchemaObject:
    return SchemaObject('table', name, f'CREATE TABLE {_quoted(name)} ({columns})')


def _index(name: str, table: str, columns: Iterable[str]) -> SchemaObject:
    return SchemaObject('index', name, f'CREATE INDEX {_quoted(name)} ON {_quoted(table)} ({", ".join(columns)})')


def _triggers(table: Table, index: Index) -> Iterator[tuple[str, str, str]]:
    """The last part of the name of each trigger, when it runs, and what it does."""
    name = index.stored_name(table.name)
    tables = [_quoted(one) for one in (name, multikey_table(name))]
    fills = (_fill(table, index, 'new', []), _fill_multikey(table, index, 'new', []))
    add = ''.join(f'{fill}; ' for fill in fills)
    drop, drop_new = (
        ''.join(f'DELETE FROM {one} WHERE record = {row}.rowid; ' for one in tables) for row in ('old', 'new')
    )
    columns = dict.fromkeys(['rowid', *(column for column, _ in index.paths)])
    # A REPLACE deletes what is in its way without a word.
    yield 'inserted', 'INSERT', drop_new + add
    yield 'updated', f'UPDATE OF {", ".join(map(_quoted, columns))}', drop + drop_new + add
    yield 'deleted', 'DELETE', drop


def _quoted(name: str) -> str:
    return SQLITE.render(named(name)).sql


def _columns(index: Index) -> Iterator[str]:
    for i, (_, steps) in enumerate(index.paths):
        yield from columns_of(i) if steps else columns_of(i)[1:2]


def _ordered(index: Index) -> Iterator[str]:
    for i, ((_, steps), direction) in enumerate(zip(index.paths, index.directions, strict=True)):
        for column in columns_of(i)[0 if steps else 1 : 2]:
            yield column if direction > 0 else f'{column} DESC'


def _offered(index: Index) -> Iterator[str]:
    for i, ((column, steps), direction) in enumerate(zip(index.paths, index.directions, strict=True)):
        if (column, steps) == index.first_path:
            yield from ('type', 'value')
        elif not steps:
            yield key_of(i) if direction > 0 else f'{key_of(i)} DESC'
    yield 'record'


# --- the first table


def _fill(table: Table, index: Index, source: str, tables: Sequence[exp.Expr]) -> str:
    """INSERT of the records of `source` that have one value at each path."""
    outputs: list[exp.Expr] = [_rowid(READ)]
    ranks = []
    for i, (column, steps) in enumerate(index.paths):
        if not steps:
            outputs.append(_as(_stored(READ, column), columns_of(i)[1]))
            continue
        start = _root(table, column)
        ranks.append(is_not_null(own_column(columns_of(i)[0])))
        outputs += [_as(made, name) for made, name in zip(_describe(start, steps), columns_of(i), strict=True)]
    described = exp.Subquery(this=select(outputs, [_read(table, index, source, tables)]))
    return _insert(index.stored_name(table.name), select([exp.Star()], [described], and_(ranks)))


def _describe(start: JsonRef, steps: tuple[str, ...]) -> tuple[exp.Expr, exp.Expr, exp.Expr]:
    """Type rank, value and presence of what is at the path; the rank is NULL where that is not one plain value."""
    nodes = [start]
    for step in steps:
        nodes.append(nodes[-1].child(encode_key(step)))
    *way, end = nodes
    rank = case((WORDS.any_array(way), exp.null()), default=_rank(end))
    return rank, WORDS.scalar(end), is_not_null(WORDS.type_of(end))


def _rank(node: JsonRef) -> exp.Expr:
    plain_number = exp.Between(this=WORDS.scalar(node), low=number(-(2**63)), high=number(2**63 - 1))
    kinds: list[tuple[str, exp.Expr]] = [
        ('text', number(STRING_RANK)),
        ('integer', case((plain_number, number(NUMBER_RANK)))),
        ('real', case((plain_number.copy(), number(NUMBER_RANK)))),
        ('true', number(BOOLEAN_RANK)),
        ('false', number(BOOLEAN_RANK)),
        ('object', case((exp.Glob(this=WORDS.scalar(node), expression=text('{"$date"*')), number(DATE_RANK)))),
        ('array', exp.null()),
    ]
    ifs = [exp.If(this=text(kind), true=rank) for kind, rank in kinds]
    return exp.Case(this=WORDS.type_of(node), ifs=ifs, default=number(NULL_RANK))


# --- the second


def _fill_multikey(table: Table, index: Index, source: str, tables: Sequence[exp.Expr]) -> str:
    """INSERT of the multikey records, with what the first path offers them: elements, whole arrays, what is missing."""
    assert index.first_path is not None
    column, steps = index.first_path
    start = _root(table, column)
    did_you_mean = exp.Not(this=exp.In(this=_rowid(source), query=records_of(index.stored_name(table.name))))
    read = _read(table, index, source, tables, did_you_mean)
    keys = [_stored(READ, key) for key, steps in index.paths if not steps]
    numbers = count(1)

    def rows(kind: exp.Expr, value: exp.Expr, each: list[exp.Table], wanted: list[exp.Expr]) -> exp.Select:
        outputs = [kind, value, _rowid(READ), *(key.copy() for key in keys)]
        return select(outputs, [read.copy(), *each], and_(wanted) if wanted else None)

    def offered(offers: LeafArrays, wanted: str = '', as_type: str = '') -> exp.Select:
        walk = PathLowering(WORDS, start, steps, offers, (), lambda: f'e{next(numbers)}')
        loops = walk.loops()
        alias = loops[-1].element.alias
        kind = own_column('type', alias)
        only: list[exp.Expr] = [exp.EQ(this=kind.copy(), expression=text(wanted))] if wanted else []
        return rows(text(as_type) if as_type else kind, own_column('value', alias), rows_of(loops), only)

    union: exp.Query = rows(exp.null(), exp.null(), [], [])
    for values in (
        offered(LeafArrays()),
        offered(LeafArrays(elements=False), 'array'),
        offered(LeafArrays(missing=True), 'null', MISSING),
    ):
        union = exp.Union(this=union, expression=values, distinct=True)
    return _insert(multikey_table(index.stored_name(table.name)), union)


READ = 'read'
"""The name of the records in a statement that fills a table: the position, and the columns of the index."""


def _read(
    table: Table, index: Index, source: str, tables: Sequence[exp.Expr], where: exp.Expr | None = None
) -> exp.Subquery:
    """The records of `source`, which is in no table if it is a trigger's row.

    JSON that another program has damaged is missing, and must not stop a change. Whether it is sound takes as long to see as
    the rest: SQLite does so once for each record, as it does not merge a query that has an OFFSET with the one around it.
    """
    outputs = [_as(_rowid(source), 'rowid')]
    for column, is_path in dict.fromkeys((column, bool(steps)) for column, steps in index.paths):
        stored = _stored(source, column)
        outputs.append(_as(_sound(table, stored, column), _json_of(column)) if is_path else _as(stored, column))
    rows = select(outputs, tables, where) if tables else _of_row(outputs, where)
    rows.set('limit', exp.Limit(expression=number(-1)))
    rows.set('offset', exp.Offset(expression=number(0)))
    return exp.Subquery(this=rows, alias=exp.TableAlias(this=named(READ)))


def _of_row(outputs: list[exp.Expr], where: exp.Expr | None) -> exp.Select:
    return exp.Select(expressions=outputs, where=exp.Where(this=where) if where else None)


def _sound(table: Table, stored: exp.Expr, column: str) -> exp.Expr:
    """The JSON of a column that paths lead into, NULL if it is not sound."""
    if table.columns[column] is not ANY:
        return case((func('json_valid', stored), stored.copy()))
    json = listed(stored)
    return case((and_([is_other(stored.copy()), func('json_valid', json)]), json.copy()))


def _json_of(column: str) -> str:
    return f'{column}.json'  # no column has a dot in its name


def _stored(source: str, column: str) -> exp.Expr:
    return exp.Column(this=named(column), table=named(source))


def _root(table: Table, column: str) -> JsonRef:
    """Where the paths into a column begin."""
    root = JsonRef(partial(_stored, READ, _json_of(column)))
    return root.index('0') if table.columns[column] is ANY else root


def _rowid(source: str) -> exp.Column:
    return exp.Column(this=own_name('rowid'), table=named(source))


def _as(value: exp.Expr, name: str) -> exp.Expr:
    return exp.Alias(this=value, alias=named(name))


def _insert(name: str, rows: exp.Query) -> str:
    return SQLITE.render(exp.Insert(this=exp.Table(this=named(name)), expression=rows)).sql
