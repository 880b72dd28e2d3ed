"""Expectations of conversions: one value, or every value in containers that correspond."""

import re
from collections.abc import Callable
from dataclasses import dataclass
from datetime import date, timedelta
from decimal import ROUND_HALF_EVEN, Context, Decimal
from struct import pack, unpack
from typing import Any, Final

from tests.conformance.content import members
from tests.conformance.expressions import plain_decimal
from tests.conformance.outcome import is_open
from tests.conformance.rewrites import json_forms
from tests.conformance.rewrites.moments import instant, microseconds, spelled, trimmed
from tests.conformance.vector import Document

NOTHING: Final = object()
"""The recorded value where none is recorded."""

_EXACT: Final = Context(prec=2000)
_LAYOUTS: Final = {"datetime": "DateTime", "date": "Date", "time": "Time"}
_MAX_INT64: Final = 2**63 - 1
_NAN = re.compile(r"[+-]?nan", re.IGNORECASE)
_NO_DIGITS = re.compile(r"[+-]?\.?([eE][+-]?[0-9]+)?")
_ZONE = re.compile(r"[^T ]+[T ].*?([+-](2[4-9]|[3-9]\d)(:?\d\d)?|[+-]\d\d:?[6-9]\d)")
_SERIAL = re.compile(r"0*[1-9][0-9]{5,}(\.[0-9]+)?")
_SHAPED_LENGTHS: Final = (8, 10)


class Refusal(Exception):  # noqa: N818  an outcome, not a mistake
    """The value is refused, with this category."""


@dataclass(frozen=True, slots=True)
class One:
    """One value that is converted: its types, what it was, and what was recorded of it."""

    source: Document
    target: Document
    value: Any
    recorded: Any
    failed: bool
    layouts: Document
    inside: bool

    @property
    def kinds(self) -> tuple[str, str]:
        return self.source["kind"], self.target["kind"]


def everywhere(change: Callable[[One], Any]) -> Callable[[Document, Any], Any]:
    """Make a rewrite of what a rule says of single values."""

    def rewrite(content: Document, expect: Any) -> Any:
        if is_open(expect):
            return expect
        recorded = expect.get("value", NOTHING)
        whole = One(
            content["sourceType"],
            content["destType"],
            content.get("value"),
            recorded,
            "error" in expect,
            content.get("timeLayouts") or {},
            inside=False,
        )
        try:
            value = _each(whole, change)
        except Refusal as refusal:
            return {"error": f"conversion:{refusal}"}
        return expect if value is recorded else {"value": value}

    rewrite.__name__ = change.__name__
    rewrite.__doc__ = change.__doc__
    return rewrite


def _each(one: One, change: Callable[[One], Any]) -> Any:
    source, target = one.kinds
    containers = ("array", "map", "object")
    if one.value is None or source not in containers or target not in containers:
        return change(one)
    if one.recorded is NOTHING or one.recorded is None:
        return one.recorded
    if isinstance(one.recorded, list):
        pairs = zip(one.value, one.recorded, strict=True)
        items = [_each(_inner(one, "", value, recorded), change) for value, recorded in pairs]
        return items if items != one.recorded else one.recorded
    values = {
        name: _each(_inner(one, name, one.value[name], recorded), change)
        if name in one.value
        else recorded
        for name, recorded in one.recorded.items()
    }
    return values if values != one.recorded else one.recorded


def _inner(one: One, name: str, value: Any, recorded: Any) -> One:
    source, target = (
        members(type_)[name]["type"] if type_["kind"] == "object" else type_["elementType"]
        for type_ in (one.source, one.target)
    )
    return One(source, target, value, recorded, failed=False, layouts=one.layouts, inside=True)


def json_moments(one: One) -> Any:
    """Write dates and times in JSON as themselves (MAP-D7)."""
    if one.target["kind"] != "json" or not isinstance(one.recorded, dict):
        return one.recorded
    return {"$json": json_forms.with_moments(one.recorded["$json"], one.source)}


