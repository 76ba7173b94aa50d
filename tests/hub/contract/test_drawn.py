"""Drawn queries find in a hub's database what the reference, which is only a list of dicts, finds in the same records."""

from collections.abc import Iterator
from typing import Any

import pytest
import strategies as some
from draws import Draws
from hub_kinds import Kind
from hypothesis import given, settings
from hypothesis import strategies as st
from places import places
from queries import query

from mqsql import reference
from mqsql.schema import TASKS
