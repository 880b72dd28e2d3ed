"""A runtime of our own: a child process on a unix socket, started again whenever it ends."""

import asyncio
import contextlib
import subprocess
import sys
import time
from collections.abc import Mapping
from pathlib import Path
from types import TracebackType
from typing import Final, Self

import structlog

import runtime
from api.serve.private_directory import PrivateDirectory, sweep

WATCH_SECONDS: Final = 0.2
QUICK_SECONDS: Final = 5.0
"""One that ends sooner than this could not start: its successor waits."""
MAX_WAIT_SECONDS: Final = 30.0
KILL_AFTER_SECONDS: Final = 5.0

_ALLOWED: Final = frozenset(("PATH", "HOME", "LANG", "LC_ALL", "TZ", "TMPDIR"))
_ALLOWED_PREFIX: Final = "KILN_RUNTIME_"


def runtime_environment(environment: Mapping[str, str]) -> dict[str, str]:
    """Give what the runtime may know of our environment: what is meant for it, and no secret."""
    kept = {
        name: value
        for name, value in environment.items()
        if name in _ALLOWED or name.startswith(_ALLOWED_PREFIX)
    }
    return kept | {"PYTHONPATH": str(Path(runtime.__file__).parents[1])}


def wait_before_restart(quick_ends: int) -> float:
    """Decide how long a successor waits after so many that ended at once."""
    return 0.0 if quick_ends == 0 else min(MAX_WAIT_SECONDS, 0.25 * 2.0 ** min(quick_ends, 16))


class RuntimeChild:
    """The child, and its successors at the same address."""

    def __init__(
        self, environment: Mapping[str, str], defaults: Mapping[str, str], drain_seconds: float
    ) -> None:
        """Start it; `defaults` are settings of its own that nobody may have told."""
        named = {f"{_ALLOWED_PREFIX}{name.upper()}": value for name, value in defaults.items()}
        self._environment = named | runtime_environment(environment)
        self._drain_seconds = drain_seconds
        # Short, and for us alone: the name of a socket may have no more than 107 bytes.
        sweep()
        self._directory = PrivateDirectory()
        self.address = f"unix:{self._directory.path}/runtime"
        self._log = structlog.get_logger("api.serve")
        self._process = self._start()
        self._started = time.monotonic()
        self._quick_ends = 0
        self._due: float | None = None

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        del kind, error, trace
        await asyncio.to_thread(self._stop)

    async def watch(self, stop: asyncio.Event) -> None:
        """Start it again whenever it ends, until told to stop."""
        while not stop.is_set():
            self._look()
            with contextlib.suppress(TimeoutError):
                await asyncio.wait_for(stop.wait(), WATCH_SECONDS)

    def _look(self) -> None:
        status = self._process.poll()
        if status is None:
            return
        now = time.monotonic()
        if self._due is None:
            quick = now - self._started < QUICK_SECONDS
            self._quick_ends = self._quick_ends + 1 if quick else 0
            wait = wait_before_restart(self._quick_ends)
            self._due = now + wait
            self._log.error("the runtime ended", status=status, restart_in_seconds=wait)
        if now >= self._due:
            self._close_stdin()
            self._process = self._start()
            self._started, self._due = now, None

    def _start(self) -> "subprocess.Popen[bytes]":
        command = [sys.executable, "-P", "-m", "runtime.cli", "serve", "--listen", self.address]
        # Its standard input ends with this process, however this process ends: so does it then.
        return subprocess.Popen(  # noqa: S603 - our own
            [*command, "--processes", "1", "--one-of-many"],
            stdin=subprocess.PIPE,
            env=self._environment,
            cwd="/",
            # A Ctrl-C is for us: requests in flight still need it.
            start_new_session=True,
        )

    def _stop(self) -> None:
        self._process.terminate()
        try:
            self._process.wait(self._drain_seconds + KILL_AFTER_SECONDS)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait()
        self._close_stdin()
        self._directory.remove()

    def _close_stdin(self) -> None:
        if self._process.stdin is not None:
            self._process.stdin.close()
