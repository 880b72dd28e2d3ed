"""Dividing the text of an array, so that what is wrong with one element leaves the others alone."""

import re
from typing import Final

_SPACES: Final = b" \t\r\n"

# Strings, and outside of them the characters that tell where a value ends. Where a string does not
# end, its quote is alone.
_STRUCTURE: Final = re.compile(rb'"[^"\\]*(?:\\.[^"\\]*)*"|["\[\]{},]', re.DOTALL)


def divide_array(text: bytes) -> list[bytes] | None:
    """Give the texts of the elements, however wrong they may be inside.

    None if the text is no array, or if its brackets, quotes and commas do not tell where each
    element ends.
    """
    text = text.strip(_SPACES)
    if len(text) < 2 or text[:1] != b"[" or text[-1:] != b"]":
        return None
    text = text[1:-1]
    if not text.strip(_SPACES):
        return []
    parts: list[bytes] = []
    closing = bytearray()
    start = 0
    for token in _STRUCTURE.finditer(text):
        match token[0]:
            case b"[":
                closing += b"]"
            case b"{":
                closing += b"}"
            case b"]" | b"}" as bracket:
                if not closing or closing.pop() != bracket[0]:
                    return None
            case b",":
                if not closing:
                    parts.append(text[start : token.start()])
                    start = token.end()
            case b'"':
                return None
            case _:
                pass  # a string
    if closing:
        return None
    parts.append(text[start:])
    return parts if all(part.strip(_SPACES) for part in parts) else None
