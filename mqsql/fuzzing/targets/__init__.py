"""The backends that can be tried, each behind the same few methods.

spec         what the user names a backend by
hub          classes with the methods that a hub calls
collections  objects with pymongo's methods
stores       stores of mqsql, by their URL
commands     programs that speak JSON lines
known        collections of some libraries, so that their names suffice
"""

from mqsql.fuzzing.targets.base import Target, TargetError
from mqsql.fuzzing.targets.spec import Spec, opened, read_spec

__all__ = ['Spec', 'Target', 'TargetError', 'opened', 'read_spec']
