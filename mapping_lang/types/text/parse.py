"""From text to values: the only place that reads a datetime, a decimal, a float or an address.

Every function refuses what it cannot read with a `ValueRefusedError`, whatever the text, in time
proportional to its length. Further digits of a second are truncated to microseconds (DEC-10).
"""

import ipaddress
import math
import re
import struct
from collections.abc import Callable
from datetime import UTC, date, datetime, time, timedelta
from decimal import Decimal, InvalidOperation
from fractions import Fraction
from typing import Final, SupportsInt

from mapping_lang.diagnostics import Code, quote
from mapping_lang.types.errors import ValueRefusedError
from mapping_lang.types.kinds import EXACT, MAX_YEAR, MIN_YEAR, round_float

INT64_MIN: Final = -(2**63)
INT64_MAX: Final = 2**63 - 1
UINT64_MAX: Final = 2**64 - 1

_MAX_INT64_DIGITS: Final = 20
_MAX_HEX_DIGITS: Final = 1_000
_MAX_EXPONENT_DIGITS: Final = 9

_SIGNED = re.compile(r"[+-]?[0-9]+")
_UNSIGNED = re.compile(r"[0-9]+")
_DIGITS = "[0-9]+(?:_[0-9]+)*"
_FLOAT = re.compile(rf"[+-]?(?:{_DIGITS}(?:\.(?:{_DIGITS})?)?|\.{_DIGITS})(?:[eE][+-]?{_DIGITS})?")
_HEX_DIGITS = "[0-9a-fA-F]+(?:_[0-9a-fA-F]+)*"
_HEX_FLOAT = re.compile(
    rf"([+-]?)0[xX](?:_?({_HEX_DIGITS})(?:\.({_HEX_DIGITS})?)?|\.({_HEX_DIGITS}))"
    rf"[pP]([+-]?)({_DIGITS})"
)
_FLOAT_NAME = re.compile(r"([+-]?)(nan|inf|infinity)", re.IGNORECASE | re.ASCII)
_DECIMAL = re.compile(
    r"[+-]?(?:(?:0|[1-9][0-9]*)(?:\.[0-9]*)?|\.[0-9]+)(?:[eE][+-]?[0-9]+)?", re.ASCII
)
_DATE = re.compile(r"([0-9]{4})-([0-9]{2})-([0-9]{2})")
_MONTH_FIRST = re.compile(r"([0-9]{2})([/.])([0-9]{2})\2([0-9]{4})")
_CLOCK = r"([0-9]{1,2}):([0-9]{2}):([0-9]{2})"
_RFC3339 = re.compile(
    rf"([0-9]{{4}})-([0-9]{{2}})-([0-9]{{2}})T{_CLOCK}(?:[.,]([0-9]+))?"
    r"(?:Z|([+-])([0-9]{2}):([0-9]{2}))"
)
_ISO = re.compile(
    r"\+?([0-9]+)"
    r"(?:-(?:([0-9]{3})|([0-9]+)(?:-([0-9]+))?))?"
    r"(?:[T ]([0-9]+)(?::([0-9]+)(?::([0-9]+)(?:\.([0-9]{0,9}))?)?)?"
    r"(?:Z|([+-])([0-9]{2})(?::?([0-9]{2}))?)?)?"
)
_PLAIN_INSTANTS: Final = frozenset({"--T::Z", "--T::."})
"""Every third character of an instant from the fifth on, without and with a fraction."""
_PLAIN_LENGTHS: Final = frozenset({20, *range(22, 28)})

_TIME_PREFIX = re.compile(r"([0-9]{2}):([0-9]{2}):([0-9]{2})(?:\.([0-9]{0,9}))?")
_TIME = re.compile(rf"{_CLOCK}(?:\.([0-9]+))?")
_YEAR = re.compile(r"[1-9][0-9]{0,3}")
_SERIAL = re.compile(r"[0-9]+(?:\.[0-9]+)?")
_UUID = re.compile(r"[0-9a-fA-F]{8}(?:-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}")
_UUID_HEX = re.compile(r"[0-9a-fA-F]{32}")
_IPV4 = re.compile(
    r"(?:25[0-5]|2[0-4][0-9]|1[0-9]{2}|[1-9]?[0-9])"
    r"(?:\.(?:25[0-5]|2[0-4][0-9]|1[0-9]{2}|[1-9]?[0-9])){3}"
)

