"""The tables, one noun a file; what must never be is refused by a constraint, not by a check."""
