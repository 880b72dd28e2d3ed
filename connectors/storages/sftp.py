"""Files on a server that is reached by SFTP."""

from typing import Final

from connectors.interface import Connector, ConnectorType, Role, RoleSpec, Target
from connectors.members import connection_settings
from connectors.storages.sftp_files import SftpServer
from forms.members import Host, Text, optional, port, required


def _wrong_public_key(text: str) -> str:
    # Loading it takes a third of a second, and few requests need it.
    import asyncssh

    try:
        asyncssh.import_public_key(text)
    except (asyncssh.KeyImportError, ValueError):
        return "not a public key"
    return ""


_SOURCE: Final = (
    required("host", Host()),
    port(),
    required("username", Text(max_length=200)),
    required("password", Text(max_length=200)),
    optional(
        "hostPublicKey",
        Text(
            min_length=0,
            max_length=5_000,
            expected="a public key as in `known_hosts`, at most 5000 characters",
            also=lambda text: _wrong_public_key(text) if text else "",
        ),
        default="",
    ),
)
_USERS: Final = frozenset({Target.USER})

SFTP: Final = Connector(
    code="sftp",
    label="SFTP",
    type=ConnectorType.FILE_STORAGE,
    roles={
        Role.SOURCE: RoleSpec(targets=_USERS, settings=connection_settings(*_SOURCE)),
        Role.DESTINATION: RoleSpec(
            targets=_USERS,
            settings=connection_settings(
                *_SOURCE, optional("tempPath", Text(min_length=0, max_length=1_000), default="")
            ),
        ),
    },
    storage=SftpServer,
)