_SERIAL_EPOCH: Final = date(1899, 12, 31)
_SERIAL_LEAP_BUG: Final = 60
"""The spreadsheet's 29 February 1900, a day that never was."""


def parse_int(text: str, *, unsigned: bool = False) -> int:
    """Read the text of an integer of 64 bits (TYPE-54)."""
    # Nearly all integers are short and have no sign.
    if len(text) < _MAX_INT64_DIGITS - 1 and text.isdigit() and text.isascii():
        return int(text)
    if not (_UNSIGNED if unsigned else _SIGNED).fullmatch(text):
        raise _not(Code.VALUE_TYPE, text, "an unsigned integer" if unsigned else "an integer")
    if len(text) > _MAX_INT64_DIGITS:
        # Only zeros can make it longer; Python refuses to read more than 4,300 digits of them.
        digits = text.lstrip("+-0") or "0"
        if len(digits) > _MAX_INT64_DIGITS:
            raise _out_of_64_bits(text)
        number = -int(digits) if text[0] == "-" else int(digits)
    else:
        number = int(text)
    low, high = (0, UINT64_MAX) if unsigned else (INT64_MIN, INT64_MAX)
    if not low <= number <= high:
        raise _out_of_64_bits(text)
    return number


def parse_float(text: str, bit_size: int) -> float:
    """Read the text of a float, rounded once to the bit size (TYPE-55)."""
    if _FLOAT.fullmatch(text):
        number = _round_text(text.replace("_", ""), bit_size)
        if math.isinf(number):
            raise _float_range(text, bit_size)
        return number
    if named := _FLOAT_NAME.fullmatch(text):
        number = math.nan if named[2].lower() == "nan" else math.inf
        return -number if named[1] == "-" else number
    if hexadecimal := _HEX_FLOAT.fullmatch(text):
        return _parse_hex_float(hexadecimal, bit_size)
    raise _not(Code.VALUE_TYPE, text, "a number")


def _round_text(text: str, bit_size: int) -> float:
    number = float(text)
    if bit_size == 64 or not math.isfinite(number):
        return number
    # Decimals are compared exactly, and in time proportional to their digits; fractions are not.
    return _round32(number, lambda: Decimal(text).compare(Decimal(number), EXACT))


def _round32(number: float, compare: Callable[[], SupportsInt]) -> float:
    """Round to 32 bits a number that was rounded to 64.

    Rounding twice goes wrong exactly where the first result is halfway between two numbers of 32
    bits. Then `compare` tells on which side of it the true number is.
    """
    rounded = round_float(number, 32)
    if rounded == number or not math.isfinite(number):
        return rounded
    other = _neighbour32(rounded, upwards=number > rounded)
    # Sums and halves of binary32 numbers are exact in binary64.
    if number * 2 != _as_finite(rounded) + _as_finite(other):
        return rounded
    side = int(compare())
    if not side:
        return rounded
    return max(rounded, other) if side > 0 else min(rounded, other)


def _as_finite(value: float) -> float:
    # Halfway to infinity is halfway to where the next number would be.
    return math.copysign(2.0**128, value) if math.isinf(value) else value


def _neighbour32(value: float, *, upwards: bool) -> float:
    if value == 0:
        return math.ldexp(1 if upwards else -1, -149)
    bits = int.from_bytes(struct.pack(">f", value))
    # Numbers of one sign are in the order of their bits, infinity after the largest.
    bits += 1 if (value > 0) == upwards else -1
    (neighbour,) = struct.unpack(">f", bits.to_bytes(4))
    return float(neighbour)


