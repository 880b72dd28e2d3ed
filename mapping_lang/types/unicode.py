"""Normalisation of text in bounded time."""

import re
import unicodedata
from typing import Final

from mapping_lang.diagnostics import Code
from mapping_lang.types.errors import TypeDefinitionError

MAX_MARKS: Final = 30
"""Most combining marks in a row, as in the stream-safe text format of UAX #15.

Normalisation sorts each run in the square of its length: 80,000 marks take five seconds.
"""

_FIRST_MARK: Final = "\u0300"


def nfc(attribute: str, text: str) -> str:
    """Normalise a text of a schema to NFC; `attribute` names it if it is refused."""
    if text.isascii():
        return text
    marks = "".join(char for char in set(text) if char >= _FIRST_MARK and _is_mark(char))
    if marks and re.search(f"[{marks}]{{{MAX_MARKS + 1}}}", text):
        raise TypeDefinitionError(
            Code.SCHEMA_LIMIT,
            attribute,
            found=f"text with more than {MAX_MARKS} combining marks in a row",
            expected=f"at most {MAX_MARKS}",
        )
    return unicodedata.normalize("NFC", text)


def _is_mark(char: str) -> bool:
    # A character that is no mark itself may decompose into marks only: U+0F73.
    return unicodedata.combining(unicodedata.normalize("NFD", char)[0]) != 0
