"""Tests for a database of task records: Hypothesis strategies, the reference as oracle, and a contract to subclass."""
