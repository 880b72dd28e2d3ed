"""ClickHouse."""

from typing import Final

from connectors.interface import Connector, ConnectorType, Role, RoleSpec, Target
from connectors.members import connection_settings
from forms.members import Host, Text, optional, port, required

_SPEC: Final = RoleSpec(
    targets=frozenset({Target.USER}),
    settings=connection_settings(
        required("host", Host()),
        port(),
        optional("username", Text(min_length=0, max_length=64), default=""),
        optional("password", Text(min_length=0, max_length=100), default=""),
        optional("database", Text(min_length=0, max_length=64), default=""),
    ),
)

CLICKHOUSE: Final = Connector(
    code="clickhouse",
    label="ClickHouse",
    type=ConnectorType.DATABASE,
    roles={Role.SOURCE: _SPEC, Role.DESTINATION: _SPEC},
)
