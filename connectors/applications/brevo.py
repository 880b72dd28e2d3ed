"""Brevo: contacts, and events about them."""

import re
from typing import Final

from connectors.interface import Connector, ConnectorType, Role, RoleSpec, SendingMode, Target
from connectors.members import connection_settings
from forms.members import Text, required

_SETTINGS: Final = connection_settings(
    required(
        "apiKey",
        Text(
            max_length=255,
            pattern=re.compile(r"[^\s\x00-\x1f\x7f]+"),
            expected="1 to 255 characters without spaces",
        ),
    )
)

BREVO: Final = Connector(
    code="brevo",
    label="Brevo",
    type=ConnectorType.APPLICATION,
    roles={
        Role.SOURCE: RoleSpec(targets=frozenset({Target.USER}), settings=_SETTINGS),
        Role.DESTINATION: RoleSpec(
            targets=frozenset({Target.USER, Target.EVENT}), settings=_SETTINGS
        ),
    },
    sending_mode=SendingMode.SERVER,
)
