"""Files on a server that is reached by SFTP."""

from collections.abc import Mapping
from typing import Final

from connectors.files import FileError, Site
from connectors.interface import (
    Connector,
    ConnectorType,
    Role,
    RoleSpec,
    SettingsUnavailableError,
    Target,
)
from connectors.members import connection_settings
from connectors.storages.sftp_files import SftpServer
from forms.members import Host, SettingsInvalidError, Text, optional, port, required


def _wrong_public_key(text: str) -> str:
    # Loading it takes a third of a second, and few requests need it.
    import asyncssh

    try:
        asyncssh.import_public_key(text)
    except (asyncssh.KeyImportError, ValueError):
        return "not a public key"
    return ""


async def _sign_in(settings: Mapping[str, object], site: Site) -> None:
    """Ask the server whether it lets this user in (CONN-13)."""
    try:
        await SftpServer(settings, site).test()
    except FileError as error:
        if error.retryable:
            raise SettingsUnavailableError(error.message) from error
        raise SettingsInvalidError(error.message) from error


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
        Role.SOURCE: RoleSpec(
            targets=_USERS, settings=connection_settings(*_SOURCE, test=_sign_in)
        ),
        Role.DESTINATION: RoleSpec(
            targets=_USERS,
            settings=connection_settings(
                *_SOURCE,
                optional("tempPath", Text(min_length=0, max_length=1_000), default=""),
                test=_sign_in,
            ),
        ),
    },
    storage=SftpServer,
)
