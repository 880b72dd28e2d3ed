"""Databases that a query is read from or a table is written to, one module for each."""
