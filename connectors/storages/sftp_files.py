"""Files of a server that is reached by SFTP."""

import asyncio
import os
import posixpath
import secrets
from collections.abc import AsyncIterator, Iterator, Mapping
from contextlib import AsyncExitStack, asynccontextmanager, contextmanager, suppress
from datetime import UTC, datetime
from typing import Any, BinaryIO, Final, final

from connectors.files import FileCode, FileError, Patience, Site
from connectors.storages.waiting import again, too_late, watched, within
from forms.addresses import AddressRefusedError, HostUnknownError, Reach
from mapping_lang.diagnostics import quote

KEEPALIVE_SECONDS: Final = 15
"""Between questions to a server that is not read from for a while."""

CLOSE_SECONDS: Final = 1.0
"""For a server to close what will not be used any more."""


@final
class SftpServer:
    """A server, as one user sees it (FILE-5)."""

    def __init__(self, settings: Mapping[str, object], site: Site) -> None:
        self._host = str(settings["host"])
        port = settings["port"]
        self._port = port if isinstance(port, int) else 22
        self._username = str(settings["username"])
        self._password = str(settings["password"])
        self._host_key = str(settings.get("hostPublicKey") or "")
        self._temp_path = str(settings.get("tempPath") or "")
        self._reach: Reach = site.reach
        self._patience = site.patience

    def absolute_path(self, path: str) -> str:
        """Give the address of a file."""
        return f"{self._address()}{_absolute(path)}"

    async def test(self) -> None:
        """Connect and sign in, and do nothing else; raises `FileError` (CONN-13)."""
        async with self._connected(self._address()):
            pass

    @asynccontextmanager
    async def open(self, path: str) -> AsyncIterator["_RemoteFile"]:
        """Open a file; the connection lasts as long as it is open."""
        shown = self.absolute_path(path)
        seconds = self._patience.read_seconds
        async with AsyncExitStack() as stack:
            client = await again(
                lambda: stack.enter_async_context(self._connected(shown)), self._patience
            )
            with _errors(shown, seconds):
                opening = client.open(_absolute(path), "rb")
                file = await within(seconds, opening, shown, "open the file")
                stack.push_async_callback(_closed, file)
                found = await within(seconds, file.stat(), shown, "describe the file")
            if found.permissions is not None and found.type != 1:
                raise FileError(FileCode.NOT_FOUND, f"{quote(shown)} is no file")
            yield _RemoteFile(file, found, shown, self._patience)

    async def write(self, path: str, chunks: AsyncIterator[bytes], content_type: str) -> None:
        """Make or replace a file: in place, or at once if there is a folder for unfinished ones."""
        del content_type  # files have none
        shown, target = self.absolute_path(path), _absolute(path)
        unfinished = target
        if self._temp_path:
            folder = posixpath.join("/", self._temp_path)
            unfinished = posixpath.join(folder, f"{secrets.token_hex(8)}.tmp")
        async with self._connected(shown) as client:

            async def put(given: AsyncIterator[bytes]) -> None:
                async with client.open(unfinished, "wb") as file:
                    async for chunk in given:
                        await file.write(chunk)

            with _errors(shown, self._patience.write_seconds):
                try:
                    await watched(put, chunks, shown, self._patience)
                    if unfinished != target:
                        renaming = client.posix_rename(unfinished, target)
                        seconds = self._patience.read_seconds
                        await within(seconds, renaming, shown, "rename the file")
                except BaseException:
                    if unfinished != target:
                        seconds = self._patience.connect_seconds
                        with suppress(FileError, OSError, _sftp_error()):
                            await within(seconds, client.remove(unfinished), shown, "")
                    raise

    def _address(self) -> str:
        port = "" if self._port == 22 else f":{self._port}"
        return f"sftp://{self._host}{port}"

    @asynccontextmanager
    async def _connected(self, shown: str) -> AsyncIterator[Any]:
        # Loading it takes a third of a second, and few connections need it.
        import asyncssh

        from connectors.addresses import connected_socket

        trusted: Any = None
        if self._host_key:
            trusted = ([asyncssh.import_public_key(self._host_key)], [], [])
        seconds = self._patience.connect_seconds
        async with AsyncExitStack() as stack:
            with _errors(shown, seconds):
                dialled = await connected_socket(
                    self._reach, self._host, self._port, timeout_seconds=seconds
                )
                connecting = asyncssh.connect(
                    sock=dialled,
                    username=self._username,
                    password=self._password,
                    known_hosts=trusted,
                    # Nothing of the user and the machine that we run as.
                    config=None,
                    client_keys=None,
                    agent_path=None,
                    preferred_auth=("password", "keyboard-interactive"),
                    keepalive_interval=KEEPALIVE_SECONDS,
                )
                try:
                    connection = await within(seconds, connecting, shown, "let us in")
                except BaseException:
                    dialled.close()
                    raise
                stack.push_async_callback(_hung_up, connection)
                starting = connection.start_sftp_client()
                client = await within(seconds, starting, shown, "start SFTP")
            yield client


