"""From the headers of a file to names of properties (TYPE-26, FILE-21, DEC-52)."""

import unicodedata
from collections.abc import Iterable, Mapping
from types import MappingProxyType
from typing import Final

from mapping_lang.diagnostics import quote
from mapping_lang.types.errors import TypesError
from mapping_lang.types.kinds import MAX_NAME_CHARS, NAME

_WHITE_SPACE: Final = (
    "\t\n\v\f\r \x85\xa0\u1680\u2000\u2001\u2002\u2003\u2004\u2005\u2006\u2007\u2008\u2009\u200a"
    "\u2028\u2029\u202f\u205f\u3000"
)
"""The property White_Space of Unicode; `str.strip` alone takes four control characters more."""

ASCII_FORMS: Final[Mapping[str, str]] = MappingProxyType(
    {
        # German, Danish, Norwegian, Faroese, Icelandic, French, Old English
        "ß": "ss", "ẞ": "SS", "æ": "ae", "Æ": "AE", "œ": "oe", "Œ": "OE", "ø": "o", "Ø": "O",
        "ð": "d", "Ð": "D", "þ": "th", "Þ": "TH", "ƿ": "w", "Ƿ": "W",
        # Polish, Sorbian, Croatian, Vietnamese, Maltese, Sámi, Turkish, Azerbaijani, Greenlandic
        "ł": "l", "Ł": "L", "đ": "d", "Đ": "D", "ħ": "h", "Ħ": "H", "ŋ": "n", "Ŋ": "N",
        "ŧ": "t", "Ŧ": "T", "\u0131": "i", "ə": "e", "Ə": "E", "ĸ": "q",
        # African and other languages: letters with a hook, a bar or a tail
        "ɓ": "b", "Ɓ": "B", "ƈ": "c", "Ƈ": "C", "ɖ": "d", "Ɖ": "D", "ɗ": "d", "Ɗ": "D",
        "ɛ": "e", "Ɛ": "E", "ƒ": "f", "Ƒ": "F", "ɠ": "g", "Ɠ": "G", "ǥ": "g", "Ǥ": "G",
        "ɨ": "i", "Ɨ": "I", "ƙ": "k", "Ƙ": "K", "ƚ": "l", "Ƚ": "L",
        "ɲ": "n", "Ɲ": "N", "ɔ": "o", "Ɔ": "O", "ƥ": "p", "Ƥ": "P", "ʈ": "t", "Ʈ": "T",
        "ƭ": "t", "Ƭ": "T", "ʉ": "u", "Ʉ": "U", "ƴ": "y", "Ƴ": "Y",
        "ƶ": "z", "Ƶ": "Z", "ⱥ": "a", "Ⱥ": "A", "ƀ": "b", "Ƀ": "B", "ȼ": "c", "Ȼ": "C",
        "ɇ": "e", "Ɇ": "E", "ɉ": "j", "Ɉ": "J", "ɍ": "r", "Ɍ": "R", "ɏ": "y", "Ɏ": "Y",
    }
)  # fmt: skip
"""How Latin letters that Unicode does not decompose are written in ASCII.

Presentation forms (the ligature ﬁ, the long s, full-width and raised letters) are not among them:
they have no canonical decomposition either, and TYPE-26 refuses them.
"""


class HeaderError(TypesError):
    """A header that gives no property name.

    `letter` is the one without an ASCII form, if that is why; `number` counts columns from 1.
    """

    def __init__(
        self, header: str, reason: str, *, letter: str = "", number: int | None = None
    ) -> None:
        column = "the column" if number is None else f"column {number},"
        super().__init__(f"{column} {quote(header)} {reason}")
        self.header = header
        self.reason = reason
        self.letter = letter
        self.number = number


def property_names(headers: Iterable[str]) -> tuple[str, ...]:
    """Give the property names of the columns of a file; they have to differ (FILE-21)."""
    columns: dict[str, int] = {}
    for number, header in enumerate(headers, 1):
        try:
            name = property_name(header)
        except HeaderError as error:
            raise HeaderError(header, error.reason, letter=error.letter, number=number) from None
        if name in columns:
            reason = f"becomes the property {quote(name)}, and so does column {columns[name]}"
            raise HeaderError(header, reason, number=number)
        columns[name] = number
    return tuple(columns)


def property_name(header: str) -> str:
    """Give the property name that a header stands for (TYPE-26)."""
    if len(header) > MAX_NAME_CHARS:
        raise _too_long(header, len(header))
    if NAME.fullmatch(header):
        return header
    parts: list[str] = []
    for char in header.strip(_WHITE_SPACE):
        part = _ascii_form(header, char, first=not parts)
        # Other characters in a row are one `_`, and none follows a `_` of the header.
        if part or not parts or parts[-1] != "_":
            parts.append(part or "_")
    name = "".join(parts)
    if name in ("", "_"):
        raise HeaderError(header, "gives no name: expected a letter, or a digit after it")
    if len(name) > MAX_NAME_CHARS:
        raise _too_long(header, len(name))
    return name


def _too_long(header: str, length: int) -> HeaderError:
    return HeaderError(header, f"has {length} characters, and a name has {MAX_NAME_CHARS} at most")


def _ascii_form(header: str, char: str, *, first: bool) -> str:
    """Give what stands for a character in a name; empty if that is a `_`, but not its own."""
    if char.isascii():
        return char if char.isalpha() or char == "_" or (char.isdigit() and not first) else ""
    if not unicodedata.category(char).startswith("L"):
        return ""
    base = unicodedata.normalize("NFD", char)[0]
    form = base if base.isascii() and base.isalpha() else ASCII_FORMS.get(base)
    if form is None:
        raise HeaderError(
            header, f"has the letter {quote(char)}, which has no ASCII form", letter=char
        )
    return form
