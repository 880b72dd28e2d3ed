"""Expectations of single records of a mapping, as far as they can be said in a plain way."""

import struct
from collections.abc import Iterator
from decimal import ROUND_HALF_EVEN, ROUND_HALF_UP, Context, Decimal
from typing import Any, Final

from tests.conformance import expressions
from tests.conformance.content import members
from tests.conformance.expressions import Call, Constant, Expression, Part, Path
from tests.conformance.outputs import output_at, output_paths, output_property, with_output
from tests.conformance.rewrites import json_forms
from tests.conformance.rewrites.conversions import fits
from tests.conformance.rewrites.moments import trimmed
from tests.conformance.vector import Document

_EXACT: Final = Context(prec=2000)
_ANY_DECIMAL: Final = {"kind": "decimal", "precision": 76, "scale": 37}
_DATETIME_CHARS: Final = 20
_DATE_CHARS: Final = 10
_NOT_REAL: Final = {"NaN": "range", "Infinity": "max", "-Infinity": "min"}


def fitting_decimals(content: Document, expect: Any) -> Any:
    """Refuse the first output that has a decimal which does not fit its type (MAP-D10, DEC-14)."""
    for path in output_paths(content):
        item = output_property(path, content["outSchema"])
        assert item is not None
        found = output_at(expect["out"], path).get("value")
        if any(
            not fits(Decimal(number), type_) for number, type_ in _decimals(found, item["type"])
        ):
            return {"error": "conversion:range", "path": path}
    return expect


def _decimals(value: Any, type_: Document) -> Iterator[tuple[str, Document]]:
    match value, type_["kind"]:
        case str(), "decimal":
            yield value, type_
        case list(), "array":
            for item in value:
                yield from _decimals(item, type_["elementType"])
        case dict(), "map":
            for item in value.values():
                yield from _decimals(item, type_["elementType"])
        case dict(), "object":
            for item in type_["properties"]:
                yield from _decimals(value.get(item["name"]), item["type"])
        case _:
            return


def real_floats(content: Document, expect: Any) -> Any:
    """Refuse the first output that is not finite where only reals are allowed (MAP-D9, TYPE-42)."""
    if "out" not in expect:
        return expect
    for path in output_paths(content):
        item = output_property(path, content["outSchema"])
        assert item is not None
        recorded = output_at(expect["out"], path).get("value")
        if item["type"].get("real") and recorded in _NOT_REAL:
            return {"error": f"conversion:{_NOT_REAL[recorded]}", "path": path}
    return expect


def json_of_moments(content: Document, expect: Any) -> Any:
    """Write the dates and times of the record as themselves in JSON made of them (MAP-D7)."""
    if "out" not in expect:
        return expect
    moments = set(moments_of(content["row"], content["inSchema"]))
    plain = {f"{text}T00:00:00Z": text for text, kind in moments if kind == "date"}
    plain |= {f"1970-01-01T{text}Z": text for text, kind in moments if kind == "time"}
    return {"out": _replaced(expect["out"], content["outSchema"], plain)}


def moments_of(value: Any, type_: Any) -> Iterator[tuple[str, str]]:
    """List the dates and times of a record, truncated to microseconds."""
    if value is None or type_ is None:
        return
    match type_["kind"]:
        case "date" | "time":
            yield trimmed(value), type_["kind"]
        case "array":
            for item in value:
                yield from moments_of(item, type_["elementType"])
        case "map":
            for item in value.values():
                yield from moments_of(item, type_["elementType"])
        case "object":
            for item in type_["properties"]:
                yield from moments_of(value.get(item["name"]), item["type"])
        case _:
            return


