"""Files below a directory of the server, which is configured there and not by settings."""

import asyncio
import errno
import os
import secrets
import stat
from collections.abc import AsyncIterator, Iterator, Mapping
from contextlib import asynccontextmanager, contextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import BinaryIO, Final, final

from connectors.files import FileCode, FileError, Root, Site
from connectors.interface import Connector, ConnectorType, Role, RoleSpec, Target
from connectors.members import connection_settings
from forms.members import flag
from mapping_lang.diagnostics import quote

LATENCY_SECONDS: Final = 0.05
"""What `simulateHighIOLatency` adds to each access; it is for tests of people."""

_EPOCH: Final = datetime(1970, 1, 1, tzinfo=UTC)
_DIRECTORY: Final = os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW | os.O_CLOEXEC
# A pipe would otherwise be waited for until somebody writes to it.
_FILE: Final = os.O_RDONLY | os.O_NOFOLLOW | os.O_CLOEXEC | os.O_NONBLOCK
_NEW: Final = os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW | os.O_CLOEXEC
_MAX_NAME_BYTES: Final = 255
"""Of one name on the file systems of Linux."""


@final
class Filesystem:
    """A storage that never leaves its root, whatever links there are in it (FILE-2)."""

    def __init__(self, root: Root | None, *, latency_seconds: float = 0.0) -> None:
        self._root = root
        self._latency_seconds = latency_seconds

    def absolute_path(self, path: str) -> str:
        """Say where a path leads, in the words of the installation."""
        return f"{self._configured().displayed.rstrip('/')}/{'/'.join(_names(path))}"

    @asynccontextmanager
    async def open(self, path: str) -> AsyncIterator["_LocalFile"]:
        """Open a regular file."""
        shown = self.absolute_path(path)
        await asyncio.sleep(self._latency_seconds)
        try:
            with _walk(self._configured().directory, _names(path)) as (directory, name):
                descriptor = os.open(name, _FILE, dir_fd=directory)
        except OSError as error:
            raise _failed(error, shown) from None
        found = os.fstat(descriptor)
        if not stat.S_ISREG(found.st_mode):
            os.close(descriptor)
            kind = "a directory" if stat.S_ISDIR(found.st_mode) else "no regular file"
            raise FileError(FileCode.NOT_FOUND, f"{quote(shown)} is {kind}, expected a file")
        with os.fdopen(descriptor, "rb", buffering=0) as file:
            yield _LocalFile(file, found, shown, self._latency_seconds)

    async def write(self, path: str, chunks: AsyncIterator[bytes], content_type: str) -> None:
        """Make or replace a file at once, by renaming one that is complete."""
        del content_type  # files have none
        shown = self.absolute_path(path)
        try:
            with _walk(self._configured().directory, _names(path), new=True) as (directory, name):
                await _replace(directory, name, chunks)
        except OSError as error:
            raise _failed(error, shown) from None

    def _configured(self) -> Root:
        if self._root is None:
            raise FileError(
                FileCode.NOT_CONFIGURED,
                "this installation has no directory for the file system: expected the setting"
                " `filesystem_root`",
            )
        return self._root


@final
class _LocalFile:
    """An open file that has to stay as it is until it has been read."""

    def __init__(
        self, file: BinaryIO, found: os.stat_result, shown: str, latency_seconds: float
    ) -> None:
        self._file = file
        self._found = found
        self._shown = shown
        self._latency_seconds = latency_seconds
        self._position = 0
        # Not by a float, which is not exact to the microsecond.
        self.modified_at: datetime | None = _EPOCH + timedelta(
            microseconds=found.st_mtime_ns // 1000
        )
        self.size: int | None = found.st_size
        self.version = f"{found.st_ino}-{found.st_size}-{found.st_mtime_ns}"

    @property
    def local(self) -> BinaryIO | None:
        return self._file

    async def read(self, size: int, /) -> bytes:
        """Give the next bytes, or say that the file is not the one that was opened any more."""
        if self._latency_seconds:
            await asyncio.sleep(self._latency_seconds)
        try:
            chunk = self._file.read(size)
        except OSError as error:
            raise _failed(error, self._shown) from None
        self._position += len(chunk)
        if not chunk:
            await self.check()
            if self._position != self.size:
                raise self._changed()
        return chunk

    async def check(self) -> None:
        """Compare what the system says of the file with what it said when it was opened."""
        now = os.fstat(self._file.fileno())
        if (now.st_size, now.st_mtime_ns) != (self._found.st_size, self._found.st_mtime_ns):
            raise self._changed()

    def _changed(self) -> FileError:
        return FileError(
            FileCode.CHANGED,
            f"{quote(self._shown)} was changed while it was read. Write a file under another name"
            " and rename it when it is complete",
        )


