"""Batches from and to JSON arrays of records, as the codec reads and writes them, but by column."""
