"""Stripe: customers."""

from typing import Final

from connectors.interface import Connector, ConnectorType, Role, RoleSpec, Target
from connectors.members import connection_settings
from forms.members import PRINTABLE, Text, required

_SETTINGS: Final = connection_settings(
    required(
        "apiKey",
        Text(max_length=200, pattern=PRINTABLE, expected="1 to 200 printable ASCII characters"),
    )
)

STRIPE: Final = Connector(
    code="stripe",
    label="Stripe",
    type=ConnectorType.APPLICATION,
    roles={
        Role.SOURCE: RoleSpec(targets=frozenset({Target.USER}), settings=_SETTINGS),
        Role.DESTINATION: RoleSpec(targets=frozenset({Target.USER}), settings=_SETTINGS),
    },
)
