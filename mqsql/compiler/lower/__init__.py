"""Lowers the tree to SQL."""
