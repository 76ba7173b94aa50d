"""Makes records of the rows that a statement returns."""
