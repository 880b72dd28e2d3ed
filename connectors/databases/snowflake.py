"""Snowflake."""

import re
from typing import Final

from connectors.interface import Connector, ConnectorType, Role, RoleSpec, Target
from connectors.members import connection_settings
from forms.members import Text, required

_TEXT: Final = Text(max_length=255)
_SPEC: Final = RoleSpec(
    targets=frozenset({Target.USER}),
    settings=connection_settings(
        required(
            "account",
            Text(
                min_length=3,
                max_length=255,
                pattern=re.compile(r"[A-Za-z0-9]+[.-][A-Za-z0-9]+", re.ASCII),
                expected="organisation, dot or hyphen, account: 3 to 255 letters and digits",
            ),
        ),
        required("username", _TEXT),
        required("password", _TEXT),
        required("role", _TEXT),
        required("database", _TEXT),
        required("schema", _TEXT),
        required("warehouse", _TEXT),
    ),
)

SNOWFLAKE: Final = Connector(
    code="snowflake",
    label="Snowflake",
    type=ConnectorType.DATABASE,
    roles={Role.SOURCE: _SPEC, Role.DESTINATION: _SPEC},
)
