"""Files below a directory of the server, which is configured there and not by settings."""

from typing import Final

from connectors.interface import Connector, ConnectorType, Role, RoleSpec, Target
from connectors.members import connection_settings
from forms.members import flag

_SPEC: Final = RoleSpec(
    targets=frozenset({Target.USER}), settings=connection_settings(flag("simulateHighIOLatency"))
)

FILESYSTEM: Final = Connector(
    code="filesystem",
    label="File System",
    type=ConnectorType.FILE_STORAGE,
    roles={Role.SOURCE: _SPEC, Role.DESTINATION: _SPEC},
)
