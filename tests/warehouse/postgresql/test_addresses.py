"""A warehouse is reached at the addresses of its host that were checked, over real sockets."""

import asyncio
import socket
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager, closing
from typing import Any

import pytest

from forms.addresses import AddressRefusedError, Reach
from tests.postgresql import NEAR
from tests.warehouse.schemas import EVERY_KIND
from warehouse.errors import WarehouseUnavailableError
from warehouse.postgresql.driver import connection_arguments, located
from warehouse.registry import BY_CODE

NAME = "warehouse.example.com"


def settings_at(host: str, port: int = 5432) -> dict[str, object]:
    return {
        "host": host,
        "port": port,
        "username": "kiln",
        "password": "hush",
        "database": "kiln",
        "schema": "public",
    }


@pytest.mark.parametrize("host", ["127.0.0.1", "localhost", "::1", "169.254.169.254", "/run", "@s"])
async def test_what_only_we_can_reach_is_refused(host: str) -> None:
    with pytest.raises(AddressRefusedError, match="KILN_ALLOWED_NETWORKS"):
        await BY_CODE["PostgreSQL"].open(settings_at(host), Reach())


async def test_a_list_of_hosts_is_no_host() -> None:
    with pytest.raises(WarehouseUnavailableError, match="expected one host"):
        await BY_CODE["PostgreSQL"].open(settings_at("/run,10.0.0.1"), NEAR)


async def test_a_host_that_nobody_knows_is_unavailable() -> None:
    with pytest.raises(WarehouseUnavailableError, match="nobody knows"):
        await BY_CODE["PostgreSQL"].open(settings_at("no-such-host.invalid"), NEAR)


async def test_the_name_is_for_certificates_and_the_addresses_are_dialled(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    def answer(*_: object, **__: object) -> list[tuple[Any, ...]]:
        return [(socket.AF_INET, 1, 6, "", (each, 0)) for each in ("127.0.0.1", "127.0.0.2")]

    monkeypatch.setattr(socket, "getaddrinfo", answer)
    arguments = connection_arguments(await located(settings_at(NAME), NEAR))
    assert (arguments["host"], arguments["hostaddr"]) == (f"{NAME},{NAME}", "127.0.0.1,127.0.0.2")


@asynccontextmanager
async def relayed(settings: Mapping[str, Any], address: str) -> AsyncIterator[int]:
    """Let the server of the tests, which listens on a socket only, be reached by TCP."""
    path = f"{settings['host']}/.s.PGSQL.{settings['port']}"
    pumps: set[asyncio.Task[None]] = set()

    async def pump(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        with closing(writer):
            while data := await reader.read(65_536):
                writer.write(data)

    async def accept(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        behind = await asyncio.open_unix_connection(path)
        pumps.add(asyncio.create_task(pump(reader, behind[1])))
        pumps.add(asyncio.create_task(pump(behind[0], writer)))

    server = await asyncio.start_server(accept, address, 0)
    async with server:
        yield server.sockets[0].getsockname()[1]
    await asyncio.gather(*pumps)


async def test_a_name_that_changes_its_meaning_leads_where_it_was_checked(
    settings: Mapping[str, Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    """DNS rebinding: whoever asks again is told of another machine."""
    asked: list[object] = []

    def answer(host: object, *_: object, **__: object) -> list[tuple[Any, ...]]:
        asked.append(host)
        return [(socket.AF_INET, 1, 6, "", ("127.0.0.2" if len(asked) == 1 else "127.0.0.1", 0))]

    async with relayed(settings, "127.0.0.2") as port:
        with socket.create_server(("127.0.0.1", port)) as other:
            other.settimeout(0)
            monkeypatch.setattr(socket, "getaddrinfo", answer)
            warehouse = await BY_CODE["PostgreSQL"].open(
                {**settings, "host": NAME, "port": port}, NEAR
            )
            async with warehouse.initializing(EVERY_KIND):
                pass
            await warehouse.check_initialized()
            assert asked == [NAME]
            with pytest.raises(BlockingIOError):
                other.accept()
