"""Tests for a database of task records: Hypothesis strategies, the reference as oracle, and a contract to subclass.

drawing       what the strategies are made of
strategies    records, histories, queries, finds and expressions to draw
oracle        what MongoDB answers, and how an answer differs from it
contract      a class of tests that a database's own tests subclass
"""

from importlib.util import find_spec

if find_spec('hypothesis') is None:
    raise ImportError("Hypothesis is not installed; try: pip install 'mqsql[testing]'")

from mqsql.testing.contract import BackendContract
from mqsql.testing.differences import Difference, check_answer
from mqsql.testing.oracle import Oracle
from mqsql.testing.strategies import Find, expressions, finds, histories, queries, records

__all__ = [
    'BackendContract',
    'Difference',
    'Find',
    'Oracle',
    'check_answer',
    'expressions',
    'finds',
    'histories',
    'queries',
    'records',
]
