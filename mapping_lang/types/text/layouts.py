"""Time layouts: patterns that spell the moment Monday, 2 January 2006, 15:04:05 (MAP-99).

Whatever is not a piece of that moment stands for itself, so every text is a layout.
"""

import re
from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime, time, timedelta
from typing import Final, TypeAlias, final

from mapping_lang.diagnostics import Code, quote
from mapping_lang.types.errors import TypeDefinitionError, ValueRefusedError
from mapping_lang.types.kinds import (
    ArrayType,
    DatetimeType,
    DateType,
    IntType,
    MapType,
    ObjectType,
    Schema,
    StringType,
    TimeType,
    Type,
    is_unicode,
)
from mapping_lang.types.text.format import format_date, format_datetime, format_time

MAX_LAYOUT_CHARS: Final = 200

_EPOCH: Final = datetime(1970, 1, 1, tzinfo=UTC)

_MAX_NANOSECONDS: Final = 2**63 - 1
"""What a column of integers holds, and every consumer of `unixnano` reads: 1677 to 2262."""

_UNITS: Final = {
    "unix": timedelta(seconds=1),
    "unixmilli": timedelta(milliseconds=1),
    "unixmicro": timedelta(microseconds=1),
}
_COUNTS: Final = (*_UNITS, "unixnano")
"""Layouts that write numbers."""

_MONTHS: Final = (
    "January", "February", "March", "April", "May", "June", "July", "August", "September",
    "October", "November", "December",
)  # fmt: skip
_DAYS: Final = (
    "Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday",
)  # fmt: skip

_PIECE: Final = re.compile(
    r"January|Jan(?![a-z])|Monday|Mon(?![a-z])|MST"
    r"|2006|0[1-6]|002|__2|_2(?!006)|15|[1-5]|PM|pm"
    r"|[-Z]07(?:0000|:00:00|00|:00)?"
    # A fraction ends where its digits end: `.0001` is none.
    r"|[.,](?:0+|9+)(?![0-9])"
)

_Spell: TypeAlias = Callable[[datetime], str]

_SPELLINGS: Final[dict[str, _Spell]] = {
    "2006": lambda m: f"{m.year:04}",
    "06": lambda m: f"{m.year % 100:02}",
    "January": lambda m: _MONTHS[m.month - 1],
    "Jan": lambda m: _MONTHS[m.month - 1][:3],
    "01": lambda m: f"{m.month:02}",
    "1": lambda m: f"{m.month}",
    "Monday": lambda m: _DAYS[m.weekday()],
    "Mon": lambda m: _DAYS[m.weekday()][:3],
    "02": lambda m: f"{m.day:02}",
    "_2": lambda m: f"{m.day:2}",
    "2": lambda m: f"{m.day}",
    "002": lambda m: f"{m.timetuple().tm_yday:03}",
    "__2": lambda m: f"{m.timetuple().tm_yday:3}",
    "15": lambda m: f"{m.hour:02}",
    "03": lambda m: f"{m.hour % 12 or 12:02}",
    "3": lambda m: f"{m.hour % 12 or 12}",
    "04": lambda m: f"{m.minute:02}",
    "4": lambda m: f"{m.minute}",
    "05": lambda m: f"{m.second:02}",
    "5": lambda m: f"{m.second}",
    "PM": lambda m: "AM" if m.hour < 12 else "PM",
    "pm": lambda m: "am" if m.hour < 12 else "pm",
    "MST": lambda _: "UTC",
}


