"""The one Python value of each kind, and whether it is within its type.

| kind | value |
|---|---|
| string | `str` without lone surrogates |
| boolean | `bool` |
| int, year | `int` |
| float | `float`; of 32 bits, a binary32 value |
| decimal | `Decimal`, finite |
| datetime | `datetime`, aware, in UTC |
| date | `date` |
| time | `time`, naive |
| uuid, ip | `str` in canonical form |
| json | `Json` |
| array | `list` |
| object, map | `dict` |

Null is `None`. An absent property is absent from its `dict`. Neither is the JSON value null.
"""

import math
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, time
from decimal import Decimal
from enum import Enum
from typing import Any, Final, TypeAlias, final

from mapping_lang.diagnostics import Code, quote
from mapping_lang.types.errors import ValueRefusedError
from mapping_lang.types.kinds import (
    MAX_YEAR,
    MIN_YEAR,
    ArrayType,
    DecimalType,
    FloatType,
    IntType,
    StringType,
    compile_pattern,
    decimal_fits,
    display,
)


@final
class Json:
    """A JSON value as its exact text: the spelling of numbers and the white space survive.

    Whoever makes one vouches that the text is one valid JSON value without repeated members.
    """

    __slots__ = ("text",)

    text: str

    def __init__(self, text: str) -> None:
        self.text = text

    def __eq__(self, other: object) -> bool:
        """Compare the texts: white space and the order of members matter (MAP-53)."""
        return isinstance(other, Json) and self.text == other.text

    def __hash__(self) -> int:
        return hash(("json", self.text))

    def __repr__(self) -> str:
        return f"Json({self.text!r})"


Value: TypeAlias = (
    str
    | bool
    | int
    | float
    | Decimal
    | datetime
    | date
    | time
    | Json
    | list["Value | None"]
    | dict[str, "Value | None"]
)
Record: TypeAlias = dict[str, Value | None]

JSON_NULL: Final = Json("null")


class Absent(Enum):
    """What stands for the value of an absent property where values are not in a `dict`."""

    ABSENT = "absent"


ABSENT: Final = Absent.ABSENT


@final
@dataclass(frozen=True, slots=True)
class ValueColumn:
    """The values of a property in many records, None where it is null or absent."""

    values: Sequence[Any]
    absent: Sequence[bool] | None = None
    """Where it is absent; None is nowhere."""


@final
@dataclass(frozen=True, slots=True)
class ObjectColumn:
    """A property of objects in many records: theirs, in the order of the schema."""

    properties: Sequence["PropertyColumn"]
    missing: Sequence[bool] | None = None
    """Where there is no object; None is nowhere. There, what it would hold is absent."""
    absent: Sequence[bool] | None = None
    """Where not even null is."""


PropertyColumn: TypeAlias = ValueColumn | ObjectColumn

EPOCH: Final = datetime(1970, 1, 1, tzinfo=UTC)


def check_string(value: str, type_: StringType) -> None:
    """Refuse text outside the limits of its type; the first limit that is set decides (TYPE-12)."""
    if type_.values:
        if value not in type_.value_set:
            raise _not_listed(value, type_)
        return
    if type_.pattern is not None:
        if not compile_pattern(type_.pattern).search(value):
            raise ValueRefusedError(
                Code.VALUE_PATTERN,
                f"{quote(value)} does not match the pattern {quote(type_.pattern)}",
                limit=type_.pattern,
            )
        return
    if len(value) > type_.max_length:
        raise ValueRefusedError(
            Code.VALUE_MAX_LENGTH,
            f"{quote(value)} has {len(value)} characters, at most {type_.max_length} are allowed",
            limit=str(type_.max_length),
        )
    # A text cannot have more bytes than four times its code points.
    if 4 * len(value) > type_.max_bytes:
        size = len(value.encode())
        if size > type_.max_bytes:
            raise ValueRefusedError(
                Code.VALUE_MAX_BYTES,
                f"{quote(value)} has {size} bytes, at most {type_.max_bytes} are allowed",
                limit=str(type_.max_bytes),
            )


