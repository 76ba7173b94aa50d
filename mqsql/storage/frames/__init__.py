"""The records of a query as Arrow batches, and so as tables of pandas and Polars."""