@final
class _RemoteFile:
    """A file that is open on the server."""

    local: BinaryIO | None = None

    def __init__(self, file: Any, found: Any, shown: str, patience: Patience) -> None:  # noqa: ANN401
        self._file = file
        self._shown = shown
        self._seconds = patience.read_seconds
        self._position = 0
        self._found = found
        self.size: int | None = found.size
        self.modified_at: datetime | None = None
        if found.mtime is not None:
            self.modified_at = datetime.fromtimestamp(found.mtime, UTC)
        self.version = f"{found.size}-{found.mtime}"

    async def read(self, size: int, /) -> bytes:
        """Give the next bytes, several requests of which are on their way at once."""
        with _errors(self._shown, self._seconds):
            reading = self._file.read(size)
            chunk = bytes(
                await within(self._seconds, reading, self._shown, "send more of the file")
            )
        self._position += len(chunk)
        if not chunk and self.size is not None:
            await self.check()
            if self._position != self.size:
                raise self._changed()
        return chunk

    async def check(self) -> None:
        """Compare what the server says of the file with what it said when it was opened."""
        with _errors(self._shown, self._seconds):
            asking = self._file.stat()
            now = await within(self._seconds, asking, self._shown, "describe the file")
        if (now.size, now.mtime) != (self._found.size, self._found.mtime):
            raise self._changed()

    def _changed(self) -> FileError:
        return FileError(
            FileCode.CHANGED,
            f"{quote(self._shown)} was changed while it was read. Write a file under another name"
            " and rename it when it is complete",
        )


async def _closed(file: Any) -> None:  # noqa: ANN401
    # A server that has stalled does not answer to this either.
    with suppress(OSError, TimeoutError, _sftp_error()):
        async with asyncio.timeout(CLOSE_SECONDS):
            await file.close()


async def _hung_up(connection: Any) -> None:  # noqa: ANN401
    connection.abort()
    with suppress(TimeoutError):
        async with asyncio.timeout(CLOSE_SECONDS):
            await connection.wait_closed()


def _absolute(path: str) -> str:
    """Give a path from the root of the server on."""
    if not path.strip("/") or path.endswith("/") or "\0" in path:
        raise FileError(
            FileCode.PATH, f"the path {quote(path)} names no file, expected one such as `/a/b.csv`"
        )
    return posixpath.join("/", path)


def _sftp_error() -> type[Exception]:
    import asyncssh

    error: type[Exception] = asyncssh.SFTPError
    return error


@contextmanager
def _errors(shown: str, seconds: float) -> Iterator[None]:
    """Say in our words what went wrong."""
    import asyncssh

    try:
        yield
    except AddressRefusedError as error:
        raise FileError(FileCode.NOT_PERMITTED, f"{quote(shown)}: {error}") from None
    except HostUnknownError as error:
        raise FileError(FileCode.UNREACHABLE, f"{quote(shown)}: {error}") from None
    except TimeoutError:
        raise too_late(shown, seconds, "answer") from None
    except (asyncssh.SFTPNoSuchFile, asyncssh.SFTPNoSuchPath):
        raise FileError(FileCode.NOT_FOUND, f"{quote(shown)} does not exist") from None
    except asyncssh.SFTPPermissionDenied:
        raise FileError(
            FileCode.NOT_PERMITTED, f"{quote(shown)} cannot be opened: the user may not"
        ) from None
    except asyncssh.PermissionDenied:
        raise FileError(
            FileCode.NOT_PERMITTED,
            f"{quote(shown)}: the server does not accept the user name and the password",
        ) from None
    except asyncssh.HostKeyNotVerifiable:
        raise FileError(
            FileCode.UNTRUSTED,
            f"{quote(shown)}: the server has another public key than the connection says in"
            " `hostPublicKey`",
        ) from None
    except asyncssh.SFTPError as error:
        reason = quote(error.reason)
        raise FileError(FileCode.STORAGE, f"{quote(shown)}: the server answered {reason}") from None
    except ConnectionError as error:
        # The text of the error names the address, which may be one inside a network.
        reason = os.strerror(error.errno) if error.errno else type(error).__name__
        raise FileError(
            FileCode.UNREACHABLE, f"{quote(shown)}: the server cannot be reached: {reason}"
        ) from None
    except (asyncssh.Error, OSError) as error:
        raise FileError(
            FileCode.STORAGE,
            f"{quote(shown)}: the connection to the server broke off ({type(error).__name__})",
        ) from None