def layouts_inside(one: One) -> Any:
    """Write moments by their layouts at every depth (MAP-D13)."""
    kind = one.target["kind"]
    unformatted = one.inside and one.recorded == one.value and isinstance(one.recorded, str)
    if kind not in _LAYOUTS or one.source["kind"] != kind or not one.layouts or not unformatted:
        return one.recorded
    return spelled(instant(one.value, kind), one.layouts.get(_LAYOUTS[kind], ""), kind)


def nanoseconds(one: One) -> Any:
    """Count nanoseconds of whole microseconds, without wrapping around 64 bits (DEC-10, MAP-72)."""
    source, target = one.kinds
    counted = target == "datetime" and one.layouts.get("DateTime") == "unixnano"
    if not counted or source not in ("date", "datetime") or one.value is None:
        return one.recorded
    count = microseconds(instant(one.value, source)) * 1000
    if not -_MAX_INT64 - 1 <= count <= _MAX_INT64:
        raise Refusal("range")
    return count


def real_float(one: One) -> Any:
    """Refuse what is not finite where only reals are allowed (MAP-D9, TYPE-42)."""
    source, target = one.kinds
    if target != "float" or not one.target.get("real"):
        return one.recorded
    if source == "string" and one.value is not None and _NAN.fullmatch(one.value):
        raise Refusal("range")
    if one.recorded in ("Infinity", "-Infinity"):
        raise Refusal("max" if one.recorded == "Infinity" else "min")
    return one.recorded


def mantissa(one: One) -> Any:
    """Refuse a mantissa without digits (TYPE-D10)."""
    if one.kinds == ("string", "decimal") and one.value and _NO_DIGITS.fullmatch(one.value):
        raise Refusal("invalid")
    return one.recorded


def kept_zeros(one: One) -> Any:
    """Take the number that the source text says: the recorded text lost zeros (TYPE-61)."""
    if one.kinds != ("string", "decimal") or not isinstance(one.recorded, str):
        return one.recorded
    if _NO_DIGITS.fullmatch(one.value) or Decimal(one.recorded) == Decimal(one.value):
        return one.recorded
    return one.value


def rounded_decimal(one: One) -> Any:
    """Round the exact value of a float half to even to the scale, then check it (TYPE-62)."""
    if one.kinds != ("float", "decimal") or not isinstance(one.value, int | float):
        return one.recorded
    value = float(one.value)
    if one.source["bitSize"] == 32:
        value = unpack("<f", pack("<f", value))[0]
    if abs(value) >= 1:
        # Only a number without an integer part was rounded wrongly.
        return one.recorded
    low, high, scale = decimal_range(one.target)
    number = Decimal(value).quantize(Decimal((0, (1,), -scale)), ROUND_HALF_EVEN, _EXACT)
    if number and number.adjusted() + 1 + scale > one.target["precision"]:
        raise Refusal("range")
    if number < low:
        raise Refusal("min")
    if number > high:
        raise Refusal("max")
    return plain_decimal(number)


def decimal_range(type_: Document) -> tuple[Decimal, Decimal, int]:
    """Give the bounds and the scale of a decimal type (TYPE-6)."""
    scale = type_.get("scale", 0)
    natural = Decimal((0, (9,) * type_["precision"], -scale))
    low, high = type_.get("minimum", -natural), type_.get("maximum", natural)
    return Decimal(str(low)), Decimal(str(high)), scale


def fits(number: Decimal, type_: Document) -> bool:
    """Tell if a decimal has few enough digits before and after its point (TYPE-59)."""
    if not number:
        return True
    digits, exponent = number.as_tuple().digits, number.as_tuple().exponent
    assert isinstance(exponent, int)
    trailing = len(digits) - len("".join(map(str, digits)).rstrip("0"))
    scale = type_.get("scale", 0)
    integer_digits: int = type_["precision"] - scale
    return -(exponent + trailing) <= scale and number.adjusted() < integer_digits


def fitting_decimal(one: One) -> Any:
    """Refuse a decimal that does not fit the scale of its destination (MAP-D10, DEC-14)."""
    if one.kinds != ("decimal", "decimal") or one.value is None or one.failed:
        return one.recorded
    if not fits(Decimal(one.value), one.target):
        raise Refusal("range")
    return one.recorded