def _replaced(value: Any, type_: Document, plain: dict[str, str]) -> Any:
    match value, type_["kind"]:
        case str(), "string":
            return plain.get(value, value)
        case dict(), "json":
            form = json_forms.read(value["$json"])
            return {"$json": json_forms.write(_replaced_in_json(form, plain))}
        case list(), "array":
            return [_replaced(item, type_["elementType"], plain) for item in value]
        case dict(), "map":
            return {k: _replaced(item, type_["elementType"], plain) for k, item in value.items()}
        case dict(), "object":
            types = members(type_)
            return {
                name: _replaced(item, types[name]["type"], plain) if name in types else item
                for name, item in value.items()
            }
        case _:
            return value


def _replaced_in_json(form: Any, plain: dict[str, str]) -> Any:
    match form:
        case json_forms.Number():
            return form
        case str():
            return plain.get(form, form)
        case list():
            return [_replaced_in_json(item, plain) for item in form]
        case dict():
            return {name: _replaced_in_json(item, plain) for name, item in form.items()}
        case _:
            return form


def no_json_of_nan(content: Document, expect: Any) -> Any:
    """Refuse the first output that writes what is not finite as JSON (MAP-D8)."""
    for path in output_paths(content):
        failed = expect.get("path")
        if failed is not None and failed.encode() < path.encode():
            break
        expression = expressions.read(content["mapping"][path]) or ()
        if any(is_not_finite(part, content) for part in json_parts(expression)):
            return {"error": "conversion:invalid", "path": path}
    return expect


def json_parts(expression: Expression) -> Iterator[Part]:
    """List the single arguments that are written as JSON."""
    for call in expressions.calls(expression, "array", "map"):
        values = call.arguments if call.name == "array" else call.arguments[1::2]
        yield from (argument[0] for argument in values if len(argument) == 1)


def is_not_finite(part: Part, content: Document) -> bool:
    """Tell if a part is a path to a float that is not finite, or to a container of one."""
    if not isinstance(part, Path):
        return False
    type_ = expressions.type_of(part, content["inSchema"])
    try:
        value = expressions.value_at(part, content["row"], content["inSchema"])
    except LookupError:
        return False
    return type_ is not None and any(number in _NOT_REAL for number in _floats(value, type_))


def _floats(value: Any, type_: Document) -> Iterator[Any]:
    match value, type_["kind"]:
        case None, _:
            return
        case _, "float":
            yield value
        case list(), "array":
            for item in value:
                yield from _floats(item, type_["elementType"])
        case dict(), "map":
            for item in value.values():
                yield from _floats(item, type_["elementType"])
        case dict(), "object":
            for item in type_["properties"]:
                yield from _floats(value.get(item["name"]), item["type"])
        case _:
            return


def lengths(content: Document, expect: Any) -> Any:
    """Measure integers, dates and times by their text (MAP-55, MAP-D6, DEC-10)."""
    if "out" not in expect:
        return expect
    out = expect["out"]
    for path in output_paths(content):
        recorded = output_at(out, path).get("value")
        expression = expressions.read(content["mapping"][path]) or ()
        length = _length(expression, content)
        if length is None or isinstance(recorded, bool):
            continue
        if isinstance(recorded, int):
            out = with_output(out, path, {"value": length})
        elif isinstance(recorded, str) and recorded.isdigit():
            out = with_output(out, path, {"value": str(length)})
    return {"out": out}


def _length(expression: Expression, content: Document) -> int | None:
    (part,) = expression if len(expression) == 1 else (None,)
    if not isinstance(part, Call) or part.name != "len" or len(part.arguments) != 1:
        return None
    value, kind = _first(part.arguments[0], content)
    match kind:
        case "int" | "year":
            return len(str(value))
        case "datetime":
            return _DATETIME_CHARS
        case "date":
            return _DATE_CHARS
        case "time":
            return len(trimmed(value))
        case _:
            return None