def check_int(value: int, type_: IntType) -> None:
    """Refuse an integer outside the range of its type."""
    if value < type_.low:
        raise too_small(_digits(value), str(type_.low))
    if value > type_.high:
        raise too_large(_digits(value), str(type_.high))


def check_float(value: float, type_: FloatType) -> None:
    """Refuse a number outside its range; NaN is outside no range but is not real (TYPE-42)."""
    if type_.real and math.isnan(value):
        raise ValueRefusedError(Code.VALUE_RANGE, "NaN is not a real number")
    if value < type_.low:
        raise too_small(repr(value), repr(type_.low))
    if value > type_.high:
        raise too_large(repr(value), repr(type_.high))


def check_decimal(value: Decimal, type_: DecimalType) -> None:
    """Refuse a number that has no place in its type or is outside its range (DEC-14)."""
    if not decimal_fits(value, type_.precision, type_.scale):
        raise ValueRefusedError(
            Code.VALUE_RANGE,
            f"{quote(str(value))} does not fit {display(type_)}",
            limit=display(type_),
        )
    if value < type_.low:
        raise too_small(str(value), str(type_.low))
    if value > type_.high:
        raise too_large(str(value), str(type_.high))


def check_year(value: int) -> None:
    """Refuse a year outside the calendar (TYPE-2)."""
    if not MIN_YEAR <= value <= MAX_YEAR:
        raise ValueRefusedError(
            Code.VALUE_YEAR,
            f"the year {_digits(value)} is not between {MIN_YEAR} and {MAX_YEAR}",
            limit=f"{MIN_YEAR} to {MAX_YEAR}",
        )


def check_elements(value: list[Value | None], type_: ArrayType) -> None:
    """Refuse a list of too few or too many elements, or with one of them repeated (DEC-14)."""
    count = len(value)
    if count < type_.min_elements:
        raise ValueRefusedError(
            Code.VALUE_ELEMENTS,
            f"there are {count} elements, at least {type_.min_elements} are required",
            limit=str(type_.min_elements),
        )
    if count > type_.max_elements:
        raise ValueRefusedError(
            Code.VALUE_ELEMENTS,
            f"there are {count} elements, at most {type_.max_elements} are allowed",
            limit=str(type_.max_elements),
        )
    # Only kinds whose values are hashable can be unique. A set may take a NaN for equal to itself,
    # and it is not (TYPE-13), so what the set finds is looked at again.
    if type_.unique and len(set(value)) < count:
        _refuse_repeated(value)


def _refuse_repeated(value: list[Value | None]) -> None:
    first: dict[object, int] = {}
    for position, item in enumerate(value):
        if item in first and item == item:
            raise ValueRefusedError(
                Code.VALUE_REPEATED,
                f"the elements {first[item]} and {position} are equal, they have to differ",
                path=(position,),
            )
        first.setdefault(item, position)


def too_small(value: str, minimum: str) -> ValueRefusedError:
    return ValueRefusedError(
        Code.VALUE_MINIMUM, f"{value} is less than the minimum {minimum}", limit=minimum
    )


def too_large(value: str, maximum: str) -> ValueRefusedError:
    return ValueRefusedError(
        Code.VALUE_MAXIMUM, f"{value} is greater than the maximum {maximum}", limit=maximum
    )


def _not_listed(value: str, type_: StringType) -> ValueRefusedError:
    shown = ", ".join(quote(listed) for listed in type_.values[:10])
    more = ", …" if len(type_.values) > 10 else ""
    return ValueRefusedError(
        Code.VALUE_NOT_LISTED,
        f"{quote(value)} is not one of {shown}{more}",
        limit=", ".join(type_.values[:10]) + more,
    )


def _digits(value: int) -> str:
    # Longer integers are costly to write in decimal, and Python refuses past 4,300 digits.
    return str(value) if value.bit_length() <= 256 else "a number of more than 77 digits"
