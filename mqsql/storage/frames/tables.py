"""An answer as a table: of pyarrow, pandas or Polars, or as a stream of Arrow.

Every column has one type. That of a column of texts, times, booleans, documents or buffers is known. Numbers, values of Any
columns, those at a path and computed ones decide it together: a stream reads these twice, see `deciding`.
"""

from typing import TYPE_CHECKING, Any, Literal, TypeAlias

from mqsql.errors import QueryError, short_repr
from mqsql.storage.extras import require

if TYPE_CHECKING:
    import pandas
    import polars
    import pyarrow

    ArrowTable: TypeAlias = pyarrow.Table
    PandasFrame: TypeAlias = pandas.DataFrame
    PolarsFrame: TypeAlias = polars.DataFrame

Documents = Literal['json', 'struct']


def to_arrow(answer: Any, documents: Documents) -> 'ArrowTable':
    """See Answer."""
    require('pyarrow', 'arrow')
    if documents not in ('json', 'struct'):
        raise QueryError(f"takes 'json' or 'struct', not {short_repr(documents)}", 'documents')
    from mqsql.storage.frames.collecting import table

    return table(answer, structs=documents == 'struct')


def to_pandas(answer: Any, documents: Documents) -> 'PandasFrame':
    """See Answer. Integers and booleans are of the types of pandas that have missing values."""
    require('pandas', 'pandas')
    found = to_arrow(answer, documents)
    import pandas
    import pyarrow

    types = {pyarrow.int64(): pandas.Int64Dtype(), pyarrow.bool_(): pandas.BooleanDtype()}
    return found.to_pandas(types_mapper=types.get)


def to_polars(answer: Any, documents: Documents) -> 'PolarsFrame':
    """See Answer."""
    require('polars', 'polars')
    found = to_arrow(answer, documents)
    import polars

    frame = polars.from_arrow(found)
    assert isinstance(frame, polars.DataFrame)
    return frame


def stream(answer: Any, requested_schema: object) -> object:
    """See Answer."""
    require('pyarrow', 'arrow')
    from mqsql.storage.frames.collecting import reader

    return reader(answer).__arrow_c_stream__(requested_schema)
