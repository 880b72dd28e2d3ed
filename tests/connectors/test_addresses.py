"""What is dialled is what was checked, over real sockets."""

import asyncio
import socket
import ssl
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager, closing
from dataclasses import dataclass, field
from typing import Any

import httpx
import pytest
import trustme

from connectors.addresses import CheckedTransport, connected_socket
from forms.addresses import AddressRefusedError, HostUnknownError, Reach

NAME = "files.example.com"
HERE = Reach.of(["127.0.0.0/8"])

Names = Callable[[str, list[list[str]]], list[str]]


@pytest.fixture
def names(monkeypatch: pytest.MonkeyPatch) -> Names:
    """Lets a name mean certain addresses, others each time it is asked for; keeps the questions."""
    really = socket.getaddrinfo

    def set_up(name: str, answers: list[list[str]]) -> list[str]:
        asked: list[str] = []

        def answer(host: Any, port: Any, *args: Any, **options: Any) -> Any:  # noqa: ANN401
            if host != name:
                return really(host, port, *args, **options)
            asked.append(host)
            found = answers[min(len(asked), len(answers)) - 1]
            return [(socket.AF_INET, socket.SOCK_STREAM, 6, "", (each, 0)) for each in found]

        monkeypatch.setattr(socket, "getaddrinfo", answer)
        return asked

    return set_up


