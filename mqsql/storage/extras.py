"""What needs packages that are installed by an extra of mqsql."""

from importlib.util import find_spec

from mqsql.errors import StorageError


def require_pymongo() -> None:
    """StorageError if pymongo is not installed."""
    if find_spec('pymongo') is None:
        raise StorageError("pymongo is not installed; try: pip install 'mqsql[mongodb]'")


def require_duckdb(path: str) -> None:
    """StorageError if DuckDB is not installed, which opens this path."""
    if find_spec('duckdb') is None:
        raise StorageError(f"{path}: DuckDB is not installed; try: pip install 'mqsql[duckdb]'")
