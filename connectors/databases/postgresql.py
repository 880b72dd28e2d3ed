"""PostgreSQL."""

from typing import Final

from connectors.interface import Connector, ConnectorType, Role, RoleSpec, Target
from connectors.members import connection_settings
from forms.members import Host, Text, optional, port, required

# 63 bytes are the longest name of PostgreSQL.
_NAME: Final = Text(max_length=63, in_bytes=True)
_SPEC: Final = RoleSpec(
    targets=frozenset({Target.USER}),
    settings=connection_settings(
        required("host", Host()),
        port(),
        required("username", _NAME),
        optional("password", Text(min_length=0, max_length=100), default=""),
        required("database", _NAME),
        required("schema", _NAME),
    ),
)

POSTGRESQL: Final = Connector(
    code="postgresql",
    label="PostgreSQL",
    type=ConnectorType.DATABASE,
    roles={Role.SOURCE: _SPEC, Role.DESTINATION: _SPEC},
)
