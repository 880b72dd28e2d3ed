"""Outputs of mappings that are texts made of constants and paths, put together once more."""

from decimal import Decimal
from typing import Any, Final

from tests.conformance import expressions
from tests.conformance.expressions import Call, Constant, Expression, Part, Path, plain_decimal
from tests.conformance.outputs import output_at, output_paths, output_property, with_output
from tests.conformance.rewrites import json_forms
from tests.conformance.rewrites.moments import trimmed
from tests.conformance.vector import Document

_AS_WRITTEN: Final = ("string", "uuid", "ip", "date")
_LIMITS: Final = ("values", "pattern", "maxLength", "maxBytes")


class UnknownError(Exception):
    """What cannot be said in a plain way."""


def joined_texts(content: Document, expect: Any) -> Any:
    """Join the texts of constants and paths (MAP-19, DEC-11, TYPE-61)."""
    out: Document = {}
    for path in output_paths(content):
        item = output_property(path, content["outSchema"])
        expression = expressions.read(content["mapping"][path])
        assert item is not None
        try:
            outcome = {"value": _joined(expression, item["type"], content)}
        except UnknownError:
            if "out" not in expect:
                return expect
            outcome = output_at(expect["out"], path)
        out = with_output(out, path, outcome)
    return {"out": out}


def _is_free_text(type_: Document) -> bool:
    return type_["kind"] == "string" and not any(limit in type_ for limit in _LIMITS)


def _joined(expression: Expression | None, type_: Document, content: Document) -> str:
    if expression is None or len(expression) < 2 or not _is_free_text(type_):
        raise UnknownError(expression)
    return "".join(part_text(part, content) for part in expression)


def part_text(part: Part, content: Document) -> str:
    """Give the text of a constant or a path in a concatenation (MAP-19)."""
    match part:
        case Constant():
            return part.text
        case Call():
            raise UnknownError(part)
        case Path():
            type_ = expressions.type_of(part, content["inSchema"])
            try:
                value = expressions.value_at(part, content["row"], content["inSchema"])
            except LookupError:
                raise UnknownError(part) from None
            if type_ is None:
                raise UnknownError(part)
            return "" if value is None else _text(value, type_["kind"])


def _text(value: Any, kind: str) -> str:
    match kind:
        case "boolean":
            return "true" if value else "false"
        case "int" | "year":
            return str(value)
        case "decimal":
            return plain_decimal(Decimal(value))
        case "datetime" | "time":
            return trimmed(value)
        case "json":
            form = json_forms.read(value["$json"])
            if isinstance(form, list | dict):
                raise UnknownError(form)
            return form if isinstance(form, str) else json_forms.write(form)
        case _ if kind in _AS_WRITTEN:
            return str(value)
        case _:
            raise UnknownError(kind)


def decimal_functions(content: Document, expect: Any) -> Any:
    """Apply a function of texts to the positional text of a decimal (TYPE-D9)."""
    if "out" not in expect:
        return expect
    out = expect["out"]
    for path in output_paths(content):
        recorded = output_at(out, path).get("value")
        expression = expressions.read(content["mapping"][path])
        if expression is None or not isinstance(recorded, str | int):
            continue
        try:
            found = _decimal_function(expression, content)
        except UnknownError:
            continue
        if isinstance(found, int) == isinstance(recorded, int):
            out = with_output(out, path, {"value": found})
    return {"out": out}


def _decimal_function(expression: Expression, content: Document) -> str | int:
    (part,) = expression if len(expression) == 1 else (None,)
    if not isinstance(part, Call) or not part.arguments or len(part.arguments[0]) != 1:
        raise UnknownError(expression)
    subject = part.arguments[0][0]
    if not is_decimal(subject, content["inSchema"]):
        raise UnknownError(subject)
    text = part_text(subject, content)
    numbers = [_whole(argument) for argument in part.arguments[1:]]
    match part.name, numbers:
        case (("lower" | "upper" | "initcap" | "trim" | "ltrim" | "rtrim"), []):
            return text
        case "len", []:
            return len(text)
        case "substring", [start]:
            return text[max(start, 1) - 1 :]
        case "substring", [start, length] if length >= 0:
            return text[max(start, 1) - 1 :][:length]
        case _:
            raise UnknownError(part)


def _whole(expression: Expression) -> int:
    (part,) = expression if len(expression) == 1 else (None,)
    if isinstance(part, Constant) and part.number is not None and part.number == int(part.number):
        return int(part.number)
    raise UnknownError(expression)


def is_decimal(part: Part, schema: Any) -> bool:
    """Tell if a part is a path to a decimal."""
    type_ = expressions.type_of(part, schema) if isinstance(part, Path) else None
    return type_ is not None and type_["kind"] == "decimal"
