"""What lies where in the directory of an embedded server, and how its files are locked."""

import fcntl
import hashlib
import os
import stat
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO, Final

PORT: Final = 5432
"""Only part of the socket's name: nothing listens on the network."""
SOCKET_NAME: Final = f".s.PGSQL.{PORT}"
_MAX_SOCKET_BYTES: Final = 107
"""Of `sun_path`, less the zero at its end."""
_RETRY_SECONDS: Final = 0.02
_MAX_LOG_BYTES: Final = 10_000_000


class EmbeddedServerError(Exception):
    """The embedded PostgreSQL cannot be had; the message says what to do about it."""

    retryable = True


@dataclass(frozen=True, slots=True)
class Layout:
    """The files of one embedded server; `root` is absolute."""

    root: Path

    @property
    def data(self) -> Path:
        return self.root / "data"

    @property
    def new_data(self) -> Path:
        """Data that is being initialised; it is renamed when it is complete."""
        return self.root / "data.new"

    @property
    def log(self) -> Path:
        return self.root / "server.log"

    @property
    def clients_lock(self) -> Path:
        """Shared by clients; the supervisor that gets it for itself has none left."""
        return self.root / "clients.lock"

    @property
    def start_lock(self) -> Path:
        """Held by the one client that starts a server."""
        return self.root / "start.lock"

    @property
    def server_lock(self) -> Path:
        """Held by the supervisor and by every process of PostgreSQL."""
        return self.root / "server.lock"

    def create(self) -> None:
        """Create the directory, for nobody else."""
        self.root.mkdir(mode=0o700, parents=True, exist_ok=True)

    def status(self) -> tuple[int, str]:
        """Give the id and the state that PostgreSQL has written down: 0 and nothing if none has."""
        try:
            lines = (self.data / "postmaster.pid").read_text().splitlines()
            return int(lines[0]), lines[7].strip()
        except (FileNotFoundError, IndexError, ValueError):
            return 0, ""

    def open_log(self) -> BinaryIO:
        """Open the log to write at its end; one that is long makes room for another."""
        if self.log.exists() and self.log.stat().st_size > _MAX_LOG_BYTES:
            self.log.replace(self.log.with_suffix(".log.1"))
        log = self.log.open("ab")
        _give_to_owner(log.fileno(), self.log)
        return log

    def log_end(self, max_lines: int = 12) -> str:
        """Give what the server said last."""
        try:
            return "\n".join(self.log.read_text(errors="replace").splitlines()[-max_lines:])
        except OSError:
            return ""

    def socket_directory(self) -> Path:
        """Give a directory that clients can name; a link stands for one with a difficult name."""
        if _can_be_named(self.data):
            return self.data
        directory = Path(tempfile.gettempdir()) / f"kiln-{os.geteuid()}"
        directory.mkdir(mode=0o700, exist_ok=True)
        found = directory.lstat()
        if not stat.S_ISDIR(found.st_mode) or found.st_uid != os.geteuid() or found.st_mode & 0o077:
            raise EmbeddedServerError(
                f"{directory} should be a directory that only this user can enter: remove it"
            )
        link = directory / hashlib.sha256(os.fsencode(self.data)).hexdigest()[:16]
        if not _can_be_named(link):
            raise EmbeddedServerError(
                f"{link} is too long a name for a socket: choose a shorter directory in TMPDIR"
            )
        if not link.is_symlink() or link.readlink() != self.data:
            temporary = link.with_suffix(f".{os.getpid()}")
            temporary.unlink(missing_ok=True)
            temporary.symlink_to(self.data)
            temporary.replace(link)
        return link


def _can_be_named(directory: Path) -> bool:
    name = os.fsencode(directory / SOCKET_NAME)
    # A comma separates hosts in what libpq is told.
    return len(name) <= _MAX_SOCKET_BYTES and b"," not in name


def lock(path: Path, kind: int, wait_seconds: float | None = None) -> int:
    """Lock a file and give its descriptor; without a time, waits as long as it takes."""
    deadline = None if wait_seconds is None else time.monotonic() + wait_seconds
    while True:
        descriptor = os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
        try:
            _give_to_owner(descriptor, path)
            if deadline is None:
                fcntl.flock(descriptor, kind)
            else:
                _lock_until(descriptor, kind, deadline, path)
            if _is_still(descriptor, path):
                return descriptor
        except BaseException:
            os.close(descriptor)
            raise
        os.close(descriptor)


def _lock_until(descriptor: int, kind: int, deadline: float, path: Path) -> None:
    while True:
        try:
            fcntl.flock(descriptor, kind | fcntl.LOCK_NB)
        except BlockingIOError:
            if time.monotonic() >= deadline:
                raise TimeoutError(f"{path} is still locked") from None
            time.sleep(_RETRY_SECONDS)
        else:
            return


def _give_to_owner(descriptor: int, path: Path) -> None:
    """Let root leave nothing behind that the owner of the directory could not open."""
    if os.geteuid() == 0:
        owner = path.parent.stat()
        os.fchown(descriptor, owner.st_uid, owner.st_gid)


def _is_still(descriptor: int, path: Path) -> bool:
    """Tell whether the locked file is still the one of that name, and was not deleted meanwhile."""
    try:
        return os.path.samestat(os.fstat(descriptor), path.stat())
    except FileNotFoundError:
        return False


@contextmanager
def locked(path: Path) -> Iterator[None]:
    """Be the only one who is in here."""
    descriptor = lock(path, fcntl.LOCK_EX)
    try:
        yield
    finally:
        os.close(descriptor)


def is_locked(path: Path) -> bool:
    """Tell whether anybody holds a file for themselves."""
    return not _could_lock(path, fcntl.LOCK_SH)


def is_shared(path: Path) -> bool:
    """Tell whether anybody shares a lock, and nobody has it for themselves."""
    return not _could_lock(path, fcntl.LOCK_EX) and _could_lock(path, fcntl.LOCK_SH)


def _could_lock(path: Path, kind: int) -> bool:
    try:
        descriptor = os.open(path, os.O_RDONLY | os.O_CLOEXEC)
    except FileNotFoundError:
        return True
    try:
        fcntl.flock(descriptor, kind | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    finally:
        os.close(descriptor)
    return True