def decimal_text(one: One) -> Any:
    """Write a decimal in positional notation; then the limits of the text apply (TYPE-D9)."""
    if one.kinds != ("decimal", "string") or one.value is None:
        return one.recorded
    text, target = plain_decimal(Decimal(one.value)), one.target
    if "values" in target:
        if text not in target["values"]:
            raise Refusal("enum")
    elif "pattern" in target:
        if not re.search(target["pattern"], text):
            raise Refusal("pattern")
    elif len(text) > target.get("maxBytes", len(text)):
        raise Refusal("max_bytes")
    elif len(text) > target.get("maxLength", len(text)):
        raise Refusal("max_length")
    return text


def listed_empty(one: One) -> Any:
    """Keep the empty text, which the type lists (DEC-12)."""
    if one.target["kind"] != "string" or "" not in one.target.get("values", ()):
        return one.recorded
    if one.source["kind"] == "json" and isinstance(one.value, dict):
        return "" if json_forms.read(one.value["$json"]) == "" else one.recorded
    return "" if one.value == "" else one.recorded


def possible_zone(one: One) -> Any:
    """Refuse zones that no clock has (DEC-52)."""
    text = one.value
    if one.source["kind"] == "json" and isinstance(text, dict):
        text = json_forms.read(text["$json"])
    is_text = one.source["kind"] in ("string", "json") and isinstance(text, str)
    if one.target["kind"] == "datetime" and is_text and _ZONE.fullmatch(text):
        raise Refusal("parse")
    return one.recorded


def serial_day(one: One) -> Any:
    """Count the days of a spreadsheet without overflow (MAP-D12)."""
    if one.kinds != ("string", "date") or one.value is None or not _SERIAL.fullmatch(one.value):
        return one.recorded
    if len(one.value) in _SHAPED_LENGTHS:
        return one.recorded
    try:
        day = date(1899, 12, 30) + timedelta(days=int(one.value.partition(".")[0]))
    except OverflowError:
        raise Refusal("year_range") from None
    return day.isoformat()


def without_raw(content: Document, expect: Any) -> Any:
    """Drop members that no destination property has (MAP-109, MAP-D15)."""
    del content
    return _without_raw(expect)


def _without_raw(form: Any) -> Any:
    match form:
        case list():
            return [_without_raw(item) for item in form]
        case dict():
            return {
                name: _without_raw(item)
                for name, item in form.items()
                if not (isinstance(item, dict) and "$raw" in item)
            }
        case _:
            return form


def unique_elements(content: Document, expect: Any) -> Any:
    """Compare the elements with each other, not with themselves (MAP-D14)."""
    source, target = content["sourceType"], content["destType"]["elementType"]
    if source["kind"] == "json":
        items, kind = json_forms.elements(content["value"]["$json"]), "json"
    else:
        items, kind = content["value"], source["elementType"]["kind"]
    same = source["kind"] == "array" and source["elementType"] == target
    try:
        found = [item if same else _element(item, kind, target["kind"]) for item in items or ()]
    except ValueError:
        return expect
    distinct = {Decimal(str(x)) if target["kind"] == "decimal" else repr(x) for x in found}
    return {"value": found} if found and len(distinct) == len(found) else expect


def _element(item: Any, kind: str, target: str) -> Any:
    if kind == "json":
        text = json_forms.scalar_text(item)
        if target != "string" and not isinstance(json_forms.read(item["$json"]), json_forms.Number):
            raise ValueError(item)
        if target == "int":
            text = re.sub(r"\.0$", "", text)
    elif kind == "decimal":
        text = plain_decimal(Decimal(item))
    elif kind == "float" and isinstance(item, float):
        text = f"{item:g}"
    else:
        text = trimmed(str(item).lower() if kind == "boolean" else str(item))
    match target:
        case "string" | "decimal":
            return text
        case "int":
            return int(text)
        case "float":
            return float(text)
        case _:
            raise ValueError(target)
