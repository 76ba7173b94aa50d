"""Finds defects in a database of task records: runs it beside the reference, and reports each distinct defect once."""
