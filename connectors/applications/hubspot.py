"""HubSpot: contacts."""

from typing import Final

from connectors.interface import Connector, ConnectorType, Role, RoleSpec, Target
from connectors.members import connection_settings
from forms.members import PRINTABLE, Text, required

_SETTINGS: Final = connection_settings(
    required(
        "accessToken",
        Text(max_length=255, pattern=PRINTABLE, expected="1 to 255 printable ASCII characters"),
    )
)

HUBSPOT: Final = Connector(
    code="hubspot",
    label="HubSpot",
    type=ConnectorType.APPLICATION,
    roles={
        Role.SOURCE: RoleSpec(targets=frozenset({Target.USER}), settings=_SETTINGS),
        Role.DESTINATION: RoleSpec(targets=frozenset({Target.USER}), settings=_SETTINGS),
    },
)