@final
@dataclass(frozen=True, slots=True)
class Layouts:
    """How a destination wants its moments written; "" is the default form of a kind.

    That of `datetime` can also be `unix`, `unixmilli`, `unixmicro` or `unixnano`: a count since
    1970, rounded down. What does not fit 64 bits in nanoseconds is refused when it is written.
    """

    datetime: str = ""
    date: str = ""
    time: str = ""

    def __post_init__(self) -> None:
        for name, layout in (("datetime", self.datetime), ("date", self.date), ("time", self.time)):
            if len(layout) > MAX_LAYOUT_CHARS:
                raise TypeDefinitionError(
                    Code.SCHEMA_LIMIT,
                    name,
                    found=f"a layout of {len(layout)} characters",
                    expected=f"at most {MAX_LAYOUT_CHARS}",
                )
            if not is_unicode(layout):
                raise TypeDefinitionError(
                    Code.SCHEMA_TEXT,
                    name,
                    found=quote(layout),
                    expected="Unicode text without lone surrogates",
                )

    def written(self, type_: Type) -> Type:
        """Give the type that values of a type have once their moments are written."""
        match type_:
            case DatetimeType():
                return IntType(64) if self.datetime in _COUNTS else StringType()
            case DateType() | TimeType():
                return StringType()
            case ArrayType():
                element = self.written(type_.element)
                # Different moments can have one text.
                unique = type_.unique and element == type_.element
                return replace(type_, element=element, unique=unique)
            case MapType():
                return MapType(self.written(type_.element))
            case ObjectType():
                return self.written_schema(type_)
            case _:
                return type_

    def written_schema(self, schema: Schema) -> Schema:
        """Give the schema of records whose moments are written."""
        return ObjectType(
            tuple(replace(item, type=self.written(item.type)) for item in schema.properties)
        )


def datetime_writer(layout: str) -> Callable[[datetime], str | int]:
    """Compile the layout of datetimes."""
    if layout == "unixnano":
        return _nanoseconds
    if unit := _UNITS.get(layout):
        return lambda value: (value - _EPOCH) // unit
    if not layout:
        return lambda value: format_datetime(
            value.replace(microsecond=_milliseconds(value.microsecond))
        )
    return _compile(layout)


def _nanoseconds(value: datetime) -> int:
    count = (value - _EPOCH) // _UNITS["unixmicro"] * 1000
    if not -_MAX_NANOSECONDS - 1 <= count <= _MAX_NANOSECONDS:
        low, high = (
            format_datetime(_EPOCH + timedelta(microseconds=sign * (_MAX_NANOSECONDS // 1000)))
            for sign in (-1, 1)
        )
        raise ValueRefusedError(
            Code.VALUE_RANGE,
            f"{format_datetime(value)} is not within {low} and {high}, between which nanoseconds"
            " since 1970 fit 64 bits",
            limit=low if count < 0 else high,
        )
    return count


def date_writer(layout: str) -> Callable[[date], str]:
    """Compile the layout of dates: each is written as its midnight."""
    if not layout:
        return format_date
    write = _compile(layout)
    return lambda value: write(datetime(value.year, value.month, value.day, tzinfo=UTC))


def time_writer(layout: str) -> Callable[[time], str]:
    """Compile the layout of times: each is written as a moment of 1 January 1970."""
    if not layout:
        return lambda value: (
            format_time(value.replace(microsecond=_milliseconds(value.microsecond))) + "Z"
        )
    write = _compile(layout)
    return lambda value: write(datetime.combine(_EPOCH, value, tzinfo=UTC))


def _milliseconds(microsecond: int) -> int:
    return microsecond // 1000 * 1000


def _compile(layout: str) -> _Spell:
    pieces: list[_Spell] = []
    position = 0
    for match in _PIECE.finditer(layout):
        if match.start() > position:
            pieces.append(_literal(layout[position : match.start()]))
        pieces.append(_spelling(match[0]))
        position = match.end()
    if position < len(layout):
        pieces.append(_literal(layout[position:]))
    return lambda moment: "".join([spell(moment) for spell in pieces])


def _spelling(piece: str) -> _Spell:
    if spell := _SPELLINGS.get(piece):
        return spell
    if piece[0] in ".,":
        return _fraction(piece[0], len(piece) - 1, trimmed=piece[1] == "9")
    # What remains are zones, and every moment is in UTC.
    return _literal("Z" if piece[0] == "Z" else "+00" + piece[3:])


def _fraction(point: str, digits: int, *, trimmed: bool) -> _Spell:
    def spell(moment: datetime) -> str:
        shown = f"{moment.microsecond:06}000"[:digits]
        if trimmed:
            shown = shown.rstrip("0")
        return point + shown if shown else ""

    return spell


def _literal(text: str) -> _Spell:
    return lambda _: text
