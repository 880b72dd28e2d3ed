"""Expectations of functions, as far as they follow from what a function returns for a row."""

import ast
import re
from decimal import Decimal
from typing import Any, Final

from tests.conformance.predicates.functions import returned
from tests.conformance.vector import Document

_EXPONENT: Final = re.compile(r"-?\d+(?:\.\d+)?[eE]\+?\d+")
_WHOLE_FLOAT: Final = re.compile(r"^builtins\.int:-?\d+$")
_INFINITIES: Final = {
    "float('inf')": "Infinity",
    "float('-inf')": "-Infinity",
    "1e400": "Infinity",
    "-1e400": "-Infinity",
    "math.inf": "Infinity",
    "-math.inf": "-Infinity",
}


def _y(content: Document) -> Document:
    schema = content["outSchema"] or {"properties": []}
    found = [item for item in schema["properties"] if item["name"] == "y"]
    return found[0]["type"] if found else {"kind": "none"}


def python_infinities(content: Document, expect: Any) -> Any:
    """Take the infinities of Python like NaN (FUNC-D1)."""
    if "out" in expect:
        return {"out": _with_infinity(expect["out"])}
    source, row = returned(content), content["row"]
    name = _INFINITIES.get(source) or row.get("x")
    type_ = _y(content)
    bounds = {"minimum", "maximum"} & type_.keys()
    if type_["kind"] != "float" or type_.get("real") or bounds:
        return expect
    return {"out": {"y": name}} if name in ("Infinity", "-Infinity") else expect


def _with_infinity(value: Any) -> Any:
    match value:
        case str():
            return re.sub(r"\bInfinite\b", "Infinity", value)
        case list():
            return [_with_infinity(item) for item in value]
        case dict():
            return {name: _with_infinity(item) for name, item in value.items()}
        case _:
            return value


def array_limits(content: Document, expect: Any) -> Any:
    """Count the elements of an array one by one (FUNC-D3)."""
    type_ = _y(content)
    try:
        items = ast.literal_eval(returned(content))
    except (ValueError, SyntaxError):
        return expect
    if not isinstance(items, list | tuple):
        return expect
    if type_.get("minElements", 0) <= len(items) <= type_["maxElements"]:
        return {"out": {"y": list(items)}}
    return {"error": "validation_error", "path": "y"}


def byte_limits(content: Document, expect: Any) -> Any:
    """Measure a text in bytes (FUNC-D4)."""
    try:
        text = ast.literal_eval(returned(content))
    except (ValueError, SyntaxError):
        return expect
    if not isinstance(text, str) or len(text.encode()) <= _y(content)["maxBytes"]:
        return expect
    return {"error": "validation_error", "path": "y"}


def python_floats(content: Document, expect: Any) -> Any:
    """Give a float as one, also if it is whole or a zero with a sign (FUNC-13)."""
    out, x = expect.get("out"), content["row"].get("x")
    if out is None or not isinstance(x, float):
        return expect
    if isinstance(out.get("r"), str) and _WHOLE_FLOAT.match(out["r"]):
        return {"out": {**out, "r": f"builtins.float:{x!r}"}}
    if x == 0 and out.get("y") == 0:
        # Zeros are equal: a plain rewriting would pass for none.
        return {"either": [{"out": {**out, "y": x}}]}
    return expect


def positional_texts(content: Document, expect: Any) -> Any:
    """Show decimals in positional notation (TYPE-61)."""
    out = expect.get("out")
    if out is None or not isinstance(out.get("r"), str):
        return expect
    text = _EXPONENT.sub(lambda number: format(Decimal(number[0]), "f"), out["r"])
    return {"out": {**out, "r": text}}


def record_errors(content: Document, expect: Any) -> Any:
    """Make an error of each record of what was one of the whole batch (FUNC-D2, FUNC-D9)."""
    kinds = ["transformation_error", "validation_error"]
    return {"results": [{"accept": kinds} for _ in content["rows"]]}
