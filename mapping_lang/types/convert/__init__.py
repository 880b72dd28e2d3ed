"""Conversions between types: the table, and what happens to each value (MAP-70 to MAP-111)."""
