"""Selecting members of JSON values while a mapping runs (MAP-22, MAP-23)."""

from collections.abc import Callable
from functools import lru_cache
from typing import Any, Final, TypeAlias

import msgspec

from mapping_lang.builtins.signature import ApplyError
from mapping_lang.diagnostics import Code, quote
from mapping_lang.types.json_value import JsonKind, kind_of
from mapping_lang.types.values import Json

ReadMember: TypeAlias = Callable[[Json], Json | None]

_MAX_READERS: Final = 1_024
_NO_MEMBER: Final = msgspec.Raw()


def member_reader(key: str, *, optional: bool) -> ReadMember:
    """Give what selects one member; on JSON that is no object it gives null or fails."""
    decode = _decoder(key)

    def read(value: Json) -> Json | None:
        try:
            raw = decode(value.text).value
        except msgspec.ValidationError:
            if optional:
                return None
            raise _no_object(value, key) from None
        return Json(str(raw, "utf-8")) if raw else None

    return read


@lru_cache(maxsize=_MAX_READERS)
def _decoder(key: str) -> Callable[[str], Any]:
    # A decoder of one field skips all other members without making objects of them.
    struct = msgspec.defstruct(
        "Member", [("value", msgspec.Raw, _NO_MEMBER)], rename={"value": key}
    )
    decode: Callable[[str], Any] = msgspec.json.Decoder(struct).decode
    return decode


def _no_object(value: Json, key: str) -> ApplyError:
    kind = kind_of(value)
    if kind is JsonKind.OBJECT:
        raise TypeError("an object has members")
    return ApplyError(
        Code.APPLY_JSON_MEMBER,
        f"the key {quote(key)} is selected from JSON {kind.value}, expected a JSON object; "
        "`?` after the key gives null instead",
    )
