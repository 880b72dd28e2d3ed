"""`kiln serve` as a person starts it, and what it leaves behind."""

import ctypes
import os
import re
import signal
import subprocess
import sys
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Final

import httpx

from tests.architecture.tree import ROOT

START_SECONDS: Final = 90.0
END_SECONDS: Final = 60.0
_PR_SET_CHILD_SUBREAPER: Final = 36


class Kiln:
    """A process that serves, and everything that it starts."""

    def __init__(self, data_dir: Path, *words: str, **environment: str) -> None:
        self._process = subprocess.Popen(
            [sys.executable, "-P", "-m", "api.cli", *(words or ("serve",))],
            cwd="/",
            env=_environment(data_dir, environment),
            stdout=subprocess.PIPE,
            text=True,
        )
        self.told: list[str] = []

    @property
    def pid(self) -> int:
        return self._process.pid

    def wait_until_ready(self) -> str:
        """Give its URL, once it tells it."""
        assert self._process.stdout is not None
        for line in self._process.stdout:
            self.told.append(line.strip())
            match = re.fullmatch(r"Kiln is at (\S+)\n", line)
            if match is not None:
                return match[1]
        raise AssertionError(f"it ended with {self._process.wait()}, after {self.told}")

    def first_key(self) -> str:
        (key,) = re.findall(r"First API key, shown only now: (\S+)", "\n".join(self.told))
        assert isinstance(key, str)
        return key

    def end(self, number: signal.Signals = signal.SIGTERM) -> int:
        if self._process.poll() is None:
            self._process.send_signal(number)
        try:
            self._process.communicate(timeout=END_SECONDS)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.communicate()
            raise
        return self._process.returncode


def run(data_dir: Path, *words: str, **environment: str) -> "subprocess.CompletedProcess[str]":
    """Run a command that ends."""
    return subprocess.run(
        [sys.executable, "-P", "-m", "api.cli", *words],
        cwd="/",
        env=_environment(data_dir, environment),
        capture_output=True,
        text=True,
        timeout=START_SECONDS,
        check=False,
    )


def _environment(data_dir: Path, more: Mapping[str, str]) -> dict[str, str]:
    return {
        "PATH": "/usr/bin:/bin",
        "PYTHONPATH": str(ROOT),
        "KILN_DATA_DIR": str(data_dir),
        "KILN_LISTEN": "127.0.0.1:0",
        "KILN_LOG_LEVEL": "warning",
        **more,
    }


def get(url: str, key: str) -> int:
    return httpx.get(f"{url}/v1/workspaces", headers={"Authorization": f"Bearer {key}"}).status_code


@contextmanager
def nothing_left_behind() -> Iterator[None]:
    """Fail if a process that was started in the block, however far down, outlives it."""
    libc = ctypes.CDLL(None)
    before = descendants()
    # Orphans become our children, not those of process 1.
    libc.prctl(_PR_SET_CHILD_SUBREAPER, 1)
    try:
        yield
        deadline = time.monotonic() + END_SECONDS
        while left := {pid: name for pid, name in descendants().items() if pid not in before}:
            assert time.monotonic() < deadline, f"still running: {left}"
            time.sleep(0.02)
    finally:
        libc.prctl(_PR_SET_CHILD_SUBREAPER, 0)


def descendants() -> dict[int, str]:
    """The processes below this one, by id; those that have ended are reaped."""
    parents: dict[int, tuple[int, str]] = {}
    for path in Path("/proc").glob("[0-9]*"):
        try:
            stat = (path / "stat").read_text()
            words = (path / "cmdline").read_text().replace("\0", " ")
        except (FileNotFoundError, ProcessLookupError):
            continue
        state, parent = stat.rpartition(")")[2].split()[:2]
        if state == "Z" and int(parent) == os.getpid():
            continue
        parents[int(path.name)] = (int(parent), words)
    found: dict[int, str] = {}
    wanted = {os.getpid()}
    while wanted:
        below = {pid: words for pid, (parent, words) in parents.items() if parent in wanted}
        found |= below
        wanted = set(below)
    return found