def _parse_hex_float(match: re.Match[str], bit_size: int) -> float:
    sign, whole, fraction = match[1], match[2] or "", match[3] or match[4] or ""
    whole, fraction = whole.replace("_", ""), fraction.replace("_", "")
    exponent_digits = match[6].replace("_", "").lstrip("0") or "0"
    if len(whole) + len(fraction) > _MAX_HEX_DIGITS:
        raise _float_range(match[0], bit_size)
    mantissa = int(whole + fraction, 16) * (-1 if sign == "-" else 1)
    if not mantissa or (match[5] == "-" and len(exponent_digits) > _MAX_EXPONENT_DIGITS):
        return -0.0 if sign == "-" else 0.0
    if len(exponent_digits) > _MAX_EXPONENT_DIGITS:
        raise _float_range(match[0], bit_size)
    exponent = int(match[5] + exponent_digits)
    try:
        number = float.fromhex(f"{sign}0x{whole or '0'}.{fraction or '0'}p{exponent}")
    except OverflowError as error:
        raise _float_range(match[0], bit_size) from error
    if bit_size == 32 and number:
        true = Fraction(mantissa) * Fraction(2) ** (exponent - 4 * len(fraction))
        number = _round32(number, lambda: (true > number) - (true < number))
    if math.isinf(number):
        raise _float_range(match[0], bit_size)
    return number


def parse_decimal(text: str) -> Decimal:
    """Read the text of a decimal, exactly (TYPE-58); whether it fits a type is not asked here."""
    if not _DECIMAL.fullmatch(text):
        raise _not(Code.VALUE_TYPE, text, "a decimal number")
    try:
        number = Decimal(text)
    except InvalidOperation:
        # An exponent of more than 18 digits: beyond every type, unless it scales nothing.
        if not text.lower().partition("e")[0].strip("+-0."):
            return Decimal(0)
        raise ValueRefusedError(
            Code.VALUE_RANGE, f"the exponent of {quote(text)} is out of range"
        ) from None
    # There is one zero (TYPE-60).
    return number if number else Decimal(0)


def parse_datetime_rfc3339(text: str) -> datetime:
    """Read an instant in the RFC 3339 form, zone included (TYPE-46)."""
    if (plain := _plain_instant(text)) is not None:
        return plain
    match = _RFC3339.fullmatch(text)
    if match is None:
        raise _not(Code.VALUE_FORM, text, "a datetime such as 2024-01-31T15:04:05Z")
    year, month, day, hour, minute, second, fraction, sign, zone_hour, zone_minute = match.groups()
    # The last day of year 0 may be the first of year 1 in UTC (TYPE-48); year 4 is as long.
    is_year_zero = year == "0000" and sign == "-"
    local = _datetime(
        text,
        4 if is_year_zero else int(year),
        int(month),
        int(day),
        int(hour),
        int(minute),
        int(second),
        _microseconds(fraction),
    )
    instant = _to_utc(text, local, sign, zone_hour, zone_minute)
    if not is_year_zero:
        return instant
    if instant.year == local.year:
        raise _year_out_of_range(text)
    return instant.replace(year=MIN_YEAR)


def _plain_instant(text: str) -> datetime | None:
    """Read the usual form, `2024-01-31T15:04:05.123Z`; None leaves a text to the long way."""
    if (
        text[4:20:3] in _PLAIN_INSTANTS
        and len(text) in _PLAIN_LENGTHS
        and text[-1] == "Z"
        # Python reads hour 24 since 3.14.
        and text[11:13] != "24"
    ):
        try:
            return datetime.fromisoformat(text)
        except ValueError:
            return None  # the long way names the mistake
    return None


