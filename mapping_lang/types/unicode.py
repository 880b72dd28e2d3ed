"""Normalisation of text in bounded time."""

import re
import unicodedata
from typing import Final

from mapping_lang.diagnostics import Code
from mapping_lang.types.errors import TypeDefinitionError

MAX_MARKS: Final = 30
"""Longest run of combining marks, as in the stream-safe text format of UAX #15.

Normalisation sorts each run in the square of its length: 80,000 marks take five seconds.
"""

# Every character whose decomposition begins with a mark is in these ranges, and few others that
# text has in long runs: the scripts of East Asia and ASCII are out.
_MAYBE_MARKS: Final = re.compile(rf"[\u0300-\u33ff\ua000-\uabff\uf900-\U0010ffff]{{{MAX_MARKS},}}")


def nfc(attribute: str, text: str) -> str:
    """Normalise a text of a schema to NFC; `attribute` names it if it is refused."""
    if text.isascii():
        return text
    for run in _MAYBE_MARKS.finditer(text):
        if _longest_run(run[0]) > MAX_MARKS:
            raise TypeDefinitionError(
                Code.SCHEMA_LIMIT,
                attribute,
                found=f"text with more than {MAX_MARKS} combining marks in a row",
                expected=f"at most {MAX_MARKS}",
            )
    return unicodedata.normalize("NFC", text)


def _longest_run(text: str) -> int:
    longest = run = 0
    for char in text:
        # A character that is no mark itself may decompose into marks: U+0F73.
        marks = unicodedata.normalize("NFD", char)
        run = run + len(marks) if unicodedata.combining(marks[0]) else 0
        longest = max(longest, run)
    return longest
