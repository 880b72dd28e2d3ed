"""Vectors and their value convention: JSON by type, to and from the product's values."""

import json
import re
import struct
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, date, datetime, time
from decimal import Decimal
from pathlib import Path
from typing import Any, Final, TypeAlias, assert_never

from mapping_lang.types.kinds import (
    ArrayType,
    BooleanType,
    DatetimeType,
    DateType,
    DecimalType,
    FloatType,
    IntType,
    IpType,
    JsonType,
    MapType,
    ObjectType,
    StringType,
    TimeType,
    Type,
    UuidType,
    YearType,
    round_float,
)
from mapping_lang.types.values import Json, Record, Value

Document: TypeAlias = dict[str, Any]
"""A vector or a part of one: JSON whose shape depends on its operation."""

RAW: Final = "$raw"
_FINER = re.compile(r"\.\d{6}\d*[1-9]")
_FRACTION = re.compile(r"\.(\d+)")


@dataclass(frozen=True, slots=True)
class Vector:
    """One line of a vector file."""

    id: str
    group: str
    op: str
    quirks: tuple[str, ...]
    body: Document

    @property
    def expect(self) -> Document:
        expect: Document = self.body["expect"]
        return expect


class VectorFileError(Exception):
    """A file that is not there or has no vectors in it."""


def load(path: Path) -> list[Vector]:
    """Read a vector file."""
    try:
        lines = path.read_text(encoding="utf-8").split("\n")
        return [_vector(json.loads(line)) for line in lines if line.strip()]
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise VectorFileError(f"{path}: not a file of vectors: {error!r}") from None


def _vector(body: Document) -> Vector:
    return Vector(body["id"], body["group"], body["op"], tuple(body.get("quirk", ())), body)


def to_value(raw: Any, type_: Type) -> Value | None:
    """Read a value of the convention; further digits of a second are truncated (DEC-10)."""
    if raw is None:
        return None
    match type_:
        case StringType() | BooleanType() | IntType() | YearType() | UuidType() | IpType():
            value: Value = raw
            return value
        case FloatType():
            # A float(32) is written as the shortest float(64) that rounds to it.
            return round_float(float(raw), type_.bit_size)
        case DecimalType():
            return Decimal(raw)
        case DatetimeType():
            return datetime.fromisoformat(_micro(raw)).astimezone(UTC)
        case DateType():
            return date.fromisoformat(raw)
        case TimeType():
            return time.fromisoformat(_micro(raw))
        case JsonType():
            return Json(raw["$json"])
        case ArrayType():
            return [to_value(item, type_.element) for item in raw]
        case MapType():
            return {key: to_value(item, type_.element) for key, item in raw.items()}
        case ObjectType():
            return to_record(raw, type_)
        case _:
            assert_never(type_)


def to_record(raw: Mapping[str, Any], schema: ObjectType) -> Record:
    """Read a record of the convention; members without a property stay as they are."""
    return {
        name: to_value(item, schema.by_name[name].type) if name in schema.by_name else item
        for name, item in raw.items()
    }


def comparable(value: Value | None, type_: Type) -> object:
    """Give a form of a value in which equal values are equal."""
    if value is None:
        return None
    match value:
        case Json():
            return ("json", json_form(value.text))
        case list() if isinstance(type_, ArrayType):
            return [comparable(item, type_.element) for item in value]
        case dict() if isinstance(type_, MapType):
            return {key: comparable(item, type_.element) for key, item in value.items()}
        case dict() if isinstance(type_, ObjectType):
            return {
                name: comparable(item, type_.by_name[name].type)
                if name in type_.by_name
                else ("unknown", repr(item))
                for name, item in value.items()
            }
        case bool():
            return ("boolean", value)
        case float():
            return ("float", float_form(value))
        case int():
            return ("int", value)
        case Decimal():
            return ("decimal", value)
        case datetime():
            return ("datetime", value.isoformat())
        case date() | time():
            return (kind_of_moment(value), value.isoformat())
        case str():
            return value
        case _:
            return ("unexpected", type(value).__name__, repr(value))


def kind_of_moment(value: date | time) -> str:
    """Tell dates from times."""
    return "time" if isinstance(value, time) else "date"


def expected_form(raw: Any, type_: Type, *, formatted: bool = False) -> object:
    """Give the comparable form of an expected value; `$raw` marks data left unconverted.

    `formatted` values of moments are texts or numbers, by the layouts of the vector.
    """
    if isinstance(raw, dict) and RAW in raw:
        return ("raw", raw[RAW], raw["v"])
    match type_:
        case _ if raw is None:
            return None
        case DatetimeType() | DateType() | TimeType() if formatted:
            return ("int", raw) if isinstance(raw, int) else raw
        case DatetimeType() | TimeType() if _FINER.search(raw):
            # More digits than a value has: only a rewritten expectation can be met (DEC-10).
            return ("nanoseconds", raw)
        case ArrayType():
            return [expected_form(item, type_.element, formatted=formatted) for item in raw]
        case MapType():
            return {
                key: expected_form(item, type_.element, formatted=formatted)
                for key, item in raw.items()
            }
        case ObjectType():
            return {
                name: expected_form(item, type_.by_name[name].type, formatted=formatted)
                if name in type_.by_name
                else ("unknown", repr(item))
                for name, item in raw.items()
            }
        case _:
            return comparable(to_value(raw, type_), type_)


def json_form(text: str) -> object:
    """Give a form of JSON text in which equal documents are equal: numbers by exact value."""
    try:
        form: object = json.loads(text, parse_int=_number, parse_float=_number)
    except json.JSONDecodeError:
        return ("not JSON", text)
    return _tagged(form)


def _number(text: str) -> object:
    return ("number", Decimal(text))


def _tagged(form: object) -> object:
    match form:
        case bool():
            return ("boolean", form)
        case list():
            return [_tagged(item) for item in form]
        case dict():
            return {name: _tagged(item) for name, item in form.items()}
        case _:
            return form


def float_form(value: float) -> str:
    """Give the bits of a float; every NaN is the same."""
    return "nan" if value != value else struct.pack(">d", value).hex()


def _micro(text: str) -> str:
    return _FRACTION.sub(lambda match: "." + match[1][:6].ljust(6, "0"), text)