@dataclass(slots=True)
class Listener:
    """A server of HTTP that counts its connections."""

    port: int = 0
    connections: int = 0
    hosts: list[str] = field(default_factory=list)
    location: str = ""
    answers: set["asyncio.Task[None]"] = field(default_factory=set)

    def accept(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.connections += 1
        self.answers.add(asyncio.create_task(self.answer(reader, writer)))

    async def answer(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        with closing(writer):
            head = (await reader.read(65_536)).decode()
            if head:
                await self.send(writer, head)

    async def send(self, writer: asyncio.StreamWriter, head: str) -> None:
        self.hosts += [line[6:] for line in head.split("\r\n") if line.startswith("Host: ")]
        start = f"302 Found\r\nLocation: {self.location}" if self.location else "200 OK"
        writer.write(f"HTTP/1.1 {start}\r\nContent-Length: 0\r\n\r\n".encode())
        await writer.drain()


@asynccontextmanager
async def listening(
    address: str = "127.0.0.1", port: int = 0, tls: ssl.SSLContext | None = None, location: str = ""
) -> AsyncIterator[Listener]:
    listener = Listener(location=location)
    server = await asyncio.start_server(listener.accept, address, port, ssl=tls)
    listener.port = server.sockets[0].getsockname()[1]
    async with server:
        yield listener
    await asyncio.gather(*listener.answers)


def client(reach: Reach, tls: ssl.SSLContext | None = None) -> httpx.AsyncClient:
    return httpx.AsyncClient(transport=CheckedTransport(reach, tls=tls), follow_redirects=True)


@pytest.mark.parametrize("host", ["127.0.0.1", "localhost", "127.1", "[::ffff:127.0.0.1]"])
async def test_a_machine_beside_us_is_not_contacted(host: str) -> None:
    async with listening() as listener, client(Reach()) as http:
        with pytest.raises(AddressRefusedError, match="KILN_ALLOWED_NETWORKS"):
            await http.get(f"http://{host}:{listener.port}/")
        with pytest.raises(AddressRefusedError, match="KILN_ALLOWED_NETWORKS"):
            await connected_socket(Reach(), host.strip("[]"), listener.port, timeout_seconds=5)
    assert listener.connections == 0


async def test_a_machine_of_an_allowed_network_is_contacted() -> None:
    async with listening() as listener, client(HERE) as http:
        assert (await http.get(f"http://127.0.0.1:{listener.port}/")).status_code == 200
        with closing(
            await connected_socket(HERE, "127.0.0.1", listener.port, timeout_seconds=5)
        ) as connected:
            assert connected.getpeername() == ("127.0.0.1", listener.port)


async def test_a_name_that_changes_its_meaning_leads_where_it_was_checked(names: Names) -> None:
    """DNS rebinding: a second question would be answered with another machine."""
    asked = names(NAME, [["127.0.0.2"], ["127.0.0.1"]])
    async with listening("127.0.0.2") as checked, listening(port=checked.port) as other:
        async with client(Reach.of(["127.0.0.2/32"])) as http:
            assert (await http.get(f"http://{NAME}:{checked.port}/")).status_code == 200
            assert (checked.hosts, other.connections) == ([f"{NAME}:{checked.port}"], 0)
            assert asked == [NAME]
            # The next connection asks again, and is judged by what it is told.
            with pytest.raises(AddressRefusedError, match="is at no public address"):
                await http.get(f"http://{NAME}:{checked.port}/")
        assert (checked.connections, other.connections) == (1, 0)


async def test_one_address_that_is_not_allowed_is_one_too_many(names: Names) -> None:
    names(NAME, [["8.8.8.8", "127.0.0.1"]])
    async with listening() as listener, client(Reach()) as http:
        with pytest.raises(AddressRefusedError, match="is at no public address"):
            await http.get(f"http://{NAME}:{listener.port}/")
    assert listener.connections == 0


async def test_a_redirection_leads_nowhere_else() -> None:
    async with (
        listening() as inside,
        listening("127.0.0.2", location=f"http://127.0.0.1:{inside.port}/latest") as outside,
        client(Reach.of(["127.0.0.2/32"])) as http,
    ):
        with pytest.raises(AddressRefusedError, match=r"127\.0\.0\.1 is no public address"):
            await http.get(f"http://127.0.0.2:{outside.port}/")
        assert (outside.connections, inside.connections) == (1, 0)


async def test_the_next_address_is_dialled_where_one_does_not_answer(names: Names) -> None:
    names(NAME, [["127.0.0.3", "127.0.0.1"]])
    async with listening() as listener, client(HERE) as http:
        assert (await http.get(f"http://{NAME}:{listener.port}/")).status_code == 200
        with closing(
            await connected_socket(HERE, NAME, listener.port, timeout_seconds=5)
        ) as connected:
            assert connected.getpeername()[0] == "127.0.0.1"


async def test_nobody_listens() -> None:
    async with listening() as listener:
        port = listener.port
    with pytest.raises(ConnectionRefusedError):
        await connected_socket(HERE, "127.0.0.1", port, timeout_seconds=5)
    async with client(HERE) as http:
        with pytest.raises(httpx.ConnectError):
            await http.get(f"http://127.0.0.1:{port}/")


async def test_who_does_not_accept_is_not_waited_for() -> None:
    with socket.create_server(("127.0.0.1", 0), backlog=0) as full:
        port = full.getsockname()[1]
        # The queue of connections nobody has accepted is full with these.
        waiting = [socket.socket() for _ in range(4)]
        for each in waiting:
            each.setblocking(False)  # noqa: FBT003 - the name of the parameter is no one's
            each.connect_ex(("127.0.0.1", port))
        with pytest.raises(TimeoutError):
            await connected_socket(HERE, "127.0.0.1", port, timeout_seconds=0.2)
        for each in waiting:
            each.close()


async def test_a_host_that_nobody_knows_is_told() -> None:
    with pytest.raises(HostUnknownError):
        await connected_socket(HERE, "no-such-host.invalid", 80, timeout_seconds=10)


async def test_a_certificate_is_that_of_the_name(names: Names) -> None:
    authority = trustme.CA()
    theirs, ours = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER), ssl.create_default_context()
    authority.issue_cert(NAME).configure_cert(theirs)
    authority.configure_trust(ours)
    names(NAME, [["127.0.0.1"]])
    async with listening(tls=theirs) as listener, client(HERE, ours) as http:
        assert (await http.get(f"https://{NAME}:{listener.port}/")).status_code == 200
        with pytest.raises(httpx.ConnectError, match="certificate verify failed"):
            await http.get(f"https://127.0.0.1:{listener.port}/")


async def test_no_proxy_is_asked(monkeypatch: pytest.MonkeyPatch) -> None:
    async with listening() as proxy, listening() as listener:
        for name in ("HTTP_PROXY", "http_proxy", "ALL_PROXY"):
            monkeypatch.setenv(name, f"http://127.0.0.1:{proxy.port}")
        async with client(HERE) as http:
            await http.get(f"http://127.0.0.1:{listener.port}/")
        assert (proxy.connections, listener.connections) == (0, 1)
