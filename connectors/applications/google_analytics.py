"""Google Analytics: events."""

import re
from typing import Final

from connectors.interface import Connector, ConnectorType, Role, RoleSpec, SendingMode, Target
from connectors.members import connection_settings
from forms.members import PRINTABLE, Choice, Text, required

_SETTINGS: Final = connection_settings(
    required(
        "measurementID",
        Text(
            min_length=2,
            max_length=20,
            pattern=re.compile(r"(?:G|AW)-[\x21-\x7e]*"),
            expected="`G-…` or `AW-…`, 2 to 20 characters",
        ),
    ),
    required(
        "apiSecret",
        Text(max_length=100, pattern=PRINTABLE, expected="1 to 100 printable ASCII characters"),
    ),
    required("collectionEndpoint", Choice(("Global", "EU"))),
)

GOOGLE_ANALYTICS: Final = Connector(
    code="google-analytics",
    label="Google Analytics",
    type=ConnectorType.APPLICATION,
    roles={
        Role.DESTINATION: RoleSpec(targets=frozenset({Target.EVENT}), settings=_SETTINGS),
    },
    sending_mode=SendingMode.SERVER,
)
