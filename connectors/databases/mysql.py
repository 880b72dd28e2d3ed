"""MySQL."""

from typing import Final

from connectors.interface import Connector, ConnectorType, Role, RoleSpec, Target
from connectors.members import connection_settings
from forms.members import Host, Text, port, required

_SPEC: Final = RoleSpec(
    targets=frozenset({Target.USER}),
    settings=connection_settings(
        required("host", Host()),
        port(),
        required("username", Text(max_length=16)),
        required("password", Text(max_length=200)),
        required("database", Text(max_length=64)),
    ),
)

MYSQL: Final = Connector(
    code="mysql",
    label="MySQL",
    type=ConnectorType.DATABASE,
    roles={Role.SOURCE: _SPEC, Role.DESTINATION: _SPEC},
)
