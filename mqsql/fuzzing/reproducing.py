"""Writes defects as tests of pytest, which fail as long as the backend has them."""

import re
from pprint import pformat
from textwrap import wrap
from typing import Any

from mqsql.errors import cut
from mqsql.fuzzing.causes import Cause, Fault
from mqsql.fuzzing.comparing import Symptom
from mqsql.fuzzing.describing import came, expected, title
from mqsql.fuzzing.fuzzer import Report
from mqsql.fuzzing.running import Facts
from mqsql.fuzzing.steps import Add, Find, Step
from mqsql.fuzzing.targets.base import DOCUMENTS, HUB

WIDTH = 76
SHOWN = 160
"""Characters of an answer in a docstring."""

VARIABLE = 'MQSQL_FUZZ_TARGET'
"""The environment variable that names another backend to run the tests on."""

NAMES = ('Add', 'CreateIndex', 'Drop', 'DropMatching', 'Find', 'History', 'Reopen', 'State', 'Update')


def written_module(report: Report) -> str:
    """A module of tests, one for each defect."""
    tests = [written_test(cause, report.facts, i) for i, cause in enumerate(report.causes, 1)]
    body = '\n\n'.join(tests)
    used = [name for name in ('EMPTY', *NAMES, 'check', 'opened') if re.search(rf'\b{name}\b', body)]
    modules = [name for name in ('datetime', 're') if f'{name}.' in body]
    imports = ''.join(f'import {name}\n' for name in sorted([*modules, 'os']))
    special = ''.join(f'{name} = float({name!r})\n' for name in ('nan', 'inf') if re.search(rf'\b{name}\b', body))
    return (
        f'"""Defects of {report.target}, found by `mqsql fuzz` with --seed {report.options.seed}.\n\n'
        f'{VARIABLE} names another backend to run them on.\n"""\n\n'
        f'{imports}\nfrom mqsql.fuzzing.checking import {", ".join(used)}\n\n'
        f'TARGET = os.environ.get({VARIABLE!r}, {report.target!r})\n{special}\n\n{body}'
    )


def written_test(cause: Cause, facts: Facts, number: int, *, titled: bool = True) -> str:
    """The test of one defect; `titled`, if its docstring begins with the defect in words."""
    name = re.sub(r'\W+', '_', str(cause.category))
    direct = _is_direct(cause.fault, facts)
    lines = _direct(cause.fault, facts) if direct else _checked(cause.fault)
    docstring = _docstring(cause, facts, titled)
    argument = 'tmp_path' if direct else ''
    return f'def test_{name}_{number}({argument}):\n{docstring}' + ''.join(f'    {line}\n' for line in lines)


def _docstring(cause: Cause, facts: Facts, titled: bool) -> str:
    fault = cause.fault
    paragraphs = [wrap(f'{cause.category}: {title(cause)}', WIDTH - 8), ['']] if titled else []
    if fault.steps[-1].asks:
        paragraphs.append(_wrapped('MongoDB answers', expected(facts, fault.steps)))
    paragraphs.append(_wrapped('came:', came(fault.outcome)))
    text = '\n'.join(f'    {line}'.rstrip() for lines in paragraphs for line in lines)
    text = text.replace('\\', '\\\\').replace('"""', "'''")
    return f'    """{text.lstrip()}\n    """\n'


def _wrapped(words: str, value: Any) -> list[str]:
    text = value if isinstance(value, str) else repr(value)
    return wrap(f'{words} {cut(text, SHOWN)}', WIDTH - 8, break_on_hyphens=False)


# --- by the backend's own methods


def _is_direct(fault: Fault, facts: Facts) -> bool:
    """Whether the ids of an answer, in any order, tell what is wrong."""
    *before, last = fault.steps
    plain = isinstance(last, Find) and not (last.keys or last.sort or last.limit or last.skip or last.projection)
    wrong = fault.symptom in (Symptom.RECORDS, Symptom.ERROR)
    return plain and wrong and facts.kind in (HUB, DOCUMENTS) and all(isinstance(step, Add) for step in before)


def _direct(fault: Fault, facts: Facts) -> list[str]:
    *before, last = fault.steps
    assert isinstance(last, Find)
    key, name = ('msg_id', 'db') if facts.kind == HUB else ('_id', 'collection')
    lines = [f'with opened(TARGET, tmp_path) as {name}:']
    for step in before:
        assert isinstance(step, Add)
        lines += _inserts(step, facts)
    ids = sorted(record[key] for record in expected(facts, fault.steps))
    method = 'db.find_records' if facts.kind == HUB else 'collection.find'
    lines += _call(f'found = {method}(', [last.query], '    ')
    lines.append(f'    assert sorted(record[{key!r}] for record in found) == {ids!r}')
    return lines


def _inserts(step: Add, facts: Facts) -> list[str]:
    if facts.kind == DOCUMENTS:
        return _call('collection.insert_many(', [step.records], '    ')
    lines = []
    for record in step.records:
        rest = pformat(record, width=WIDTH - 12, sort_dicts=False)[1:]
        body = f'{{**EMPTY, {rest}'.split('\n')
        lines += [f'    db.add_record({record["msg_id"]!r}, {body[0]}', *(f'        {line}' for line in body[1:])]
        lines[-1] += ')'
    return lines


def _call(begin: str, arguments: list[Any], indent: str) -> list[str]:
    text = ', '.join(pformat(argument, width=WIDTH - len(begin), sort_dicts=False) for argument in arguments)
    first, *rest = text.split('\n')
    lines = [f'{indent}{begin}{first}', *(f'{indent}{" " * len(begin)}{line}' for line in rest)]
    return [*lines[:-1], f'{lines[-1]})']


# --- by steps


def _checked(fault: Fault) -> list[str]:
    return ['check(', '    TARGET,', *(line for step in fault.steps for line in _step(step)), ')']


def _step(step: Step) -> list[str]:
    text = repr(step)
    if len(text) <= WIDTH:
        return [f'    {text},']
    name, _, rest = text.partition('(')
    if isinstance(step, Add):
        body = pformat(step.records, width=WIDTH - 8, sort_dicts=False).split('\n')
        return [f'    {name}(', *(f'        {line}' for line in body), '    ),']
    return [f'    {name}({rest},']
