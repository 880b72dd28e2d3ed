"""JSON: an array of objects, alone or as the only member of an object."""

import re
from typing import Final

from connectors.interface import Connector, ConnectorType, Role, RoleSpec, Target
from connectors.members import format_settings
from forms.members import Choice, ListOf, Text, flag, optional, required
from mapping_lang.types.kinds import MAX_NAME_CHARS, NAME

MAX_PROPERTIES: Final = 10_000
"""Most properties of a schema, so of a record too."""

_NAME: Final = Text(
    max_length=MAX_NAME_CHARS,
    pattern=re.compile(NAME.pattern, re.ASCII),
    expected="the name of a property: a letter or `_`, then letters, digits and `_`",
)
_PROPERTIES: Final = ListOf(
    members=(required("key", _NAME), required("value", Choice(("t", "f")))),
    min_items=1,
    max_items=MAX_PROPERTIES,
    distinct="key",
)
"""The members of each object that become columns; `t` if it has to be there, `f` if not."""

_DESTINATION: Final = (flag("indent"), flag("generateASCII"), flag("allowSpecialFloats"))
_USERS: Final = frozenset({Target.USER})

JSON: Final = Connector(
    code="json",
    label="JSON",
    type=ConnectorType.FILE,
    roles={
        Role.SOURCE: RoleSpec(
            targets=_USERS,
            settings=format_settings(required("properties", _PROPERTIES), reset=_DESTINATION),
        ),
        Role.DESTINATION: RoleSpec(
            targets=_USERS,
            settings=format_settings(*_DESTINATION, reset=[optional("properties", _PROPERTIES)]),
        ),
    },
    extension="json",
)
