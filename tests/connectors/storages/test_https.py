"""Web servers: FILE-3."""

import asyncio
import ssl
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import replace
from datetime import UTC, datetime

import pytest

from connectors.files import FileCode, FileError, Patience, Site, StoredFile
from connectors.storages.https import WebServer
from tests.connectors.storages.places import AUTHORITY, LOCAL, trusting


@asynccontextmanager
async def served(answer: bytes, *, hang: bool = False) -> AsyncIterator[tuple[int, list[bytes]]]:
    """Answer every request with the same bytes; gives the port and what was asked."""
    asked: list[bytes] = []

    async def handle(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        asked.append(await reader.readuntil(b"\r\n\r\n"))
        try:
            writer.write(answer)
            await writer.drain()
            if hang:
                await reader.read()
        except asyncio.CancelledError:
            # The test is over, and soon the loop is, too.
            writer.transport.abort()
            raise
        writer.close()

    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    AUTHORITY.issue_cert("127.0.0.1", "localhost").configure_cert(context)
    server = await asyncio.start_server(handle, "127.0.0.1", 0, ssl=context)
    try:
        yield server.sockets[0].getsockname()[1], asked
    finally:
        server.close()


HURRIED = Patience(pauses=(0.0,))


def _storage(
    port: int,
    *headers: tuple[str, str],
    host: str = "127.0.0.1",
    patience: Patience = HURRIED,
) -> WebServer:
    listed = [{"key": key, "value": value} for key, value in headers]
    settings = {"host": host, "port": port, "headers": listed}
    return WebServer(settings, Site(reach=LOCAL, tls=trusting(), patience=patience))


async def _read(storage: WebServer, path: str = "a.csv") -> bytes:
    async with storage.open(path) as file:
        parts = []
        while part := await file.read(50_000):
            parts.append(part)
        return b"".join(parts)


async def _drain(file: StoredFile) -> None:
    while await file.read(50_000):
        pass


async def _refused(storage: WebServer, path: str = "a.csv") -> FileError:
    with pytest.raises(FileError) as error:
        await _read(storage, path)
    return error.value


def _ok(content: bytes = b"x", /, **headers: str) -> bytes:
    lines = [f"{name.replace('_', '-')}: {value}" for name, value in headers.items()]
    head = "\r\n".join(["HTTP/1.1 200 OK", f"Content-Length: {len(content)}", *lines])
    return head.encode() + b"\r\n\r\n" + content


async def test_what_is_asked_is_the_path_with_the_headers_of_the_connection() -> None:
    async with served(_ok(b"content")) as (port, asked):
        storage = _storage(port, ("Authorization", "Bearer t"), ("X-Name", "v"), ("Host", "evil"))

        assert await _read(storage, "/a b/é.csv?x=1&y=%20z") == b"content"

    request = asked[0].decode().split("\r\n")
    assert request[0] == "GET /a%20b/%C3%A9.csv?x=1&y=%20z HTTP/1.1"
    sent = {
        name.lower(): value for name, _, value in (line.partition(": ") for line in request[1:])
    }
    assert sent["host"] == f"127.0.0.1:{port}"
    assert sent["authorization"] == "Bearer t"
    assert sent["x-name"] == "v"
    assert sent["accept-encoding"] == "identity"


async def test_a_host_is_reached_by_its_name_with_a_certificate_of_that_name() -> None:
    async with served(_ok(b"content")) as (port, asked):
        assert await _read(_storage(port, host="localhost")) == b"content"

    assert f"localhost:{port}".encode() in asked[0]


@pytest.mark.parametrize(
    ("path", "expected"),
    [
        ("a.csv", "https://example.com/a.csv"),
        ("/a.csv", "https://example.com/a.csv"),
        ("//evil.com/a.csv", "https://example.com/evil.com/a.csv"),
    ],
)
def test_a_path_stays_on_its_host(path: str, expected: str) -> None:
    assert _storage(443, host="example.com").absolute_path(path) == expected


def test_a_port_is_shown_unless_it_is_that_of_https() -> None:
    assert _storage(8443, host="::1").absolute_path("a") == "https://[::1]:8443/a"


@pytest.mark.parametrize("path", ["a#b", "a\nb", "a\\b"])
def test_a_path_has_nothing_that_a_url_has_not(path: str) -> None:
    with pytest.raises(FileError) as refused:
        _storage(443).absolute_path(path)

    assert refused.value.code is FileCode.PATH


async def test_the_time_of_a_file_is_when_it_was_last_modified() -> None:
    moment = "Wed, 01 May 2024 10:00:00 GMT"
    async with (
        served(_ok(Last_Modified=moment, ETag='"v1"')) as (port, _),
        _storage(port).open("a.csv") as file,
    ):
        found = (file.modified_at, file.version, file.size)

    assert found == (datetime(2024, 5, 1, 10, tzinfo=UTC), '"v1"', 1)


@pytest.mark.parametrize(
    "headers",
    [
        {},
        {"Last_Modified": "yesterday"},
        # Moments that no calendar has, by their zone and by their seconds.
        {"Last_Modified": "Fri, 31 Dec 9999 23:59:59 -2300"},
        {"Last_Modified": f"Mon, 01 Jan 2024 00:00:{'9' * 30} GMT"},
    ],
)
async def test_a_server_need_not_tell_the_time(headers: dict[str, str]) -> None:
    async with served(_ok(b"x", **headers)) as (port, _), _storage(port).open("a.csv") as file:
        assert file.modified_at is None


@pytest.mark.parametrize(
    ("status", "code", "retryable"),
    [
        (404, FileCode.NOT_FOUND, False),
        (410, FileCode.NOT_FOUND, False),
        (401, FileCode.NOT_PERMITTED, False),
        (403, FileCode.NOT_PERMITTED, False),
        (204, FileCode.REFUSED, False),
        (302, FileCode.REFUSED, False),
        (400, FileCode.REFUSED, False),
        (429, FileCode.STORAGE, True),
        (500, FileCode.STORAGE, True),
        (503, FileCode.STORAGE, True),
    ],
)
async def test_any_other_status_than_200_is_an_error(
    status: int,
    code: FileCode,
    retryable: bool,  # noqa: FBT001 - a table
) -> None:
    answer = f"HTTP/1.1 {status} X\r\nContent-Length: 0\r\nLocation: /b.csv\r\n\r\n".encode()
    async with served(answer) as (port, asked):
        error = await _refused(_storage(port))

    assert (error.code, error.retryable) == (code, retryable)
    assert f"the server answered {status}, expected 200" in error.message
    # What may help a moment later is tried again, and nothing is redirected.
    assert len(asked) == (2 if retryable else 1)


async def test_a_certificate_of_somebody_else_is_not_trusted() -> None:
    async with served(_ok()) as (port, _):
        stranger = WebServer({"host": "127.0.0.1", "port": port, "headers": []}, Site(reach=LOCAL))
        error = await _refused(stranger)

    assert (error.code, error.retryable) == (FileCode.UNTRUSTED, False)


async def test_a_body_that_breaks_off_is_noticed() -> None:
    async with served(b"HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\nshort") as (port, _):
        error = await _refused(_storage(port))

    assert (error.code, error.retryable) == (FileCode.STORAGE, True)
    assert "broke off" in error.message


async def test_a_server_that_stalls_in_the_body_is_given_up() -> None:
    answer = b"HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\nshort"
    patience = replace(HURRIED, read_seconds=0.3)
    async with (
        served(answer, hang=True) as (port, _),
        _storage(port, patience=patience).open("a.csv") as file,
    ):
        with pytest.raises(FileError, match="did not send more of the file within") as refused:
            await _drain(file)

    assert (refused.value.code, refused.value.retryable) == (FileCode.TIMEOUT, True)


async def test_a_server_that_never_answers_is_given_up() -> None:
    async with served(b"HTTP/1.1 200", hang=True) as (port, _):
        error = await _refused(_storage(port, patience=replace(HURRIED, connect_seconds=0.3)))

    assert (error.code, error.retryable) == (FileCode.TIMEOUT, True)


async def test_an_encoding_that_nobody_asked_for_is_refused() -> None:
    async with served(_ok(Content_Encoding="gzip")) as (port, _):
        error = await _refused(_storage(port))

    assert error.code is FileCode.REFUSED
    assert "the server sent the file encoded as «gzip»" in error.message


async def _endless() -> AsyncIterator[bytes]:
    while True:
        yield bytes(2**20)


async def test_a_server_that_takes_no_more_ends_the_writing() -> None:
    """FILE-7."""
    blocked = asyncio.Event()

    async def handle(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.readuntil(b"\r\n\r\n")
        await blocked.wait()
        writer.close()

    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    AUTHORITY.issue_cert("127.0.0.1").configure_cert(context)
    server = await asyncio.start_server(handle, "127.0.0.1", 0, ssl=context, limit=2**16)
    try:
        port = server.sockets[0].getsockname()[1]
        impatient = _storage(port, patience=replace(HURRIED, write_seconds=0.3))
        with pytest.raises(FileError, match="did not take any more of the file") as refused:
            await impatient.write("a.csv", _endless(), "text/csv")
    finally:
        blocked.set()
        server.close()

    assert refused.value.code is FileCode.TIMEOUT


async def _one() -> AsyncIterator[bytes]:
    yield b"content"


async def test_a_file_is_sent_with_its_type() -> None:
    async with served(b"HTTP/1.1 201 Created\r\nContent-Length: 0\r\n\r\n") as (port, asked):
        await _storage(port, ("X-Name", "v")).write("/a.csv", _one(), "text/csv")

    assert asked[0].startswith(b"POST /a.csv HTTP/1.1\r\n")
    assert b"Content-Type: text/csv\r\n" in asked[0]
    assert b"X-Name: v\r\n" in asked[0]


async def test_a_server_that_does_not_take_a_file_is_an_error() -> None:
    async with served(b"HTTP/1.1 409 Conflict\r\nContent-Length: 0\r\n\r\n") as (port, _):
        with pytest.raises(FileError, match="answered 409, expected 200 or 201") as refused:
            await _storage(port).write("a.csv", _one(), "text/csv")

    assert refused.value.code is FileCode.REFUSED
