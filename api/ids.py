"""Ids of resources: random whole numbers of nine or ten digits (API-30)."""

import secrets
from typing import Final

MIN_ID: Final = 100_000_000
MAX_ID: Final = 2**31 - 1
"""What a 32-bit column and every client's integer can hold."""


def draw_id() -> int:
    """Draw an id that says nothing about when or after what it was given out."""
    return MIN_ID + secrets.randbelow(MAX_ID - MIN_ID + 1)
