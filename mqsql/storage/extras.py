"""What needs packages that are installed by an extra of mqsql."""

from importlib.util import find_spec

from mqsql.errors import StorageError


def require(package: str, extra: str) -> None:
    """StorageError if a package is not installed, which this extra installs."""
    if find_spec(package) is None:
        raise StorageError(f"{package} is not installed; try: pip install 'mqsql[{extra}]'")


def require_pymongo() -> None:
    """StorageError if pymongo is not installed."""
    require('pymongo', 'mongodb')


def require_duckdb(path: str) -> None:
    """StorageError if DuckDB is not installed, which opens this path."""
    if find_spec('duckdb') is None:
        raise StorageError(f"{path}: DuckDB is not installed; try: pip install 'mqsql[duckdb]'")
