"""Rules for single texts: lengths, names, paths (PIPE-19, PIPE-40 to PIPE-49)."""

import re
from typing import Final

from api.errors import BadRequestError
from api.pipelines.definition import MAX_SHEET_CHARS, MAX_TIME_FORMAT_CHARS
from mapping_lang.diagnostics import quote
from mapping_lang.types.errors import PathError
from mapping_lang.types.kinds import NAME, is_unicode
from mapping_lang.types.schema import Path, parse_path

ISO_8601: Final = "ISO8601"
EXCEL: Final = "Excel"

PLACEHOLDERS: Final = ("today", "now", "unix")

_SHEET_FORBIDDEN: Final = re.compile(r"[*/:?\[\\\]]")


def refuse(member: str, found: str, expected: str) -> BadRequestError:
    """Make the error for a member of the body."""
    return BadRequestError(f"`{member}` is {found}, expected {expected}")


def check_text(member: str, text: str, max_chars: int) -> None:
    """Hold a text to what is called STR(n) in the documents (PIPE-19)."""
    expected = f"1 to {max_chars} characters"
    if not text:
        raise refuse(member, "empty or missing", expected)
    if not is_unicode(text) or "\0" in text:
        raise refuse(member, "not text that can be stored", "Unicode text without U+0000")
    if len(text) > max_chars:
        raise refuse(member, f"{len(text)} characters long", expected)


def check_name(member: str, text: str, max_chars: int) -> None:
    """Hold a text to the name of a property."""
    if not NAME.fullmatch(text):
        raise refuse(member, quote(text), "a letter or `_`, then letters, digits and `_` (ASCII)")
    if len(text) > max_chars:
        raise refuse(member, f"{len(text)} characters long", f"at most {max_chars} characters")


def read_path(member: str, text: str) -> Path:
    """Read a text that has to be the path of a property."""
    try:
        return parse_path(text)
    except PathError as error:
        raise refuse(member, quote(text), f"a property path ({error})") from error


def check_source_path(member: str, text: str) -> None:
    """Refuse placeholders, closed or not: a source has its one name (PIPE-40)."""
    if "${" in text:
        raise refuse(member, quote(text), "no placeholder: only files that are written have them")


def check_destination_path(member: str, text: str) -> None:
    """Hold placeholders to those that there are (PIPE-40)."""
    rest = text
    while True:
        _, opened, rest = rest.partition("${")
        if not opened:
            return
        name, closed, rest = rest.partition("}")
        if not closed:
            raise refuse(member, quote(text), "a `}` after every `${`")
        if name.strip(" ").lower() not in PLACEHOLDERS:
            listed = ", ".join(f"`${{{each}}}`" for each in PLACEHOLDERS)
            raise refuse(member, f"{quote(text)} with `${{{_cut(name)}}}`", f"one of {listed}")


def _cut(name: str) -> str:
    return quote(name)[1:-1]


def check_sheet(member: str, text: str) -> None:
    """Hold a text to the name of a sheet (PIPE-42)."""
    check_text(member, text, MAX_SHEET_CHARS)
    if text.startswith("'") or text.endswith("'"):
        raise refuse(member, quote(text), "a name that neither starts nor ends with a quote")
    if _SHEET_FORBIDDEN.search(text):
        raise refuse(member, quote(text), "a name without * / : ? [ \\ ]")


def check_time_format(member: str, text: str) -> None:
    """Hold a text to a way of writing times; its directives are not looked at (PIPE-48)."""
    if text in (ISO_8601, EXCEL):
        return
    check_text(member, text, MAX_TIME_FORMAT_CHARS)
    if "%" not in text:
        expected = f'"{ISO_8601}", "{EXCEL}", or a format with directives such as `%Y-%m-%d`'
        raise refuse(member, quote(text), expected)
