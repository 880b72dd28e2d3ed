"""Mailchimp: the members of an audience."""

import re
from typing import Final

from connectors.interface import Connector, ConnectorType, Role, RoleSpec, Target
from connectors.members import connection_settings
from forms.members import Text, required

_SETTINGS: Final = connection_settings(
    required(
        "apiKey",
        Text(
            max_length=255,
            pattern=re.compile(r"[\x21-\x7e]+-[a-z]+[0-9]+"),
            expected="a key that ends in its data centre, such as `-us1`",
        ),
    ),
    required("audience", Text(max_length=100)),
)

MAILCHIMP: Final = Connector(
    code="mailchimp",
    label="Mailchimp",
    type=ConnectorType.APPLICATION,
    roles={
        Role.SOURCE: RoleSpec(targets=frozenset({Target.USER}), settings=_SETTINGS),
        Role.DESTINATION: RoleSpec(targets=frozenset({Target.USER}), settings=_SETTINGS),
    },
)