def _names(path: str) -> list[str]:
    """Divide a path into names, none of which leads up."""
    names = path.removeprefix("/").split("/")
    for name in names:
        if name in ("", ".", ".."):
            found = f"the element {quote(name)}" if name else "an empty element"
            raise FileError(
                FileCode.PATH,
                f"the path {quote(path)} has {found}, expected the path of a file, such as"
                " `customers/2026.csv`",
            )
        if "\0" in name or len(os.fsencode(name)) > _MAX_NAME_BYTES:
            raise FileError(
                FileCode.PATH,
                f"the path {quote(path)} has an element of more than {_MAX_NAME_BYTES} bytes or"
                " with U+0000",
            )
    return names


@contextmanager
def _walk(root: Path, names: list[str], *, new: bool = False) -> Iterator[tuple[int, str]]:
    """Open the directory of a file, and give it with the last name.

    Links are followed first, and must lead below the root. Then every step is taken from the
    directory before it and follows none, so that a link made meanwhile leads nowhere.
    """
    top = Path(os.path.realpath(root, strict=True))
    wanted = top.joinpath(*names)
    if new:
        real = Path(os.path.realpath(wanted.parent, strict=True)) / wanted.name
    else:
        real = Path(os.path.realpath(wanted, strict=True))
    if not real.is_relative_to(top) or real == top:
        raise PermissionError(errno.EPERM, "a link leads out of the directory of the storage")
    *parents, last = real.relative_to(top).parts
    directory = os.open(top, _DIRECTORY)
    try:
        for name in parents:
            inner = os.open(name, _DIRECTORY, dir_fd=directory)
            os.close(directory)
            directory = inner
        yield directory, last
    finally:
        os.close(directory)


async def _replace(directory: int, name: str, chunks: AsyncIterator[bytes]) -> None:
    unfinished = f".{secrets.token_hex(8)}.tmp"
    descriptor = os.open(unfinished, _NEW, 0o666, dir_fd=directory)
    try:
        with os.fdopen(descriptor, "wb") as file:
            async for chunk in chunks:
                file.write(chunk)
            file.flush()
            os.fsync(descriptor)
        os.replace(unfinished, name, src_dir_fd=directory, dst_dir_fd=directory)
    except BaseException:
        os.unlink(unfinished, dir_fd=directory)
        raise
    os.fsync(directory)


def _failed(error: OSError, shown: str) -> FileError:
    reason = error.strerror or str(error)
    match error.errno:
        case errno.ENOENT | errno.ENOTDIR:
            return FileError(FileCode.NOT_FOUND, f"{quote(shown)} does not exist")
        case errno.EACCES | errno.EPERM | errno.ELOOP:
            return FileError(FileCode.NOT_PERMITTED, f"{quote(shown)} cannot be opened: {reason}")
        case _:
            return FileError(FileCode.STORAGE, f"{quote(shown)}: {reason}")


def _open(settings: Mapping[str, object], site: Site) -> Filesystem:
    slow = bool(settings.get("simulateHighIOLatency"))
    return Filesystem(site.root, latency_seconds=LATENCY_SECONDS if slow else 0.0)


_SPEC: Final = RoleSpec(
    targets=frozenset({Target.USER}), settings=connection_settings(flag("simulateHighIOLatency"))
)

FILESYSTEM: Final = Connector(
    code="filesystem",
    label="File System",
    type=ConnectorType.FILE_STORAGE,
    roles={Role.SOURCE: _SPEC, Role.DESTINATION: _SPEC},
    storage=_open,
)
