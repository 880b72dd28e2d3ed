"""`kiln serve` as a child process, for a command that needs an installation of its own."""

import queue
import re
import signal
import subprocess
import sys
import threading
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import IO, Final, cast

START_SECONDS: Final = 120.0
STOP_SECONDS: Final = 60.0

_KEY: Final = re.compile(r"\bapi_\w+")
_ADDRESS: Final = re.compile(r"^Kiln is at (\S+)")
_SHOWN: Final = 2_000


class StartError(Exception):
    """The service did not start."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Served:
    """A service that runs."""

    address: str
    key: str
    process: "subprocess.Popen[str]"


@contextmanager
def served(environment: Mapping[str, str], log: Path) -> Iterator[Served]:
    """Start a service in a data directory that is new, and stop it in the end."""
    with log.open("w", encoding="utf-8") as written:
        process = subprocess.Popen(
            [sys.executable, "-P", "-m", "api.cli", "serve"],
            env=dict(environment),
            stdout=subprocess.PIPE,
            stderr=written,
            text=True,
            # Ctrl-C is for us: we stop it, so that it can end in order.
            start_new_session=True,
        )
        try:
            key, address = _greeting(process, log)
            yield Served(address=address, key=key, process=process)
        finally:
            process.send_signal(signal.SIGTERM)
            try:
                process.wait(STOP_SECONDS)
            except subprocess.TimeoutExpired:
                process.kill()
                process.wait()


def _greeting(process: "subprocess.Popen[str]", log: Path) -> tuple[str, str]:
    """Read what it says at its first start: a key, and where it is."""
    lines: queue.SimpleQueue[str | None] = queue.SimpleQueue()
    stream = cast("IO[str]", process.stdout)

    def read() -> None:
        with stream:
            for line in stream:
                lines.put(line)
        lines.put(None)

    threading.Thread(target=read, daemon=True).start()
    key = ""
    while True:
        try:
            line = lines.get(timeout=START_SECONDS)
        except queue.Empty:
            line = None
        if line is None:
            end = log.read_text(encoding="utf-8", errors="replace")[-_SHOWN:]
            raise StartError(f"the service did not start; its log ends with\n{end}")
        if found := _KEY.search(line):
            key = found.group()
        if found := _ADDRESS.search(line):
            return key, found[1]
