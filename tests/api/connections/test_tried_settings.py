"""Settings that are tried when a connection is made: CONN-13, by a server that speaks SSH."""

import asyncio
import socket
from pathlib import Path
from typing import Any

import asyncssh
import pytest

from tests.api.client import Client
from tests.connectors.storages.places import PASSWORD, USERNAME, ssh_server

Body = dict[str, Any]


def _connection(port: int, /, *, role: str = "Source", **settings: object) -> Body:
    given = {"host": "127.0.0.1", "port": port, "username": USERNAME, "password": PASSWORD}
    return {
        "name": "Files",
        "role": role,
        "connector": "sftp",
        "settings": given | settings,
    }


async def _refused(client: Client, body: Body) -> tuple[int, str, str, str]:
    """Ask for a connection that is not made; gives status, code, message and cause."""
    answer = await client.ask("POST", "/v1/connections", body)
    listed = await client.get("/v1/connections")
    assert listed["connections"] == []
    return answer.status, answer.code, answer.json["error"]["message"], answer.cause


@pytest.mark.parametrize("role", ["Source", "Destination"])
async def test_a_server_that_lets_us_in_is_connected_to(
    client: Client, tmp_path: Path, role: str
) -> None:
    async with ssh_server(tmp_path) as (port, key):
        answer = await client.ask(
            "POST", "/v1/connections", _connection(port, role=role, hostPublicKey=key)
        )

    assert answer.status == 200


async def test_refused_credentials_are_invalid_settings(client: Client, tmp_path: Path) -> None:
    async with ssh_server(tmp_path) as (port, _):
        found = await _refused(client, _connection(port, password="another"))  # noqa: S106

    assert found == (
        422,
        "InvalidSettings",
        "the settings are not those of SFTP",
        f"«sftp://127.0.0.1:{port}»: the server does not accept the user name and the password",
    )


async def test_a_server_with_another_key_is_invalid_settings(
    client: Client, tmp_path: Path
) -> None:
    other = asyncssh.generate_private_key("ssh-ed25519").export_public_key().decode()
    async with ssh_server(tmp_path) as (port, _):
        found = await _refused(client, _connection(port, hostPublicKey=other))

    assert found[1] == "InvalidSettings"
    assert found[3] == (
        f"«sftp://127.0.0.1:{port}»: the server has another public key than the connection says"
        " in `hostPublicKey`"
    )


async def test_an_address_that_may_not_be_reached_is_not_dialled(client: Client) -> None:
    found = await _refused(client, _connection(22, host="10.0.0.1"))

    assert found[1] == "InvalidSettings"
    assert found[3] == (
        "«sftp://10.0.0.1»: 10.0.0.1 is no public address; what else may be reached is listed in"
        " KILN_ALLOWED_NETWORKS"
    )


async def test_a_server_that_is_not_there_is_a_service_that_is_unavailable(
    client: Client,
) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
    found = await _refused(client, _connection(port))

    assert found == (
        503,
        "ServiceUnavailable",
        "SFTP did not answer",
        f"«sftp://127.0.0.1:{port}»: the server cannot be reached: Connection refused",
    )


async def test_a_server_that_never_speaks_is_given_up_in_time(client: Client) -> None:
    async def silent(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.read()
        writer.close()

    server = await asyncio.start_server(silent, "127.0.0.1", 0)
    async with server:
        port = server.sockets[0].getsockname()[1]
        found = await _refused(client, _connection(port))

    assert found == (
        503,
        "ServiceUnavailable",
        "SFTP did not answer",
        f"«sftp://127.0.0.1:{port}»: the storage did not let us in within 1 seconds",
    )
