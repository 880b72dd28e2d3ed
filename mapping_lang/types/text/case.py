"""Case and white space of text, pinned: the same for every record, path, library and year.

Why not the library's. `str.lower` and `str.upper` make some characters longer (`ß` becomes `SS`,
`ﬁ` becomes `FI`, `İ` becomes an `i` and a combining dot), look at what stands around a `Σ`, and
change with the Unicode of each Python; Arrow's kernels map one code point to one, as we want, but
by a newer Unicode than Python's and `ß` to `ẞ`. A record must not get another value because its
batch took the columnar path or because the image was rebuilt. So one table, generated from one
stated version of Unicode, holds the simple mapping of every code point (MAP-43, DEC-15), and what
Arrow maps differently is a class of characters that the columnar path guards against. No library's
title case is `initcap`, which leaves the rest of a word alone (MAP-56). And `str.strip`, like
Arrow's trim, takes away U+001C to U+001F, which are not White_Space (MAP-45).
"""

import re
from typing import Final

from mapping_lang.types.text import case_table

WHITE_SPACE: Final = (
    "\t\n\v\f\r \x85\xa0\u1680\u2000\u2001\u2002\u2003\u2004\u2005\u2006\u2007\u2008\u2009\u200a"
    "\u2028\u2029\u202f\u205f\u3000"
)
"""The property White_Space of Unicode, also for `utf8_trim(characters=...)` of Arrow."""

ARROW_LOWER_DIFFERS: Final = case_table.ARROW_LOWER_DIFFERS
"""RE2 class of the characters for which Arrow's `utf8_lower` is not `lower`."""

ARROW_UPPER_DIFFERS: Final = case_table.ARROW_UPPER_DIFFERS
"""RE2 class of the characters for which Arrow's `utf8_upper` is not `upper`."""

_LAST_ASCII: Final = 0x7F

_RUN = re.compile(r"([0-9A-F]+)(?:-([0-9A-F]+))?(/2)?([+-][0-9]+)")


def _table(*sources: str) -> list[int]:
    """Build what `str.translate` reads: a list is three times faster than a dict with gaps.

    What lies beyond its end stays as it is.
    """
    runs = [_run(*groups) for source in sources for groups in _RUN.findall(source)]
    table = list(range(max(run.stop for run, _ in runs)))
    for run, distance in runs:
        for code_point in run:
            table[code_point] = code_point + distance
    return table


def _changed(source: str) -> str:
    """List what a source changes beyond ASCII."""
    runs = (_run(*groups)[0] for groups in _RUN.findall(source))
    return "".join(chr(each) for run in runs for each in run if each > _LAST_ASCII)


def _run(first: str, last: str, step: str, distance: str) -> tuple[range, int]:
    return range(int(first, 16), int(last or first, 16) + 1, 2 if step else 1), int(distance)


CHANGED_BY_LOWER: Final = _changed(case_table.LOWER)
CHANGED_BY_UPPER: Final = _changed(case_table.UPPER)
"""The characters beyond ASCII that `lower` and `upper` do not leave as they are."""

_LOWER = _table(case_table.LOWER)
_UPPER = _table(case_table.UPPER)
_TITLE = _table(case_table.UPPER, case_table.TITLE)

# A letter that could change, at the start of a word: what precedes it is nothing or a separator,
# which is ASCII but no letter, digit or `_`, or white space (MAP-56).
_ASCII_START = re.compile(r"\b[a-z]", re.ASCII)
_START = re.compile(rf"(?<![^\x00-/:-@\[-^`{{-\x7f{WHITE_SPACE}])[a-z\x80-\U0010ffff]")


def lower(text: str) -> str:
    """Map every code point to its lower case (MAP-43)."""
    return text.lower() if text.isascii() else text.translate(_LOWER)


def upper(text: str) -> str:
    """Map every code point to its upper case, if that is one code point (MAP-43)."""
    return text.upper() if text.isascii() else text.translate(_UPPER)


def initcap(text: str) -> str:
    """Map the first letter of every word to its title case and nothing else (MAP-44, MAP-56)."""
    if text.isalnum():
        # One word: white space and punctuation, which separate, are no letters or digits.
        return text[0].translate(_TITLE) + text[1:]
    if text.isascii():
        return _ASCII_START.sub(_upper_start, text)
    return _START.sub(_title_start, text)


def _upper_start(match: re.Match[str]) -> str:
    return match[0].upper()


def _title_start(match: re.Match[str]) -> str:
    return match[0].translate(_TITLE)


def trim(text: str) -> str:
    """Remove white space at both ends (MAP-45)."""
    return text.strip(WHITE_SPACE)


def ltrim(text: str) -> str:
    """Remove white space at the start (MAP-45)."""
    return text.lstrip(WHITE_SPACE)


def rtrim(text: str) -> str:
    """Remove white space at the end (MAP-45)."""
    return text.rstrip(WHITE_SPACE)
