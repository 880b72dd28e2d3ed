"""The id of a request: in its response, in every line logged for it, in the calls made for it."""

import secrets
from contextvars import ContextVar
from typing import Final

# Base 58: no letters that are mistaken for others when somebody reads an id aloud.
_ALPHABET: Final = "123456789ABCDEFGHJKLMNPQRSTUVWXYZabcdefghijkmnopqrstuvwxyz"
_BITS: Final = 128
_CHARS: Final = 22

current_request_id: ContextVar[str] = ContextVar("current_request_id", default="")
"""The id of the request that is being answered; empty outside of one."""


def draw_request_id() -> str:
    """Draw an id that no other request has."""
    number = secrets.randbits(_BITS)
    chars = ""
    for _ in range(_CHARS):
        number, digit = divmod(number, len(_ALPHABET))
        chars += _ALPHABET[digit]
    return chars
