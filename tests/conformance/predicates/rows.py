"""Predicates over one record of a mapping and what was recorded of it."""

import re
from collections.abc import Iterator
from decimal import Decimal
from typing import Any, Final

from tests.conformance import expressions
from tests.conformance.expressions import Call, Expression, Part, Path, plain_decimal
from tests.conformance.outputs import output_at, output_paths, output_property
from tests.conformance.rewrites.results import is_not_finite, json_parts
from tests.conformance.vector import Document

_BOOLEAN_CALLS: Final = ("and", "or", "not", "eq", "ne")
_CONTAINERS: Final = ("array", "object", "map")
_LONG_FRACTION = re.compile(r":\d\d\.\d{7,}")


def _outputs(row: Document) -> Iterator[tuple[str, Expression]]:
    """List the outputs that were evaluated: all, or those up to the one that failed."""
    failed = row["result"].get("path")
    for path in output_paths(row):
        if failed is not None and failed.encode() < path.encode():
            return
        expression = expressions.read(row["mapping"][path])
        if expression is not None:
            yield path, expression


def _type(part: Part, row: Document) -> Document:
    type_ = expressions.type_of(part, row["inSchema"]) if isinstance(part, Path) else None
    return {"kind": ""} if type_ is None else type_


def _value(part: Part, row: Document) -> Any:
    try:
        return (
            expressions.value_at(part, row["row"], row["inSchema"])
            if isinstance(part, Path)
            else None
        )
    except LookupError:
        return None


def boolean_in_text(row: Document) -> bool:
    """What failed joins a boolean that is not a constant to a text (DEC-11)."""
    return any(
        _may_be_boolean(part, row)
        for path, expression in _outputs(row)
        if path == row["result"].get("path")
        for inner in expressions.walk(expression)
        if len(inner) > 1
        for part in inner
    )


def _may_be_boolean(part: Part, row: Document) -> bool:
    return any(
        one.name in _BOOLEAN_CALLS
        if isinstance(one, Call)
        else _type(one, row)["kind"] == "boolean" and _value(one, row) is not None
        for one in expressions.results((part,))
    )


def padded_json(row: Document) -> bool:
    """A concatenation has JSON with white space around it (MAP-19)."""
    return any(
        value["$json"] != value["$json"].strip(" \t\r\n")
        for _, expression in _outputs(row)
        if len(expression) > 1
        for part in expression
        if _type(part, row)["kind"] == "json"
        for value in (_value(part, row),)
        if value is not None
    )


def spelled_decimal(row: Document) -> bool:
    """A decimal that an expression reads is not spelled in positional notation (TYPE-D9)."""
    return any(
        value != plain_decimal(Decimal(value))
        for _, expression in _outputs(row)
        for part in expressions.paths(expression)
        if _type(part, row)["kind"] == "decimal"
        for value in (_value(part, row),)
        if value is not None
    )


def not_finite(row: Document) -> bool:
    """A float that is not finite is written as JSON (MAP-D8)."""
    return any(
        is_not_finite(part, row)
        for _, expression in _outputs(row)
        for argument in json_parts(expression)
        for part in expressions.results((argument,))
    )


def moment_as_json(row: Document) -> bool:
    """A date or a time is written as JSON and converted from it (MAP-D7)."""
    return any(
        _type(part, row)["kind"] in ("date", "time")
        for path, expression in _outputs(row)
        if row["result"].get("path") in (None, path)
        for argument in json_parts(expression)
        for part in expressions.results((argument,))
    )


def digitless_decimal(row: Document) -> bool:
    """A decimal that was read from the text of an expression is recorded as 0 (TYPE-D10)."""
    out = row["result"].get("out")
    if out is None:
        return False
    for path, expression in _outputs(row):
        item = output_property(path, row["outSchema"])
        if item is not None and item["type"]["kind"] == "decimal":
            texts = [part for part in expressions.results(expression) if isinstance(part, Call)]
            if output_at(out, path).get("value") == "0" and (texts or len(expression) > 1):
                return True
    return False


def null_container(row: Document) -> bool:
    """A path leads through a null object to a name that its own container has too (MAP-D5)."""
    for _, expression in _outputs(row):
        for path in expressions.paths(expression):
            container = row["row"]
            for key, following in zip(path.keys, path.keys[1:], strict=False):
                if not isinstance(container, dict):
                    break
                inner = container.get(key)
                if inner is None and key in container and container.get(following) is not None:
                    return True
                container = inner
    return False


def shared_container(row: Document) -> bool:
    """A container that is converted in place is read by another expression too (MAP-117)."""
    if not row.get("inPlace"):
        return False
    used = [list(expressions.paths(expression)) for _, expression in _outputs(row)]
    whole = [
        (number, path.keys)
        for number, paths in enumerate(used)
        for path in paths
        if _type(path, row)["kind"] in _CONTAINERS and _value(path, row)
    ]
    return any(
        path.keys[: len(keys)] == keys
        for number, keys in whole
        for later, paths in enumerate(used)
        if later != number
        for path in paths
    )


def cut_fraction(row: Document) -> bool:
    """Moments with more digits than microseconds are measured, cut or compared (DEC-10)."""
    return any(
        _LONG_FRACTION.search(str(_value(part, row)))
        for _, expression in _outputs(row)
        for call in expressions.calls(expression, "substring", "len", "eq", "ne")
        for argument in call.arguments
        for inner in expressions.walk(argument)
        for part in inner
    )


def small_float(row: Document) -> bool:
    """An expression gives a float without an integer part, to be a decimal (TYPE-D11)."""
    return any(
        item is not None
        and item["type"]["kind"] == "decimal"
        and _type(part, row)["kind"] == "float"
        and isinstance(value, float)
        and 0 < abs(value) < 1
        for path, expression in _outputs(row)
        for item in (output_property(path, row["outSchema"]),)
        for part in expressions.results(expression)
        for value in (_value(part, row),)
    )
