"""Klaviyo: profiles, and events about them."""

import re
from typing import Final

from connectors.interface import Connector, ConnectorType, Role, RoleSpec, SendingMode, Target
from connectors.members import connection_settings
from forms.members import Text, required

_SETTINGS: Final = connection_settings(
    required(
        "privateAPIKey",
        Text(
            min_length=37,
            max_length=255,
            pattern=re.compile(r"pk_[A-Za-z0-9]+", re.ASCII),
            expected="`pk_` and letters and digits, at least 37 characters",
        ),
    )
)

KLAVIYO: Final = Connector(
    code="klaviyo",
    label="Klaviyo",
    type=ConnectorType.APPLICATION,
    roles={
        Role.SOURCE: RoleSpec(targets=frozenset({Target.USER}), settings=_SETTINGS),
        Role.DESTINATION: RoleSpec(
            targets=frozenset({Target.USER, Target.EVENT}), settings=_SETTINGS
        ),
    },
    sending_mode=SendingMode.SERVER,
)
