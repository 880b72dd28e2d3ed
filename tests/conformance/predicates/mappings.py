"""Predicates over the expressions of a mapping, or the one expression of `parse_compile`."""

import re
from collections.abc import Iterator
from typing import Any

from tests.conformance import expressions
from tests.conformance.expressions import Call, Constant, Expression, Path
from tests.conformance.outputs import output_property
from tests.conformance.rewrites.conversions import fits
from tests.conformance.vector import Document

_ESCAPE_AT_END = re.compile(
    r"\\(?:u(?!0000|[dD][89A-Fa-f])[0-9A-Fa-f]{4}"
    r"|U(?!0{8}|0000[dD][89A-Fa-f])(?:000[0-9A-Fa-f]|0010)[0-9A-Fa-f]{4})[\'\"]"
)
_MOMENTS = ("datetime", "date", "time")


def sources(content: Document) -> Iterator[tuple[str, Any]]:
    """List expressions with the types that they are wanted as."""
    if "expr" in content:
        yield content["expr"], content["destType"]
        return
    for path, source in content["mapping"].items():
        item = output_property(path, content["outSchema"])
        if item is not None:
            yield source, item["type"]


def _expressions(content: Document) -> Iterator[tuple[Expression, Any]]:
    for source, type_ in sources(content):
        expression = expressions.read(source)
        if expression is not None:
            yield expression, type_


def escape_at_end(content: Document) -> bool:
    """A text ends in the escape of a code point, which swallowed its quote (MAP-D1)."""
    return any(_ESCAPE_AT_END.search(source) for source, _ in sources(content))


def number_as_time(content: Document) -> bool:
    """A number or a boolean constant is wanted as a time (MAP-29, MAP-70)."""
    return any(
        constant.kind in ("number", "boolean") and type_["kind"] == "time"
        for expression, wanted in _expressions(content)
        for constant, type_ in expressions.wanted(expression, wanted)
    )


def constant_misfit(content: Document) -> bool:
    """A number constant does not fit the decimal that it is wanted as (MAP-D10)."""
    return any(
        constant.number is not None
        and type_["kind"] == "decimal"
        and not fits(constant.number, type_)
        for expression, wanted in _expressions(content)
        for constant, type_ in expressions.wanted(expression, wanted)
    )


def spelled_number(content: Document) -> bool:
    """A concatenation has a number, not at its start, whose spelling is not its text (MAP-D4)."""
    return any(
        isinstance(part, Constant) and part.kind == "number" and part.source != part.text
        for expression, _ in _expressions(content)
        for inner in expressions.walk(expression)
        for part in inner[1:]
    )


def _measured(content: Document) -> Iterator[Expression]:
    for expression, _ in _expressions(content):
        for call in expressions.calls(expression, "len"):
            yield from call.arguments


def measured_integer(content: Document) -> bool:
    """The length of an integer of 64 bits is asked for (MAP-55)."""
    return any(
        type_ is not None and type_["kind"] == "int" and type_["bitSize"] == 64
        for argument in _measured(content)
        for part in expressions.results(argument)
        if isinstance(part, Path)
        for type_ in (expressions.type_of(part, content["inSchema"]),)
    )


def measured_moment(content: Document) -> bool:
    """The length of a date, a time or a datetime is asked for (MAP-D6, DEC-10)."""
    return any(
        type_ is not None and type_["kind"] in _MOMENTS
        for argument in _measured(content)
        for part in expressions.results(argument)
        if isinstance(part, Path)
        for type_ in (expressions.type_of(part, content["inSchema"]),)
    )


def lists_empty_text(content: Document) -> bool:
    """An output property lists the empty text, and its expression is more than a path (DEC-12)."""
    return any(
        type_["kind"] == "string"
        and "" in type_.get("values", ())
        and (len(expression) > 1 or isinstance(expression[0], Call))
        for expression, type_ in _expressions(content)
    )
