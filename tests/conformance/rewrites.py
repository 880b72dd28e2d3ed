"""How deviations compute the expectation that replaces the recorded one.

Each function says again, in the plainest way, what the cited rule says; none calls the product.
"""

import json
import re
import unicodedata
from collections.abc import Callable
from datetime import date, timedelta
from decimal import ROUND_HALF_EVEN, Context, Decimal
from typing import Any, Final

from tests.conformance.vector import Document

_LONG_FRACTION = re.compile(r"(\d\d:\d\d:\d\d)\.(\d{6})\d+")
_EXPONENT = re.compile(r"-?[0-9]*\.?[0-9]+[eE][+-]?[0-9]+")
_WIDE: Final = Context(prec=2000)


def truncate_fractions(content: Document, expect: Any) -> Any:
    """Cut what is finer than a microsecond from every time (DEC-10)."""
    # Encoded JSON has 0, 3 or 6 fraction digits (TYPE-49); every other text is trimmed.
    grouped = content["op"] == "decode"
    return _each_text(expect, lambda text: _LONG_FRACTION.sub(_grouped if grouped else _cut, text))


def _cut(match: re.Match[str]) -> str:
    fraction = match[2].rstrip("0")
    return f"{match[1]}.{fraction}" if fraction else match[1]


def _grouped(match: re.Match[str]) -> str:
    fraction = match[2].rstrip("0")
    width = -(-len(fraction) // 3) * 3
    return f"{match[1]}.{fraction.ljust(width, '0')}" if fraction else match[1]


def truncate_nanoseconds(content: Document, expect: Any) -> Any:
    """Cut what is finer than a microsecond from a count of nanoseconds (DEC-10)."""
    del content
    return {**expect, "value": expect["value"] // 1000 * 1000}


def _each_text(form: Any, change: Callable[[str], str]) -> Any:
    match form:
        case str():
            return change(form)
        case list():
            return [_each_text(item, change) for item in form]
        case dict():
            return {name: _each_text(item, change) for name, item in form.items()}
        case _:
            return form


def int_bounds(content: Document, expect: Any) -> Any:
    """Write an int type again, bounds kept as given and natural ones left out (TYPE-4, TYPE-29)."""
    del expect
    given = json.loads(content["schemaText"])
    bits, unsigned = given["bitSize"], given.get("unsigned", False)
    low, high = (0, 2**bits - 1) if unsigned else (-(2 ** (bits - 1)), 2 ** (bits - 1) - 1)
    canonical = {"kind": "int", "bitSize": bits}
    if unsigned:
        canonical["unsigned"] = True
    if given.get("minimum", low) != low:
        canonical["minimum"] = given["minimum"]
    if given.get("maximum", high) != high:
        canonical["maximum"] = given["maximum"]
    return {"canonical": json.dumps(canonical, separators=(",", ":"))}


def positional_numbers(content: Document, expect: Any) -> Any:
    """Write decimals without exponents (TYPE-61)."""
    del content

    def positional(text: str) -> str:
        return _EXPONENT.sub(lambda match: _plain(Decimal(match[0])), text)

    return _each_text(expect, positional)


def decimal_text(content: Document, expect: Any) -> Any:
    """Write the source decimal in positional notation; then the length limits apply (TYPE-61)."""
    del expect
    text = _plain(Decimal(content["value"]))
    target = content["destType"]
    if len(text) > target.get("maxLength", len(text)):
        return {"error": "conversion:max_length"}
    if len(text) > target.get("maxBytes", len(text)):
        return {"error": "conversion:max_bytes"}
    return {"value": text}


def _plain(number: Decimal) -> str:
    text = f"{number:f}"
    text = text.rstrip("0").rstrip(".") if "." in text else text
    return "0" if not number else text


def decimal_value(content: Document, expect: Any) -> Any:
    """Take the number that the source text says; the recorded text lost zeros (TYPE-D9)."""
    del expect
    return {"value": content["value"]}


def rounded_decimal(content: Document, expect: Any) -> Any:
    """Round the exact value of a float half to even to the scale, then check it (TYPE-62)."""
    del expect
    target = content["destType"]
    scale = target.get("scale", 0)
    exact = Decimal(content["value"])
    rounded = exact.quantize(Decimal(1).scaleb(-scale), ROUND_HALF_EVEN, _WIDE)
    if len(rounded.as_tuple().digits) > target["precision"]:
        return {"error": "conversion:range"}
    if rounded < Decimal(str(target.get("minimum", "-Infinity"))):
        return {"error": "conversion:min"}
    if rounded > Decimal(str(target.get("maximum", "Infinity"))):
        return {"error": "conversion:max"}
    return {"value": str(rounded)}


def serial_date(content: Document, expect: Any) -> Any:
    """Count the days of a spreadsheet without overflow (MAP-D12)."""
    del expect
    try:
        day = date(1899, 12, 30) + timedelta(days=int(float(content["value"])))
    except OverflowError:
        return {"error": "conversion:year_range"}
    return {"value": day.isoformat()}


def json_moments(content: Document, expect: Any) -> Any:
    """Write dates and times as themselves inside JSON (MAP-D7)."""
    del content

    def plain(text: str) -> str:
        text = re.sub(r"1970-01-01T(\d\d:\d\d:\d\d(?:\.\d+)?)Z", r"\1", text)
        return re.sub(r"(\d{4}-\d\d-\d\d)T00:00:00Z", r"\1", text)

    return _each_text(expect, plain)


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


def empty_text(content: Document, expect: Any) -> Any:
    """Keep the empty text, which the type lists (DEC-12)."""
    del content, expect
    return {"value": ""}


def finite_names(content: Document, expect: Any) -> Any:
    """Read the names that the encoder writes for what is not finite (TYPE-D12)."""
    del expect
    return {"value": json.loads(content["text"]), "marshal": content["text"]}


def separators(content: Document, expect: Any) -> Any:
    """Escape the line separators as themselves (TYPE-31, TYPE-D3)."""
    escape = "\\u2028" if "\u2028" in json.loads(content["schemaText"])["values"][0] else "\\u2029"
    return {"canonical": expect["canonical"].replace("\\u2022", escape)}


def composed(content: Document, expect: Any) -> Any:
    """Normalise the texts of a schema, escaped ones too (TYPE-11, TYPE-18)."""
    del content
    return {"canonical": unicodedata.normalize("NFC", expect["canonical"])}


REWRITES: dict[str, Callable[[Document, Any], Any]] = {
    function.__name__: function
    for function in (
        truncate_fractions,
        truncate_nanoseconds,
        int_bounds,
        positional_numbers,
        decimal_text,
        decimal_value,
        rounded_decimal,
        serial_date,
        json_moments,
        without_raw,
        empty_text,
        finite_names,
        separators,
        composed,
    )
}
