"""Files that an HTTPS server gives by GET or takes by POST: two connectors, not one."""

from typing import Final

from connectors.interface import Connector, ConnectorType, Role, RoleSpec, Target
from connectors.members import connection_settings
from connectors.storages.https import WebServer
from forms.members import Host, ListOf, Text, optional, port, required

MAX_HEADERS: Final = 100
"""More headers than any server takes."""

_SPEC: Final = RoleSpec(
    targets=frozenset({Target.USER}),
    settings=connection_settings(
        required("host", Host()),
        port(),
        optional(
            "headers",
            ListOf(
                members=(
                    required("key", Text(max_length=100)),
                    required("value", Text(max_length=10_000)),
                ),
                max_items=MAX_HEADERS,
            ),
            default=(),
        ),
    ),
)

HTTP_GET: Final = Connector(
    code="http-get",
    label="HTTP GET",
    type=ConnectorType.FILE_STORAGE,
    roles={Role.SOURCE: _SPEC},
    storage=WebServer,
)
HTTP_POST: Final = Connector(
    code="http-post",
    label="HTTP POST",
    type=ConnectorType.FILE_STORAGE,
    roles={Role.DESTINATION: _SPEC},
    storage=WebServer,
)
