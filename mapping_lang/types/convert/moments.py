"""Datetimes, dates and times from each other and from text, and formatted (MAP-93 to MAP-99)."""

from collections.abc import Callable
from datetime import UTC, date, datetime, time
from typing import Any, TypeAlias

from mapping_lang.types.convert.scalars import Core
from mapping_lang.types.errors import ValueRefusedError
from mapping_lang.types.kinds import (
    ArrayType,
    DatetimeType,
    DateType,
    MapType,
    ObjectType,
    StringType,
    TimeType,
    Type,
)
from mapping_lang.types.text.layouts import Layouts, date_writer, datetime_writer, time_writer
from mapping_lang.types.text.parse import (
    parse_date_loose,
    parse_datetime_rfc3339,
    parse_time_lenient,
)
from mapping_lang.types.values import Value

_Writer: TypeAlias = Callable[[Any], Value | None]


def to_datetime(source: Type) -> Core | None:
    """Read RFC 3339, or take the midnight of a date (MAP-93)."""
    match source:
        case StringType():
            return parse_datetime_rfc3339
        case DateType():
            return _midnight
        case _:
            return None


def _midnight(value: date) -> datetime:
    return datetime(value.year, value.month, value.day, tzinfo=UTC)


def to_date(source: Type) -> Core | None:
    """Read the shapes of MAP-96, or take the UTC date of an instant (MAP-95)."""
    match source:
        case StringType():
            return parse_date_loose
        case DatetimeType():
            return _date_of
        case _:
            return None


def _date_of(value: datetime) -> date:
    return value.date()


def to_time(source: Type) -> Core | None:
    """Read a time leniently, or take the UTC time of day of an instant (MAP-98)."""
    match source:
        case StringType():
            return parse_time_lenient
        case DatetimeType():
            return _time_of
        case _:
            return None


def _time_of(value: datetime) -> time:
    return value.time()


def layout_writer(type_: Type, layouts: Layouts) -> _Writer | None:
    """Compile the way from converted values to formatted ones, at every depth (MAP-99, MAP-D13).

    None if values of the type hold no moments.
    """
    write: _Writer
    match type_:
        case DatetimeType():
            write = datetime_writer(layouts.datetime)
        case DateType():
            write = date_writer(layouts.date)
        case TimeType():
            write = time_writer(layouts.time)
        case ArrayType():
            element = layout_writer(type_.element, layouts)
            if element is None:
                return None
            write = _each_element(element)
        case MapType():
            element = layout_writer(type_.element, layouts)
            if element is None:
                return None
            write = _each_value(element)
        case ObjectType():
            written = {
                item.name: member
                for item in type_.properties
                if (member := layout_writer(item.type, layouts)) is not None
            }
            if not written:
                return None
            write = _some_members(written)
        case _:
            return None
    return lambda value: None if value is None else write(value)


def _each_element(write: _Writer) -> _Writer:
    def write_array(values: list[Value]) -> Value:
        written: list[Value | None] = []
        try:
            for value in values:
                written.append(write(value))
        except ValueRefusedError as error:
            raise error.inside(len(written)) from None
        return written

    return write_array


def _each_value(write: _Writer) -> _Writer:
    return lambda values: _written(values, dict.fromkeys(values, write))


def _some_members(writers: dict[str, _Writer]) -> _Writer:
    return lambda values: _written(values, writers)


def _written(
    values: dict[str, Value | None], writers: dict[str, _Writer]
) -> dict[str, Value | None]:
    result = dict(values)
    name = ""
    try:
        for name, write in writers.items():
            if name in result:
                result[name] = write(result[name])
    except ValueRefusedError as error:
        raise error.inside(name) from None
    return result
