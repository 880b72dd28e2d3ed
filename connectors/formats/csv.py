"""Comma-separated values, or values separated by any other character."""

from typing import Final

from connectors.interface import Connector, ConnectorType, Role, RoleSpec, Target
from connectors.members import format_settings
from forms.members import Integer, Text, flag, optional, required

MAX_COLUMNS: Final = 1_000

_FORBIDDEN_SEPARATORS: Final = {"\r": "a carriage return", "\n": "a line feed", "\ufffd": "U+FFFD"}

_SEPARATOR: Final = required(
    "separator",
    Text(
        max_length=1,
        expected="exactly one character, neither a line break nor U+FFFD",
        also=lambda text: _FORBIDDEN_SEPARATORS.get(text, ""),
    ),
)
_SOURCE: Final = (
    optional("numberOfColumns", Integer(0, MAX_COLUMNS), default=0),
    flag("trimLeadingSpace"),
    flag("hasColumnNames"),
    flag("lazyQuotes"),
)
_DESTINATION: Final = (flag("useCRLF"),)
_USERS: Final = frozenset({Target.USER})

CSV: Final = Connector(
    code="csv",
    label="CSV",
    type=ConnectorType.FILE,
    roles={
        Role.SOURCE: RoleSpec(
            targets=_USERS, settings=format_settings(_SEPARATOR, *_SOURCE, reset=_DESTINATION)
        ),
        Role.DESTINATION: RoleSpec(
            targets=_USERS, settings=format_settings(_SEPARATOR, *_DESTINATION, reset=_SOURCE)
        ),
    },
    extension="csv",
)
