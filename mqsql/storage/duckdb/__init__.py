"""Stores in DuckDB files and in Parquet files, which DuckDB reads. Only a URL that names one imports this."""
