"""JSON texts of vectors, read so that numbers keep their spelling."""

import json
from typing import Any

from tests.conformance.content import members


class Number(str):
    """A JSON number as it is written."""

    __slots__ = ()


def read(text: str) -> Any:
    """Read JSON; what is not JSON is a ValueError."""
    return json.loads(text, parse_int=Number, parse_float=Number, parse_constant=_refuse)


def _refuse(name: str) -> Any:
    raise ValueError(name)


def write(form: Any) -> str:
    """Write JSON without white space."""
    match form:
        case Number():
            return str(form)
        case list():
            return "[" + ",".join(map(write, form)) + "]"
        case dict():
            return "{" + ",".join(f"{_quoted(k)}:{write(v)}" for k, v in form.items()) + "}"
        case _:
            return _quoted(form)


def _quoted(form: Any) -> str:
    return json.dumps(form, ensure_ascii=False)


def elements(text: str) -> list[dict[str, str]]:
    """Give the elements of a JSON array, as values of the convention; [] of anything else."""
    form = read(text)
    return [{"$json": write(item)} for item in form] if isinstance(form, list) else []


def scalar_text(value: dict[str, str]) -> str:
    """Give the text of a JSON scalar (MAP-80), or refuse what has none."""
    form = read(value["$json"])
    if form is None or isinstance(form, list | dict):
        raise ValueError(form)
    return str(form) if isinstance(form, str) else str(form).lower()


def with_moments(text: str, type_: Any) -> str:
    """Cut the midnight from dates, and the first day of 1970 from times, of JSON made of a type."""
    return write(_moments(read(text), type_))


def _moments(form: Any, type_: Any) -> Any:
    kind = type_["kind"]
    match form:
        case Number():
            return form
        case str() if kind == "date":
            return form.removesuffix("T00:00:00Z")
        case str() if kind == "time":
            return form.removeprefix("1970-01-01T").removesuffix("Z")
        case list() if kind == "array":
            return [_moments(item, type_["elementType"]) for item in form]
        case dict() if kind == "map":
            return {name: _moments(item, type_["elementType"]) for name, item in form.items()}
        case dict() if kind == "object":
            types = members(type_)
            return {name: _moments(item, types[name]["type"]) for name, item in form.items()}
        case _:
            return form
