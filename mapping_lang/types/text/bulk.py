"""From texts to values, many at a time: what `parse` gives for each, faster for usual spellings.

Texts are joined and looked at together, without a step per text in Python; whatever is unusual is
left to `parse`, one by one.
"""

import functools
import re
from collections.abc import Callable
from datetime import datetime, time
from decimal import Decimal, InvalidOperation
from typing import Final, TypeVar

import msgspec

from mapping_lang.types.text.parse import parse_datetime_iso, parse_int, parse_time, parse_uuid

_Value = TypeVar("_Value")

_ZERO: Final = Decimal(0)
_SAFE_INT_DIGITS: Final = 18
"""Integers of so many digits fit 64 bits."""

_DIGITS: Final = bytes.maketrans(b"123456789", b"0" * 9)
_HEX_DIGITS: Final = bytes.maketrans(b"123456789abcdef", b"0" * 15)
_FRACTIONS: Final = (b"", *(b"." + b"0" * digits for digits in range(1, 7)))
_TIME_SHAPES: Final = frozenset(b"00:00:00" + fraction for fraction in _FRACTIONS)
_INSTANT_SHAPES: Final = frozenset(b"0000-00-00T" + clock + b"Z" for clock in _TIME_SHAPES)
_UUID_SHAPES: Final = frozenset({b"00000000-0000-0000-0000-000000000000"})


def parse_datetimes_iso(texts: list[str]) -> list[datetime]:
    """Read what `parse_datetime_iso` reads."""
    return _parse_shaped(texts, _INSTANT_SHAPES, list[datetime], parse_datetime_iso)


def parse_times(texts: list[str]) -> list[time]:
    """Read what `parse_time` reads."""
    return _parse_shaped(texts, _TIME_SHAPES, list[time], parse_time)


def _parse_shaped(
    texts: list[str], shapes: frozenset[bytes], types: type[list[_Value]], parse: Callable[[str], _Value]
) -> list[_Value]:
    if _have_shapes(texts, shapes, _DIGITS):
        try:
            # It differs from `parse` in other shapes: it rounds long fractions, for one.
            return msgspec.convert(texts, types)
        except msgspec.ValidationError:
            pass  # no such day or hour; `parse` says so
    return [parse(text) for text in texts]


def parse_uuids(texts: list[str]) -> list[str]:
    """Read what `parse_uuid` reads."""
    if _have_shapes(texts, _UUID_SHAPES, _HEX_DIGITS):
        return texts
    return [parse_uuid(text) for text in texts]


def parse_ints(texts: list[str], *, unsigned: bool) -> list[int]:
    """Read what `parse_int` reads."""
    joined = "".join(texts)
    if joined.isascii() and joined.isdigit() and max(map(len, texts)) <= _SAFE_INT_DIGITS:
        try:
            return list(map(int, texts))
        except ValueError:
            pass  # one is empty; `parse_int` says so
    return [parse_int(text, unsigned=unsigned) for text in texts]


def parse_plain_decimals(texts: list[str], precision: int, scale: int) -> list[Decimal] | None:
    """Read what `parse_decimal` reads, if no text has an exponent and all show that they fit.

    None if it takes more than a look to tell that all numbers fit decimal(precision, scale).
    """
    if not _plain_decimals(precision - scale, scale).fullmatch("\n".join(texts) + "\n"):
        return None
    try:
        # There is one zero (TYPE-60).
        return [Decimal(text) or _ZERO for text in texts]
    except InvalidOperation:
        return None  # a line break inside a text


@functools.lru_cache(maxsize=256)
def _plain_decimals(whole: int, scale: int) -> re.Pattern[str]:
    digits = rf"(?:0|[1-9][0-9]{{0,{whole - 1}}})" if whole else "0"
    fraction = rf"(?:\.[0-9]{{1,{scale}}})?" if scale else ""
    return re.compile(rf"(?:-?{digits}{fraction}\n)*")


def _have_shapes(texts: list[str], shapes: frozenset[bytes], table: bytes) -> bool:
    """Tell if every text is in `shapes` once its digits are replaced by zeros."""
    if not texts:
        return False
    joined = "\n".join(texts).encode().translate(table)
    first = joined.partition(b"\n")[0]
    if joined == b"\n".join([first] * len(texts)):
        return first in shapes
    found = joined.split(b"\n")
    # More pieces than texts: a text has a line break.
    return len(found) == len(texts) and shapes.issuperset(found)