def _first(expression: Expression, content: Document) -> tuple[Any, str]:
    """Find the value and the kind of a path, or of the first of a `coalesce` that has one."""
    (part,) = expression if len(expression) == 1 else (None,)
    if isinstance(part, Call) and part.name == "coalesce":
        for argument in part.arguments:
            value, kind = _first(argument, content)
            if value is not None or not kind:
                return value, kind
        return None, "null"
    type_ = expressions.type_of(part, content["inSchema"]) if isinstance(part, Path) else None
    if type_ is None or type_["kind"] == "json" or not isinstance(part, Path):
        return None, ""
    value = expressions.value_at(part, content["row"], content["inSchema"])
    return value, "null" if value is None else type_["kind"]


def equal_values(content: Document, expect: Any) -> Any:
    """Compare values after the first is converted to the type of the second (MAP-53, MAP-D7)."""
    if "out" not in expect:
        return expect
    out = expect["out"]
    for path in output_paths(content):
        recorded = output_at(out, path).get("value")
        expression = expressions.read(content["mapping"][path]) or ()
        (part,) = expression if len(expression) == 1 else (None,)
        if not isinstance(part, Call) or part.name not in ("eq", "ne") or len(part.arguments) != 2:
            continue
        a, b = (_side(argument, content) for argument in part.arguments)
        equal = None if a is None or b is None else _equal(a, b)
        if isinstance(recorded, bool) and equal is not None:
            out = with_output(out, path, {"value": equal == (part.name == "eq")})
    return {"out": out}


_Side = tuple[Any, Document]


def _side(argument: Expression, content: Document) -> _Side | None:
    """Give the value and the type of a number constant or a path; None of null and the rest."""
    (part,) = argument if len(argument) == 1 else (None,)
    if isinstance(part, Constant) and part.number is not None:
        whole = part.number == part.number.to_integral_value()
        return part.number, {"kind": "int"} if whole else _ANY_DECIMAL
    if not isinstance(part, Path):
        return None
    type_ = expressions.type_of(part, content["inSchema"])
    try:
        value = expressions.value_at(part, content["row"], content["inSchema"])
    except LookupError:
        return None
    if type_ is None or value is None or (type_["kind"] == "float" and value in _NOT_REAL):
        return None
    match type_["kind"]:
        case "int" | "decimal":
            return Decimal(value), type_
        case "float":
            return _nearest(Decimal(value), type_), type_
        case "date" | "time":
            return trimmed(value), type_
        case "json":
            return value["$json"], type_
        case _:
            return None


def _equal(a: _Side, b: _Side) -> bool | None:
    """Compare what is of one kind, or of kinds that a rule is about; None of the rest."""
    (value, source), (other, target) = a, b
    numbers = ("int", "float", "decimal")
    if source["kind"] in ("date", "time") and target["kind"] == "json":
        return bool(other == f'"{value}"')
    if source["kind"] not in numbers or target["kind"] not in numbers:
        return None
    match source["kind"], target["kind"]:
        case "float", "int":
            value = value.quantize(Decimal(1), ROUND_HALF_UP, _EXACT)
        case "float", "decimal":
            unit = Decimal((0, (1,), -target.get("scale", 0)))
            value = value.quantize(unit, ROUND_HALF_EVEN, _EXACT)
        case _, "float":
            value = _nearest(value, target)
        case _:
            pass
    return bool(value == other)


def _nearest(number: Decimal, type_: Document) -> Decimal:
    """Give the float of a bit size that is nearest."""
    form = "<f" if type_["bitSize"] == 32 else "<d"
    return Decimal(struct.unpack(form, struct.pack(form, float(number)))[0])


def maybe_empty(content: Document, expect: Any) -> Any:
    """Let an empty text be a value where the type lists it: null may have been one (DEC-12)."""
    out = expect.get("out")
    for path in output_paths(content):
        item = output_property(path, content["outSchema"])
        assert item is not None
        listed = item["type"]["kind"] == "string" and "" in item["type"].get("values", ())
        if not listed:
            continue
        if out is None and expect.get("path") == path:
            return {"either": [expect, {"accept": ["out"], "after": path}]}
        if out is not None and output_at(out, path).get("value") is None:
            return {"either": [expect, {"out": with_output(out, path, {"value": ""})}]}
    return expect
