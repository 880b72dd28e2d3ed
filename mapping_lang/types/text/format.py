"""From values to text: the only place that writes a datetime, a decimal or a float."""

import math
import struct
from datetime import date, datetime, time
from decimal import Decimal
from typing import Final

from mapping_lang.types.kinds import decimal_exponent

_MAX_PLAIN_CHARS: Final = 100
_MAX_POSITIONAL_DIGITS: Final = 1_000
"""A decimal of more digits keeps its exponent: `1e1000000000` must not become a gigabyte."""


def format_datetime(value: datetime) -> str:
    """Write RFC 3339 in UTC with the fraction trimmed (TYPE-49, second form)."""
    return _seconds(value) + _fraction(value.microsecond) + "Z"


def format_datetime_grouped(value: datetime) -> str:
    """Write RFC 3339 in UTC with 0, 3 or 6 fraction digits (TYPE-49, first form)."""
    return _seconds(value) + _grouped_fraction(value.microsecond) + "Z"


def format_datetime_local(value: datetime) -> str:
    """Write the UTC instant without its zone and with the fraction trimmed (FILT-38)."""
    return _seconds(value) + _fraction(value.microsecond)


def format_date(value: date) -> str:
    """Write `YYYY-MM-DD`."""
    return date.isoformat(value)


def format_time(value: time) -> str:
    """Write `hh:mm:ss` with the fraction trimmed."""
    return value.isoformat("seconds") + _fraction(value.microsecond)


def format_time_grouped(value: time) -> str:
    """Write `hh:mm:ss` with 0, 3 or 6 fraction digits (TYPE-64)."""
    return value.isoformat("seconds") + _grouped_fraction(value.microsecond)


def _seconds(value: datetime) -> str:
    return value.isoformat()[:19]


def _fraction(microsecond: int) -> str:
    return f".{microsecond:06}".rstrip("0") if microsecond else ""


def _grouped_fraction(microsecond: int) -> str:
    if not microsecond:
        return ""
    if microsecond % 1000:
        return f".{microsecond:06}"
    return f".{microsecond // 1000:03}"


def format_decimal(value: Decimal) -> str:
    """Write a decimal in positional notation without superfluous zeros (TYPE-61)."""
    if not value:
        return "0"
    plain = str(value)
    if len(plain) <= _MAX_PLAIN_CHARS and "E" not in plain:
        return plain.rstrip("0").rstrip(".") if "." in plain else plain
    sign, digits, _ = value.as_tuple()
    exponent = decimal_exponent(value)
    text = "".join(map(str, digits)).lstrip("0")
    stripped = text.rstrip("0")
    exponent += len(text) - len(stripped)
    prefix = "-" if sign else ""
    if len(stripped) + abs(exponent) > _MAX_POSITIONAL_DIGITS:
        return f"{prefix}{stripped}e{exponent:+}"
    if exponent >= 0:
        return prefix + stripped + "0" * exponent
    point = len(stripped) + exponent
    if point > 0:
        return f"{prefix}{stripped[:point]}.{stripped[point:]}"
    return f"{prefix}0.{'0' * -point}{stripped}"


def format_float(value: float, bit_size: int) -> str:
    """Write a float in the general form, an exponent from 1e6 on and below 1e-4 (TYPE-56)."""
    if bit_size == 64 and 1e-4 <= abs(value) < 1e6:
        return _plain_float(value)
    if not math.isfinite(value):
        return "NaN" if math.isnan(value) else ("+Inf" if value > 0 else "-Inf")
    sign, digits, exponent = shortest_digits(value, bit_size)
    if not digits:
        return sign + "0"
    if -4 <= exponent < 6:
        return sign + _positional(digits, exponent)
    fraction = f".{digits[1:]}" if len(digits) > 1 else ""
    return f"{sign}{digits[0]}{fraction}e{'-' if exponent < 0 else '+'}{abs(exponent):02}"


def format_float_json(value: float, bit_size: int) -> str:
    """Write a finite float as a JSON number, an exponent from 1e21 on and below 1e-6 (TYPE-57)."""
    if bit_size == 64 and 1e-4 <= abs(value) < 1e16:
        return _plain_float(value)
    sign, digits, exponent = shortest_digits(value, bit_size)
    if not digits:
        return sign + "0"
    if -6 <= exponent < 21:
        return sign + _positional(digits, exponent)
    fraction = f".{digits[1:]}" if len(digits) > 1 else ""
    return f"{sign}{digits[0]}{fraction}e{exponent:+}"


def _plain_float(value: float) -> str:
    # Python writes positionally from 1e-4 to 1e16, and always with a fraction.
    return repr(value).removesuffix(".0")


def format_float_positional(value: float, bit_size: int) -> str:
    """Write a finite float without an exponent, whatever its size (TYPE-30)."""
    sign, digits, exponent = shortest_digits(value, bit_size)
    return sign + (_positional(digits, exponent) if digits else "0")


def shortest_digits(value: float, bit_size: int) -> tuple[str, str, int]:
    """Give sign, shortest round-trip digits and the exponent of the first digit.

    Zero has no digits.
    """
    text = repr(value) if bit_size == 64 else _shortest32(value)
    sign, text = ("-", text[1:]) if text[0] == "-" else ("", text)
    mantissa, _, exponent_text = text.partition("e")
    whole, _, fraction = mantissa.partition(".")
    digits = (whole + fraction).lstrip("0")
    leading_zeros = len(whole + fraction) - len(digits)
    exponent = int(exponent_text or 0) + len(whole) - 1 - leading_zeros
    return sign, digits.rstrip("0"), exponent


def _positional(digits: str, exponent: int) -> str:
    if exponent < 0:
        return "0." + "0" * (-exponent - 1) + digits
    if len(digits) <= exponent + 1:
        return digits + "0" * (exponent + 1 - len(digits))
    return f"{digits[: exponent + 1]}.{digits[exponent + 1 :]}"


def _shortest32(value: float) -> str:
    """Find the shortest decimal that reads back as the same binary32 number."""
    packed = struct.pack("<f", value)
    power_of_two = not int.from_bytes(packed, "little") & 0x7FFFFF
    for precision in range(1, 10):
        text = f"{value:.{precision - 1}e}"
        if _reads_as(text, packed):
            return text
        # The numbers around a power of two are not evenly spread: the nearest decimal of this
        # length may miss where the next one up or down, in the wider gap, hits.
        if power_of_two:
            near = Decimal(text)
            for direction in (1, -1):
                other = near + direction * Decimal((0, (1,), decimal_exponent(near)))
                if _reads_as(str(other), packed):
                    return f"{other:e}"
    return f"{value:.9e}"


def _reads_as(text: str, packed: bytes) -> bool:
    try:
        return struct.pack("<f", float(text)) == packed
    except OverflowError:  # the largest numbers, rounded up
        return False
