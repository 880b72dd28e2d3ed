"""Between texts and values, many at a time: what `parse` and `format` give for each, faster.

The usual is done for all together, without a step per text in Python; whatever is unusual is left
to `parse` and `format`, one by one.
"""

from collections.abc import Callable, Sequence
from datetime import datetime, time
from decimal import (
    Context,
    Decimal,
    DecimalException,
    Inexact,
    InvalidOperation,
    Overflow,
    Subnormal,
)
from typing import Final, TypeVar

import msgspec

from mapping_lang.types.kinds import MAX_PRECISION
from mapping_lang.types.text.parse import (
    parse_datetime_iso,
    parse_datetime_rfc3339,
    parse_int,
    parse_time,
    parse_uuid,
)

_Value = TypeVar("_Value")

_ZERO: Final = Decimal(0)
_SAFE_INT_DIGITS: Final = 18
"""Integers of so many digits fit 64 bits."""

# Where numbers are spelled by `str` without an exponent: clamped, the last digit is not left of the
# point, and the first is no further right of it than the sixth place. Other numbers are an error.
_POSITIONAL: Final = Context(
    prec=MAX_PRECISION,
    Emax=MAX_PRECISION - 1,
    Emin=-6,
    clamp=1,
    traps=[Inexact, InvalidOperation, Overflow, Subnormal],
)

_texts: Final = msgspec.json.Decoder(list[str])

_DIGITS: Final = bytes.maketrans(b"123456789", b"0" * 9)
_HEX_DIGITS: Final = bytes.maketrans(b"123456789abcdef", b"0" * 15)
_FRACTIONS: Final = (b"", *(b"." + b"0" * digits for digits in range(1, 7)))
_TIME_SHAPES: Final = frozenset(b"00:00:00" + fraction for fraction in _FRACTIONS)
_INSTANT_SHAPES: Final = frozenset(b"0000-00-00T" + clock + b"Z" for clock in _TIME_SHAPES)
_UUID_SHAPES: Final = frozenset({b"00000000-0000-0000-0000-000000000000"})


def parse_datetimes_iso(texts: list[str]) -> list[datetime]:
    """Read what `parse_datetime_iso` reads."""
    return _parse_shaped(texts, _INSTANT_SHAPES, list[datetime], parse_datetime_iso)


def parse_datetimes_rfc3339(texts: list[str]) -> list[datetime]:
    """Read what `parse_datetime_rfc3339` reads."""
    return _parse_shaped(texts, _INSTANT_SHAPES, list[datetime], parse_datetime_rfc3339)


def parse_times(texts: list[str]) -> list[time]:
    """Read what `parse_time` reads."""
    return _parse_shaped(texts, _TIME_SHAPES, list[time], parse_time)


def _parse_shaped(
    texts: list[str],
    shapes: frozenset[bytes],
    types: type[list[_Value]],
    parse: Callable[[str], _Value],
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


def parse_json_decimals(texts: list[str], precision: int, scale: int) -> list[Decimal] | None:
    """Read JSON numbers that plainly fit decimal(precision, scale).

    None if a text is another JSON value, or shows no more than that it might fit.
    """
    joined = "\n".join(texts)
    shape = joined.encode().translate(_DIGITS)
    if (
        "e" in joined
        or "E" in joined
        or b"0" * (precision - scale + 1) in shape
        or b"." + b"0" * (scale + 1) in shape
    ):
        return None
    try:
        # There is one zero (TYPE-60).
        return [Decimal(text) or _ZERO for text in texts]
    except InvalidOperation:
        return None


def format_datetimes_grouped(values: Sequence[datetime]) -> list[str]:
    """Write what `format_datetime_grouped` writes."""
    # msgspec writes no fraction if it is zero, and six digits otherwise.
    return _texts.decode(msgspec.json.encode(values).replace(b'000Z"', b'Z"'))


def format_times_grouped(values: Sequence[time]) -> list[str]:
    """Write what `format_time_grouped` writes."""
    return _texts.decode(msgspec.json.encode(values).replace(b'000"', b'"'))


def canonical_decimals(values: Sequence[Decimal]) -> list[Decimal] | None:
    """Give equal numbers whose `str` is what `format_decimal` writes.

    None if any number has no such equal.
    """
    try:
        return [value.normalize(_POSITIONAL) or _ZERO for value in values]
    except DecimalException:
        return None


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