def parse_datetime_iso(text: str) -> datetime:
    """Read an instant in the lenient ISO 8601 form; without a zone it is UTC (TYPE-47)."""
    if (plain := _plain_instant(text)) is not None:
        return plain
    match = _ISO.fullmatch(text)
    if match is None:
        raise _not(Code.VALUE_FORM, text, "an ISO 8601 datetime such as 2024-01-31T15:04:05Z")
    year, ordinal, month, day, hour, minute, second, fraction, sign, zone_h, zone_m = match.groups()
    year = year.lstrip("0") or "0"
    if len(year) > 4:
        raise _year_out_of_range(text)
    if sign == "-" and not int(zone_h) and not int(zone_m or 0):
        raise _no_zone(text)
    if any(len(part) > 9 for part in (month, day, hour, minute, second) if part):
        raise _no_such_day(text)
    local = _datetime(
        text,
        int(year),
        int(month or 1),
        int(day or 1),
        int(hour or 0),
        int(minute or 0),
        int(second or 0),
        _microseconds(fraction),
    )
    if ordinal is not None:
        days = int(ordinal)
        if not 1 <= days <= (366 if _is_leap(local.year) else 365):
            raise _no_such_day(text)
        local += timedelta(days=days - 1)
    return _to_utc(text, local, sign, zone_h, zone_m)


def _datetime(
    text: str,
    year: int,
    month: int,
    day: int,
    hour: int,
    minute: int,
    second: int,
    microsecond: int,
) -> datetime:
    if not MIN_YEAR <= year <= MAX_YEAR:
        raise _year_out_of_range(text)
    try:
        return datetime(year, month, day, hour, minute, second, microsecond, tzinfo=UTC)
    except ValueError:
        raise _no_such_day(text) from None


def _to_utc(
    text: str, local: datetime, sign: str | None, zone_hour: str | None, zone_minute: str | None
) -> datetime:
    if sign is None:
        return local
    hours, minutes = int(zone_hour or 0), int(zone_minute or 0)
    # No clock on earth is a day away (DEC-52).
    if hours > 23 or minutes > 59:
        raise _no_zone(text)
    offset = timedelta(hours=hours, minutes=minutes)
    try:
        return local - offset if sign == "+" else local + offset
    except OverflowError:
        raise _year_out_of_range(text) from None


def parse_date(text: str) -> date:
    """Read `YYYY-MM-DD` (TYPE-50)."""
    if (plain := _plain_date(text)) is not None:
        return plain
    match = _DATE.fullmatch(text)
    if match is None:
        raise _not(Code.VALUE_FORM, text, "a date such as 2024-01-31")
    return _date(text, match[1], match[2], match[3])


def _plain_date(text: str) -> date | None:
    # The other forms that Python reads have another length or their first dash elsewhere.
    if len(text) == 10 and text[4] == "-" == text[7]:
        try:
            return date.fromisoformat(text)
        except ValueError:
            pass  # the long way names the mistake
    return None


def parse_date_loose(text: str) -> date:
    """Read the shapes of a date that a mapping accepts from text (MAP-96, MAP-97)."""
    if (plain := _plain_date(text)) is not None:
        return plain
    if len(text) == 10:
        if match := _DATE.fullmatch(text):
            return _date(text, match[1], match[2], match[3])
        if match := _MONTH_FIRST.fullmatch(text):
            return _date(text, match[4], match[1], match[3])
    elif len(text) != 8 and len(text) >= 3 and _SERIAL.fullmatch(text):
        return _serial_date(text)
    raise _not(Code.VALUE_FORM, text, "a date such as 2024-01-31")


def _serial_date(text: str) -> date:
    whole = text.partition(".")[0].lstrip("0") or "0"
    if len(whole) > 8:
        raise _year_out_of_range(text)
    days = int(whole)
    if days == _SERIAL_LEAP_BUG:
        raise _no_such_day(text)
    try:
        return _SERIAL_EPOCH + timedelta(days=days - (days > _SERIAL_LEAP_BUG))
    except OverflowError:
        raise _year_out_of_range(text) from None


def _date(text: str, year: str, month: str, day: str) -> date:
    if not 1 <= int(month) <= 12 or not 1 <= int(day) <= 31:
        raise _no_such_day(text)
    if int(year) < MIN_YEAR:
        raise _year_out_of_range(text)
    try:
        return date(int(year), int(month), int(day))
    except ValueError:
        raise _no_such_day(text) from None


def parse_year(text: str) -> int:
    """Read a year of one to four digits, the first of them no zero (MAP-102)."""
    if not _YEAR.fullmatch(text):
        raise _not(Code.VALUE_FORM, text, "a year such as 2024")
    return int(text)


