"""Values of NumPy and of other libraries: their plain values, or what to write instead."""

import sys
from collections.abc import Iterable
from dataclasses import is_dataclass
from datetime import datetime, time, timedelta
from decimal import Decimal
from enum import Enum
from fractions import Fraction
from os import PathLike
from typing import Any

from mqsql.errors import short_repr


class UnstorableError(ValueError):
    """A value that cannot be read, or that a kind cannot hold; `path` is the place inside the value, such as `.a[3]`."""

    def __init__(self, message: str, path: str = '') -> None:
        super().__init__(message)
        self.path = path


def is_array(value: object) -> bool:
    """Whether it is a scalar or an array of NumPy; False if NumPy is not imported."""
    numpy = sys.modules.get('numpy')
    return hasattr(numpy, 'ndarray') and issubclass(type(value), (numpy.generic, numpy.ndarray))  # type: ignore[union-attr]


def from_numpy(value: Any) -> Any:
    """The list of an array's items, which may be scalars of NumPy; the plain value of a scalar."""
    numpy: Any = sys.modules['numpy']
    if any(base.__name__ == 'MaskedArray' for base in type(value).__mro__):
        raise UnstorableError('an array with masked values is not a list; write value.filled(…) or value.compressed()')
    if isinstance(value, numpy.ndarray):
        array = numpy.ndarray.view(value, numpy.ndarray)
        return list(array) if array.ndim else from_numpy(array[()])
    kind = value.dtype.kind if isinstance(value, numpy.generic) else 'O'
    if kind == 'M':
        return _from_datetime64(value)
    if kind in 'biufUS':
        item = numpy.generic.item(value)
        if type(item) in (bool, int, float, str, bytes) and (kind != 'f' or item == value or item != item):
            return item
    raise UnstorableError(f'mqsql has no type for {short_repr(value)}')


def _from_datetime64(value: Any) -> datetime:
    moment = value.astype('datetime64[us]')
    if not moment == value:  # also NaT, which equals nothing
        raise UnstorableError(f"{short_repr(value)} has no whole microseconds; write value.astype('datetime64[us]')")
    moment = moment.item()
    if not isinstance(moment, datetime):
        raise UnstorableError(f'{short_repr(value)} is outside the years 1 to 9999')
    return moment


_ADVICE: tuple[tuple[Any, str], ...] = (
    (Enum, 'value.value'),
    (Decimal, 'float(value), or str(value) to keep all digits'),
    (Fraction, 'float(value)'),
    (complex, '[value.real, value.imag]'),
    (timedelta, 'value.total_seconds()'),
    (time, 'value.isoformat()'),
    (PathLike, 'str(value)'),
    (Iterable, 'a list: list(value)'),
)
_ADVICE_BY_NAME = {
    'bson.ObjectId': 'str(value)',
    'bson.Decimal128': 'str(value)',
    'bson.Timestamp': 'value.as_datetime()',
    'bson.DatetimeMS': 'value.as_datetime()',
    'bson.DBRef': 'value.as_doc()',
    'bson.MinKey': '',
    'bson.MaxKey': '',
    'pandas.NAType': 'None',
    'pandas.Series': 'value.tolist()',
    'pandas.DataFrame': "value.to_dict('records')",
}
"""By the package that a class comes from, and its name."""


def advice_for(value: object) -> str:
    """What to write instead of a value that cannot be read; empty if unknown."""
    kind = type(value)
    name = f'{kind.__module__.partition(".")[0]}.{kind.__name__}'
    if name in _ADVICE_BY_NAME:
        return _ADVICE_BY_NAME[name]
    if is_dataclass(kind):
        return 'dataclasses.asdict(value)'
    return next((advice for types, advice in _ADVICE if isinstance(value, types)), '')
