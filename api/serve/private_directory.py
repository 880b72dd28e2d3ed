"""Directories for sockets: short names that only this user can enter, swept once nobody uses them.

A process that is killed removes nothing. Each directory has a file that its owner holds a lock on,
which ends with the owner however that ends; whoever starts next removes what has no owner.
"""

import fcntl
import os
import stat
import tempfile
from contextlib import suppress
from pathlib import Path
from typing import Final, final

PREFIX: Final = "kiln-serve-"
_OWNER: Final = "owner"
_UNOWNED: Final = "owner.new"
_FLAGS: Final = os.O_RDWR | os.O_NOFOLLOW | os.O_CLOEXEC


@final
class PrivateDirectory:
    """A directory that is there until it is removed, or until its process has ended."""

    def __init__(self, parent: Path | None = None) -> None:
        self.path = Path(tempfile.mkdtemp(prefix=PREFIX, dir=parent))
        # Locked before it has its name: nobody finds it without its owner.
        self._lock = os.open(self.path / _UNOWNED, _FLAGS | os.O_CREAT | os.O_EXCL, 0o600)
        fcntl.flock(self._lock, fcntl.LOCK_EX)
        (self.path / _UNOWNED).rename(self.path / _OWNER)

    def remove(self) -> None:
        """Remove the directory with the sockets in it."""
        try:
            _remove(self.path)
        finally:
            os.close(self._lock)


def sweep(parent: Path | None = None) -> int:
    """Remove the directories whose owners have ended; gives how many there were."""
    found = Path(tempfile.gettempdir()) if parent is None else parent
    return sum(_swept(path) for path in found.glob(f"{PREFIX}*"))


def _swept(path: Path) -> bool:
    """Remove a directory of ours, unless somebody uses it or it is not what it should be."""
    try:
        about = path.lstat()
        if not stat.S_ISDIR(about.st_mode) or about.st_uid != os.geteuid():
            return False
        lock = os.open(path / _OWNER, _FLAGS)
    except OSError:
        return False
    try:
        fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        return _remove(path)
    except OSError:
        return False
    finally:
        os.close(lock)


def _remove(path: Path) -> bool:
    """Remove a directory in which there is nothing but sockets and the file of its owner."""
    entries = list(path.iterdir())
    if any(each.name != _OWNER and not each.is_socket() for each in entries):
        return False
    # The file that says whose it is goes last.
    for each in sorted(entries, key=lambda each: each.name == _OWNER):
        each.unlink(missing_ok=True)
    with suppress(FileNotFoundError):
        path.rmdir()
    return True