def parse_time_lenient(text: str) -> time:
    """Read the time that a text begins with; what follows it is ignored (TYPE-51)."""
    match = _TIME_PREFIX.match(text)
    if match is None or match[4] == "":
        raise _not(Code.VALUE_FORM, text, "a time such as 15:04:05")
    return _time(text, match[1], match[2], match[3], match[4])


def parse_time(text: str) -> time:
    """Read `hh:mm:ss` with an optional fraction and nothing else (TYPE-52)."""
    match = _TIME.fullmatch(text)
    if match is None:
        raise _not(Code.VALUE_FORM, text, "a time such as 15:04:05")
    return _time(text, match[1], match[2], match[3], match[4])


def _time(text: str, hour: str, minute: str, second: str, fraction: str | None) -> time:
    try:
        return time(int(hour), int(minute), int(second), _microseconds(fraction))
    except ValueError:
        raise _not(Code.VALUE_FORM, text, "a time from 00:00:00 to 23:59:59") from None


def _microseconds(fraction: str | None) -> int:
    return int(fraction[:6].ljust(6, "0")) if fraction else 0


def _is_leap(year: int) -> bool:
    return year % 4 == 0 and (year % 100 != 0 or year % 400 == 0)


def parse_uuid_strict(text: str) -> str:
    """Read the 36-character form of a UUID; give it in lower case (TYPE-43)."""
    if not _UUID.fullmatch(text):
        raise _not(Code.VALUE_FORM, text, "a UUID")
    return text.lower()


def parse_uuid(text: str) -> str:
    """Read any usual form of a UUID; give the 36-character one in lower case (TYPE-44)."""
    if len(text) == 36 and _UUID.fullmatch(text):
        return text.lower()
    if len(text) == 32 and _UUID_HEX.fullmatch(text):
        low = text.lower()
        return f"{low[:8]}-{low[8:12]}-{low[12:16]}-{low[16:20]}-{low[20:]}"
    if len(text) == 45 and text[:9].lower() == "urn:uuid:" and _UUID.fullmatch(text[9:]):
        return text[9:].lower()
    if len(text) == 38 and _UUID.fullmatch(text[1:-1]):
        return text[1:-1].lower()
    raise _not(Code.VALUE_FORM, text, "a UUID")


def parse_ip(text: str) -> str:
    """Read an IP address; give it in canonical form (TYPE-45)."""
    if _IPV4.fullmatch(text):
        return text
    address, percent, zone = text.partition("%")
    if ":" in address and address.isascii() and bool(percent) == bool(zone):
        try:
            ipv6 = ipaddress.IPv6Address(address)
        except ValueError:
            pass
        else:
            mapped = ipv6.ipv4_mapped
            # Python writes a mapped address in two ways, depending on its version.
            canonical = str(ipv6) if mapped is None else f"::ffff:{mapped}"
            return canonical + percent + zone
    raise _not(Code.VALUE_FORM, text, "an IP address")


def _not(code: Code, text: str, expected: str) -> ValueRefusedError:
    return ValueRefusedError(code, f"{quote(text)} is not {expected}", limit=expected)


def _out_of_64_bits(text: str) -> ValueRefusedError:
    return ValueRefusedError(Code.VALUE_RANGE, f"{quote(text)} does not fit 64 bits")


def _float_range(text: str, bit_size: int) -> ValueRefusedError:
    return ValueRefusedError(
        Code.VALUE_RANGE, f"{quote(text)} does not fit a float of {bit_size} bits"
    )


def _no_such_day(text: str) -> ValueRefusedError:
    return _not(Code.VALUE_FORM, text, "a moment of the calendar")


def _no_zone(text: str) -> ValueRefusedError:
    return _not(Code.VALUE_FORM, text, "a moment of a zone between -23:59 and +23:59")


def _year_out_of_range(text: str) -> ValueRefusedError:
    return ValueRefusedError(
        Code.VALUE_YEAR, f"the year of {quote(text)} is not between {MIN_YEAR} and {MAX_YEAR}"
    )
