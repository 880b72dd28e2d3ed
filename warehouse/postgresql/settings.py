"""The settings of a PostgreSQL warehouse (WH-2)."""

import re
from collections.abc import Mapping
from typing import Final

from forms.members import Member, Text, optional, port, read_members, required

# 63 bytes are the longest name of PostgreSQL.
_NAME: Final = Text(max_length=63, in_bytes=True)
_SCHEMA: Final = Text(
    max_length=63,
    in_bytes=True,
    pattern=re.compile(r"(?!pg_)[A-Za-z_][A-Za-z0-9_]*", re.ASCII),
    expected="a letter or `_`, then letters, digits and `_`, at most 63, not beginning with `pg_`",
)

MEMBERS: Final[tuple[Member, ...]] = (
    required("host", Text(max_length=253, in_bytes=True)),
    port(),
    required("username", _NAME),
    optional("password", Text(min_length=0, max_length=100), default=""),
    required("database", _NAME),
    required("schema", _SCHEMA),
)


def read_settings(given: Mapping[str, object]) -> dict[str, object]:
    """Give the settings in canonical form, or raise what is wrong with the first member."""
    return read_members(MEMBERS, given)
