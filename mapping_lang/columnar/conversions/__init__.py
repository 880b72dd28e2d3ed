"""Kernels of the conversions between types (MAP-70 to MAP-111)."""
