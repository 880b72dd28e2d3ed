"""Looking into JSON text that is known to be valid, lazily: only what is asked for is decoded."""

import functools
from collections.abc import Callable
from decimal import Decimal, InvalidOperation
from enum import StrEnum
from typing import Any, Final

import msgspec

from mapping_lang.types.errors import TypesError
from mapping_lang.types.values import Json

_MAX_SELECTORS: Final = 1_024
_NO_MEMBER: Final = msgspec.Raw()
_WHITE_SPACE: Final = " \t\n\r"


class JsonKind(StrEnum):
    """What a JSON value is; messages show these words."""

    NULL = "null"
    TRUE = "true"
    FALSE = "false"
    NUMBER = "number"
    STRING = "string"
    ARRAY = "array"
    OBJECT = "object"


_KIND_BY_START: Final = {
    "n": JsonKind.NULL,
    "t": JsonKind.TRUE,
    "f": JsonKind.FALSE,
    '"': JsonKind.STRING,
    "[": JsonKind.ARRAY,
    "{": JsonKind.OBJECT,
}

_members = msgspec.json.Decoder(dict[str, msgspec.Raw])
_elements = msgspec.json.Decoder(list[msgspec.Raw])
_string = msgspec.json.Decoder(str)


def kind_of(value: Json) -> JsonKind:
    """Tell what a JSON value is."""
    text = value.text
    start = text[0]
    if start in _WHITE_SPACE:
        start = text.lstrip(_WHITE_SPACE)[0]
    return _KIND_BY_START.get(start, JsonKind.NUMBER)


def members(value: Json) -> dict[str, Json]:
    """Give the members of a JSON object, each as its exact text."""
    return {name: _json(raw) for name, raw in _members.decode(value.text).items()}


class NoObjectError(TypesError):
    """A member is asked of JSON that is no object; `kind` is what it is."""

    def __init__(self, kind: JsonKind) -> None:
        super().__init__(f"JSON {kind.value} has no members")
        self.kind = kind


@functools.lru_cache(maxsize=_MAX_SELECTORS)
def member_selector(name: str) -> Callable[[Json], Json | None]:
    """Give what selects the member of a name from a JSON object; None if there is none."""
    # A decoder that knows one name skips the other members: 0.3 us for one of 20, where listing
    # them all takes 9 us.
    try:
        struct = msgspec.defstruct(
            "Member", [("value", msgspec.Raw, _NO_MEMBER)], rename={"value": name}
        )
    except ValueError:  # msgspec takes no names that JSON has to escape
        return functools.partial(_select, name)
    decode: Callable[[str], Any] = msgspec.json.Decoder(struct).decode

    def select(value: Json) -> Json | None:
        try:
            raw = decode(value.text).value
        except msgspec.ValidationError:
            raise NoObjectError(kind_of(value)) from None
        return Json(str(raw, "utf-8")) if raw else None

    return select


def _select(name: str, value: Json) -> Json | None:
    kind = kind_of(value)
    if kind is not JsonKind.OBJECT:
        raise NoObjectError(kind)
    return members(value).get(name)


def elements(value: Json) -> list[Json]:
    """Give the elements of a JSON array, each as its exact text."""
    return [_json(raw) for raw in _elements.decode(value.text)]


def string_of(value: Json) -> str:
    """Give what a JSON string says."""
    return _string.decode(value.text)


def literal_of(value: Json) -> str:
    """Give the spelling of a JSON number, true, false or null."""
    return value.text.strip(_WHITE_SPACE)


def number_of(value: Json) -> Decimal | None:
    """Give a JSON number exactly; None if its exponent has more than 18 digits."""
    try:
        return Decimal(literal_of(value))
    except InvalidOperation:
        return None


def _json(raw: msgspec.Raw) -> Json:
    return Json(bytes(raw).decode())
