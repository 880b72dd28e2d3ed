"""The settings of a Snowflake warehouse (WH-2)."""

import re
from collections.abc import Mapping
from typing import Final

from forms.members import Member, Text, read_members, required

_TEXT: Final = Text(max_length=255)
_ACCOUNT: Final = Text(
    min_length=3,
    max_length=255,
    pattern=re.compile(r"[A-Za-z0-9]+[.-][A-Za-z0-9]+", re.ASCII),
    expected="organisation, dot or hyphen, account: 3 to 255 letters and digits",
)

MEMBERS: Final[tuple[Member, ...]] = (
    required("account", _ACCOUNT),
    *(
        required(name, _TEXT)
        for name in ("username", "password", "role", "database", "schema", "warehouse")
    ),
)


def read_settings(given: Mapping[str, object]) -> dict[str, object]:
    """Give the settings in canonical form, or raise what is wrong with the first member."""
    return read_members(MEMBERS, given)
