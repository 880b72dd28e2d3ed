"""SFTP: FILE-5, and servers that are slow, strange or not the right ones."""

import asyncio
from collections.abc import AsyncIterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import asyncssh
import pytest

from connectors.files import FileCode, FileError, Patience, Site, StoredFile
from connectors.storages.sftp_files import SftpServer
from tests.connectors.storages.places import LOCAL, PASSWORD, USERNAME, ssh_server

ANOTHER: dict[str, Any] = {"password": "another"}
HURRIED = Patience(pauses=(0.0,))


def _storage(port: int, patience: Patience = HURRIED, **settings: object) -> SftpServer:
    given = {"host": "127.0.0.1", "port": port, "username": USERNAME, "password": PASSWORD}
    return SftpServer({**given, **settings}, Site(reach=LOCAL, patience=patience))


async def _read(storage: SftpServer, path: str) -> bytes:
    async with storage.open(path) as file:
        parts = []
        while part := await file.read(50_000):
            parts.append(part)
        return b"".join(parts)


async def _drain(file: StoredFile) -> None:
    while await file.read(50_000):
        pass


async def _refused(storage: SftpServer, path: str = "a.csv") -> FileError:
    with pytest.raises(FileError) as error:
        await _read(storage, path)
    return error.value


async def test_a_wrong_password_is_not_permitted(tmp_path: Path) -> None:
    async with ssh_server(tmp_path) as (port, _):
        error = await _refused(_storage(port, **ANOTHER))

    assert (error.code, error.retryable) == (FileCode.NOT_PERMITTED, False)
    assert error.message == (
        f"«sftp://127.0.0.1:{port}/a.csv»: the server does not accept the user name and the"
        " password"
    )


async def test_a_server_with_another_key_is_not_trusted(tmp_path: Path) -> None:
    other = asyncssh.generate_private_key("ssh-ed25519").export_public_key().decode()
    async with ssh_server(tmp_path) as (port, key):
        (tmp_path / "a.csv").write_bytes(b"x")
        error = await _refused(_storage(port, hostPublicKey=other))

        assert (error.code, error.retryable) == (FileCode.UNTRUSTED, False)
        assert await _read(_storage(port, hostPublicKey=key), "a.csv") == b"x"
        assert await _read(_storage(port, hostPublicKey=""), "a.csv") == b"x"


async def test_settings_are_tried_by_signing_in(tmp_path: Path) -> None:
    """CONN-13."""
    async with ssh_server(tmp_path) as (port, _):
        await _storage(port).test()
        with pytest.raises(FileError) as refused:
            await _storage(port, **ANOTHER).test()

    assert refused.value.message == (
        f"«sftp://127.0.0.1:{port}»: the server does not accept the user name and the password"
    )


class _Stalling(asyncssh.SFTPServer):
    """Answers to the first reads, and then to none; it has no real files."""

    def open(self, path: bytes, pflags: int, attrs: asyncssh.SFTPAttrs) -> object:
        return object()

    def fstat(self, file_obj: object) -> asyncssh.SFTPAttrs:
        return asyncssh.SFTPAttrs(type=1, size=200_000, mtime=1_700_000_000, permissions=0o100600)

    def close(self, file_obj: object) -> None:
        del file_obj  # it was never open

    def read(self, file_obj: object, offset: int, size: int) -> "bytes | asyncio.Future[bytes]":
        if offset >= 50_000:
            return asyncio.get_running_loop().create_future()
        return bytes(size)


async def test_a_server_that_stalls_ends_with_a_clear_error(tmp_path: Path) -> None:
    patience = replace(HURRIED, read_seconds=0.3)
    async with (
        ssh_server(tmp_path, _Stalling) as (port, _),
        _storage(port, patience).open("a.csv") as file,
    ):
        with pytest.raises(FileError, match="did not send more of the file within") as refused:
            await _drain(file)

    assert (refused.value.code, refused.value.retryable) == (FileCode.TIMEOUT, True)


async def _silent(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    await reader.read()
    writer.close()


async def test_a_server_that_never_speaks_is_given_up() -> None:
    server = await asyncio.start_server(_silent, "127.0.0.1", 0)
    async with server:
        port = server.sockets[0].getsockname()[1]
        error = await _refused(_storage(port, replace(HURRIED, connect_seconds=0.3)))

    assert (error.code, error.retryable) == (FileCode.TIMEOUT, True)


async def _not_ssh(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    writer.write(b"HTTP/1.1 400 Bad Request\r\n\r\n")
    await writer.drain()
    writer.close()


async def test_a_server_of_another_kind_is_a_clear_error() -> None:
    server = await asyncio.start_server(_not_ssh, "127.0.0.1", 0)
    async with server:
        error = await _refused(_storage(server.sockets[0].getsockname()[1]))

    assert error.code in (FileCode.STORAGE, FileCode.UNREACHABLE)
    assert "the server" in error.message


async def test_what_is_no_file_is_not_read(tmp_path: Path) -> None:
    (tmp_path / "folder").mkdir()
    async with ssh_server(tmp_path) as (port, _):
        error = await _refused(_storage(port), "folder")

    assert error.code in (FileCode.NOT_FOUND, FileCode.STORAGE)


@pytest.mark.parametrize("path", ["", "/", "folder/", "a\0b"])
async def test_a_path_names_a_file(path: str) -> None:
    with pytest.raises(FileError, match="names no file") as refused:
        _storage(22).absolute_path(path)

    assert refused.value.code is FileCode.PATH


async def test_a_file_that_changes_while_it_is_read_is_noticed(tmp_path: Path) -> None:
    (tmp_path / "a.csv").write_bytes(bytes(200_000))
    async with ssh_server(tmp_path) as (port, _), _storage(port).open("a.csv") as file:
        await file.read(1_000)
        (tmp_path / "a.csv").write_bytes(bytes(500))
        with pytest.raises(FileError, match="was changed while it was read") as refused:
            await _drain(file)

    assert refused.value.code is FileCode.CHANGED


async def test_a_file_is_written_in_its_folder_for_unfinished_ones(tmp_path: Path) -> None:
    (tmp_path / "unfinished").mkdir()

    async def chunks() -> AsyncIterator[bytes]:
        yield b"first "
        assert [path.suffix for path in (tmp_path / "unfinished").iterdir()] == [".tmp"]
        assert not (tmp_path / "a.csv").exists()
        yield b"second"

    async with ssh_server(tmp_path) as (port, _):
        await _storage(port, tempPath="unfinished").write("a.csv", chunks(), "text/csv")

    assert (tmp_path / "a.csv").read_bytes() == b"first second"
    assert list((tmp_path / "unfinished").iterdir()) == []
