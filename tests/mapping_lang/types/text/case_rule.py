"""The rule of the pinned case table, and the command behind `bin/case-table` that writes it."""

import sys
import unicodedata
from collections.abc import Callable, Iterable, Iterator
from itertools import pairwise
from pathlib import Path
from textwrap import wrap
from typing import Final

import pyarrow as pa
import pyarrow.compute as pc

ROOT: Final = Path(__file__).resolve().parents[4]
MODULE: Final = ROOT / "mapping_lang/types/text/case_table.py"

PINNED_UNICODE: Final = "14.0.0"
"""The version of Unicode of Python 3.11; another one would change what mappings give."""

CODE_POINTS: Final = range(sys.maxunicode + 1)
CHARACTERS: Final = [chr(c) for c in CODE_POINTS if not 0xD800 <= c < 0xE000]

TEMPLATE: Final = '''"""The simple case mappings of Unicode {unicode}, and the characters on which Arrow {arrow} has others.

Written by `bin/case-table`, never by hand.
"""

from typing import Final

UNICODE_VERSION: Final = "{unicode}"
ARROW_VERSION: Final = "{arrow}"

# `A-B+N`: every code point from A to B (in hexadecimal) has the mapping N (in decimal) further;
# `A-B/2+N`: every second one. `TITLE` has only what differs from `UPPER`.
LOWER: Final = (
{lower}
)
UPPER: Final = (
{upper}
)
TITLE: Final = (
{title}
)

ARROW_LOWER_DIFFERS: Final = (
{arrow_lower}
)
ARROW_UPPER_DIFFERS: Final = (
{arrow_upper}
)
'''


def simple_lower(char: str) -> str:
    """Only `İ` has a longer mapping, `i` and a combining dot; its simple one is `i` (MAP-43)."""
    lower = char.lower()
    return lower if len(lower) == 1 else "i"


def simple_upper(char: str) -> str:
    """What has a longer upper case keeps a one-character title case, if any: `ᾀ` to `ᾈ`."""
    upper = char.upper()
    return upper if len(upper) == 1 else simple_title(char)


def simple_title(char: str) -> str:
    title = char.title()
    return title if len(title) == 1 else char


def mapping(rule: Callable[[str], str]) -> dict[int, int]:
    """The code points that a rule changes."""
    return {c: ord(rule(chr(c))) for c in CODE_POINTS if rule(chr(c)) != chr(c)}


def arrow_differences(kernel: str, rule: Callable[[str], str]) -> list[int]:
    """The code points that a kernel of Arrow does not map as a rule does."""
    mapped = pc.call_function(kernel, [pa.array(CHARACTERS)]).to_pylist()
    return [
        ord(char) for char, found in zip(CHARACTERS, mapped, strict=True) if found != rule(char)
    ]


def module() -> str:
    """The source of the pinned table, by this Python's Unicode and this Arrow."""
    if unicodedata.unidata_version != PINNED_UNICODE:
        raise SystemExit(
            f"the table is of Unicode {PINNED_UNICODE}, this Python has "
            f"{unicodedata.unidata_version}: run it with Python 3.11"
        )
    upper = mapping(simple_upper)
    title = {
        c: ord(simple_title(chr(c)))
        for c in CODE_POINTS
        if simple_title(chr(c)) != simple_upper(chr(c))
    }
    return TEMPLATE.format(
        unicode=PINNED_UNICODE,
        arrow=pa.__version__,
        lower=literal(map(str, runs(mapping(simple_lower))), " "),
        upper=literal(map(str, runs(upper)), " "),
        title=literal(map(str, runs(title)), " "),
        arrow_lower=literal(character_class(arrow_differences("utf8_lower", simple_lower))),
        arrow_upper=literal(character_class(arrow_differences("utf8_upper", simple_upper))),
    )


def runs(mapped: dict[int, int]) -> Iterator[str]:
    """Write a mapping as runs of code points that are one or two apart and move equally far."""
    rest = sorted(mapped)
    while rest:
        first = rest[0]
        delta = mapped[first] - first
        step, length = max(
            ((step, _length(rest, mapped, delta, step)) for step in (1, 2)),
            key=lambda choice: (choice[1], -choice[0]),
        )
        last = rest[length - 1]
        span = f"{first:X}" if length == 1 else f"{first:X}-{last:X}"
        yield f"{span}{'/2' if step == 2 else ''}{delta:+}"
        rest = rest[length:]


def _length(rest: list[int], mapped: dict[int, int], delta: int, step: int) -> int:
    length = 1
    for before, after in pairwise(rest):
        if after - before != step or mapped[after] - after != delta:
            break
        length += 1
    return length


def character_class(code_points: list[int]) -> Iterator[str]:
    """Write a class of RE2, piece by piece."""
    yield "["
    rest = code_points
    while rest:
        length = _length(rest, {c: c for c in rest}, 0, 1)
        first, last = rest[0], rest[length - 1]
        yield rf"\x{{{first:X}}}" if first == last else rf"\x{{{first:X}}}-\x{{{last:X}}}"
        rest = rest[length:]
    yield "]"


def literal(pieces: Iterable[str], separator: str = "") -> str:
    """Lay out a text as adjacent string literals, within the length of a line."""
    *lines, last = wrap(" ".join(pieces), 90)
    texts = [line.replace(" ", separator) + separator for line in lines]
    texts.append(last.replace(" ", separator))
    raw = "r" if any("\\" in text for text in texts) else ""
    return "\n".join(f'    {raw}"{text}"' for text in texts)


if __name__ == "__main__":
    MODULE.write_text(module())
