"""Schemas as documents: reading, writing, comparing and checking them."""
