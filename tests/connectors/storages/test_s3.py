"""S3: FILE-4, and what is said of errors."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import pytest

from connectors.files import FileCode, FileError, Patience, Site
from connectors.storages.s3 import S3
from connectors.storages.s3_objects import Bucket
from forms.addresses import Reach
from tests.connectors.storages.places import LOCAL, PLACES, S3_KEYS

SETTINGS = {**S3_KEYS, "bucket": "kiln-bucket"}


async def _refused(storage: Bucket, path: str = "a.csv") -> FileError:
    with pytest.raises(FileError) as error:
        await _drain(storage, path)
    return error.value


async def _drain(storage: Bucket, path: str) -> None:
    async with storage.open(path) as file:
        while await file.read(50_000):
            pass


@asynccontextmanager
async def _served(
    answer: bytes, *, hang: bool = False, reach: Reach = LOCAL
) -> AsyncIterator[Bucket]:
    async def handle(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.readuntil(b"\r\n\r\n")
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

    server = await asyncio.start_server(handle, "127.0.0.1", 0)
    port = server.sockets[0].getsockname()[1]
    try:
        site = Site(
            s3_endpoint=f"http://127.0.0.1:{port}",
            reach=reach,
            patience=Patience(read_seconds=0.3) if hang else Patience(),
        )
        yield Bucket(SETTINGS, site)
    finally:
        server.close()


def _error(status: str, code: str) -> bytes:
    body = (
        f"<?xml version='1.0'?><Error><Code>{code}</Code><Message>m</Message>"
        "<StringToSign>what nobody may see</StringToSign></Error>"
    ).encode()
    return f"HTTP/1.1 {status}\r\nContent-Length: {len(body)}\r\n\r\n".encode() + body


@pytest.mark.parametrize(
    ("answer", "code", "message"),
    [
        (
            _error("403 Forbidden", "SignatureDoesNotMatch"),
            FileCode.NOT_PERMITTED,
            "the keys of the connection are not those of an account (SignatureDoesNotMatch)",
        ),
        (
            _error("403 Forbidden", "InvalidAccessKeyId"),
            FileCode.NOT_PERMITTED,
            "the keys of the connection are not those of an account (InvalidAccessKeyId)",
        ),
        (
            _error("403 Forbidden", "AccessDenied"),
            FileCode.NOT_PERMITTED,
            "the keys of the connection do not permit it (AccessDenied)",
        ),
        (
            _error("400 Bad Request", "AuthorizationHeaderMalformed"),
            FileCode.STORAGE,
            "the storage answered AuthorizationHeaderMalformed",
        ),
        (b"HTTP/1.1 500 X\r\nContent-Length: 0\r\n\r\n", FileCode.STORAGE, "answered 500"),
        (b"nonsense\r\n\r\n", FileCode.STORAGE, "the connection to the storage broke off"),
    ],
)
async def test_an_error_is_told_in_our_words(answer: bytes, code: FileCode, message: str) -> None:
    async with _served(answer) as storage:
        error = await _refused(storage)

    assert error.code is code
    assert message in error.message
    assert "nobody may see" not in error.message
    assert S3_KEYS["secretAccessKey"] not in error.message


async def test_a_bucket_that_is_not_there_is_named(tmp_path: Path) -> None:
    async with PLACES["s3"](S3, tmp_path) as place:
        error = await _refused(Bucket({**SETTINGS, "bucket": "kiln-no-such"}, place.site))

    assert error.code is FileCode.NOT_FOUND
    assert error.message == (
        "«s3://kiln-no-such/a.csv»: there is no such bucket, at least not in this region"
    )


@pytest.mark.parametrize("path", ["", "/", "x" * 1_025, "é" * 513, "a//b", "a/../b", "./a", "a/"])
def test_a_key_is_one_that_can_be_asked_for(path: str) -> None:
    with pytest.raises(FileError) as refused:
        Bucket(SETTINGS, Site()).absolute_path(path)

    assert refused.value.code is FileCode.PATH


async def test_a_server_that_never_answers_is_given_up() -> None:
    async with _served(b"HTTP/1.1 200", hang=True) as storage:
        error = await _refused(storage)

    assert (error.code, error.retryable) == (FileCode.TIMEOUT, True)


async def test_a_server_that_stalls_in_the_body_is_given_up() -> None:
    head = (
        b'HTTP/1.1 200 OK\r\nContent-Length: 9\r\nETag: "x"\r\n'
        b"Last-Modified: Wed, 01 May 2024 10:00:00 GMT\r\n\r\nabc"
    )
    async with _served(head, hang=True) as storage, storage.open("a.csv") as file:
        assert await file.read(50_000) == b"abc"
        with pytest.raises(FileError, match="did not send more of the file within") as refused:
            await file.read(50_000)

    assert (refused.value.code, refused.value.retryable) == (FileCode.TIMEOUT, True)


async def test_a_service_of_the_operator_is_asked_only_where_it_may_be_reached() -> None:
    async with _served(b"nothing that is asked for", reach=Reach()) as storage:
        error = await _refused(storage)

    assert error.code is FileCode.NOT_PERMITTED
    assert error.message == (
        "«s3://kiln-bucket/a.csv»: 127.0.0.1 is no public address; what else may be reached is"
        " listed in KILN_ALLOWED_NETWORKS"
    )
