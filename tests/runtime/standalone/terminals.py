"""A pseudo-terminal of some width, and a command that runs on it."""

import fcntl
import os
import pty
import re
import select
import struct
import subprocess
import termios
import time
from pathlib import Path
from types import TracebackType
from typing import Self

ROOT = Path(__file__).resolve().parents[3]
COMMAND = str(ROOT / "bin" / "kiln-runtime")

_COLOUR = re.compile(r"\x1b\[[0-9;]*m")
_REWRITTEN = re.compile(r"[^\n]*\r\x1b\[2K")


class Terminal:
    """One command on a terminal; what it wrote is read with deadlines, never with sleeps."""

    def __init__(self, *arguments: str, columns: int = 80, folder: Path | None = None) -> None:
        self._outside, inside = pty.openpty()
        fcntl.ioctl(inside, termios.TIOCSWINSZ, struct.pack("HHHH", 40, columns, 0, 0))
        self.process = subprocess.Popen(
            [COMMAND, *arguments],
            stdin=inside,
            stdout=inside,
            stderr=inside,
            cwd=folder or ROOT,
            env={**os.environ, "TERM": "xterm", "NO_COLOR": "", "COLUMNS": ""},  # noqa: TID251 - that of a person
            start_new_session=True,
            preexec_fn=lambda: fcntl.ioctl(0, termios.TIOCSCTTY, 0),
        )
        os.close(inside)
        self.written = ""

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.process.kill()
        self.process.wait()
        os.close(self._outside)

    def read_until(self, text: str, seconds: float = 60.0) -> str:
        """Give what was written since the last time, up to a text."""
        deadline = time.monotonic() + seconds
        start = len(self.written)
        while text not in self.written[start:]:
            assert self._read(deadline), f"it ended without {text!r}: {self.written[start:]}"
        return plain(self.written[start:])

    def read_all(self, seconds: float = 60.0) -> tuple[str, int]:
        """Give what was written since the last time, to its end, and the exit status."""
        deadline = time.monotonic() + seconds
        start = len(self.written)
        while self._read(deadline):
            pass
        return plain(self.written[start:]), self.process.wait(10)

    def interrupt(self) -> None:
        """Press Ctrl-C."""
        os.write(self._outside, b"\x03")

    def _read(self, deadline: float) -> bool:
        left = deadline - time.monotonic()
        ready, _, _ = select.select([self._outside], [], [], max(0.0, left))
        assert ready, f"it did not happen in time: {self.written}"
        try:
            chunk = os.read(self._outside, 65_536)
        except OSError:  # the other side is closed
            return False
        self.written += chunk.decode()
        return bool(chunk)


def plain(text: str) -> str:
    """What stays on the screen, without colours."""
    return _COLOUR.sub("", _REWRITTEN.sub("", text.replace("\r\n", "\n")))


def descendants(pid: int) -> set[int]:
    """The processes that a process started, and theirs."""
    parents: dict[int, int] = {}
    for folder in Path("/proc").iterdir():
        if folder.name.isdigit():
            try:
                after_name = (folder / "stat").read_text().rpartition(")")[2].split()
            except OSError:
                continue
            parents[int(folder.name)] = int(after_name[1])
    found = {pid}
    while more := {child for child, parent in parents.items() if parent in found} - found:
        found |= more
    return found - {pid}


def is_gone(pid: int) -> bool:
    """Whether a process has ended; one that nobody waited for has."""
    try:
        state = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0]
    except OSError:
        return True
    return state == "Z"
