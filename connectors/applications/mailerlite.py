"""MailerLite: subscribers."""

import re
from typing import Final

from connectors.interface import Connector, ConnectorType, Role, RoleSpec, Target
from connectors.members import connection_settings
from forms.members import Text, required

_SETTINGS: Final = connection_settings(
    # Its keys are signed tokens of about a thousand characters.
    required(
        "apiKey",
        Text(
            max_length=5_000,
            pattern=re.compile(r"[^\s\x00-\x1f\x7f]+"),
            expected="1 to 5000 characters without spaces",
        ),
    )
)

MAILERLITE: Final = Connector(
    code="mailerlite",
    label="MailerLite",
    type=ConnectorType.APPLICATION,
    roles={
        Role.SOURCE: RoleSpec(targets=frozenset({Target.USER}), settings=_SETTINGS),
        Role.DESTINATION: RoleSpec(targets=frozenset({Target.USER}), settings=_SETTINGS),
    },
)
