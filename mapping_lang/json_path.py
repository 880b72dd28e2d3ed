"""Selecting members of JSON values while a mapping runs (MAP-22, MAP-23)."""

from collections.abc import Callable
from typing import TypeAlias

from mapping_lang.builtins.signature import ApplyError
from mapping_lang.diagnostics import Code, quote
from mapping_lang.types.json_value import NoObjectError, member_selector
from mapping_lang.types.values import Json

ReadMember: TypeAlias = Callable[[Json], Json | None]


def member_reader(key: str, *, optional: bool) -> ReadMember:
    """Give what selects one member; on JSON that is no object it gives null or fails."""
    select = member_selector(key)

    def read(value: Json) -> Json | None:
        try:
            return select(value)
        except NoObjectError as error:
            if optional:
                return None
            raise ApplyError(
                Code.APPLY_JSON_MEMBER,
                f"the key {quote(key)} is selected from JSON {error.kind.value}, expected a JSON "
                "object; `?` after the key gives null instead",
            ) from None

    return read
