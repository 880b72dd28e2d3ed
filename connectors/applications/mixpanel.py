"""Mixpanel: events."""

import re
from typing import Final

from connectors.interface import Connector, ConnectorType, Role, RoleSpec, SendingMode, Target
from connectors.members import connection_settings
from forms.members import Choice, Text, required

_SETTINGS: Final = connection_settings(
    required(
        "projectID",
        Text(
            max_length=19,
            pattern=re.compile(r"[0-9]+", re.ASCII),
            expected="a whole number, as a string",
        ),
    ),
    required("projectToken", Text(max_length=100)),
    required("dataResidency", Choice(("US", "EU", "IN"))),
)

MIXPANEL: Final = Connector(
    code="mixpanel",
    label="Mixpanel",
    type=ConnectorType.APPLICATION,
    roles={
        Role.DESTINATION: RoleSpec(targets=frozenset({Target.EVENT}), settings=_SETTINGS),
    },
    sending_mode=SendingMode.SERVER,
)
