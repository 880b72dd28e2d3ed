"""`kiln work` as a process: what it holds in memory, and that it is still the same one."""

import base64
import os
import re
import subprocess
import sys
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from tests.architecture.tree import ROOT

STOP_SECONDS = 60


@dataclass(frozen=True, slots=True)
class WorkerProcess:
    """A worker, seen from outside."""

    process: "subprocess.Popen[bytes]"
    log: Path

    @property
    def peak_bytes(self) -> int:
        """The most memory that it ever had."""
        status = Path(f"/proc/{self.process.pid}/status").read_text()
        (found,) = re.findall(r"VmHWM:\s+(\d+) kB", status)
        return int(found) * 1024

    def has_open(self, path: Path) -> bool:
        """Tell if it has a file open, also one that was unlinked meanwhile."""
        folder = Path(f"/proc/{self.process.pid}/fd")
        for descriptor in folder.iterdir():
            try:
                target = str(descriptor.readlink())
            except FileNotFoundError:
                continue
            if target.removesuffix(" (deleted)") == str(path):
                return True
        return False

    def is_the_same(self) -> bool:
        """Tell if it has been working without a break: nothing has ended it or its loop."""
        begun = self.log.read_text().count("worker begins")
        return self.process.poll() is None and begun == 1

    def complaints(self) -> list[str]:
        """Give what it wrote to its log that is no information."""
        lines = self.log.read_text().splitlines()
        return [line for line in lines if '"level":"error"' in line.replace(" ", "")]


@contextmanager
def working_process(folder: Path, environment: Mapping[str, str]) -> Iterator[WorkerProcess]:
    """Start a worker, and stop it in the end."""
    folder.mkdir()
    log = folder / "log"
    with log.open("wb") as written:
        process = subprocess.Popen(
            [sys.executable, "-P", "-m", "api.cli", "work"],
            cwd="/",
            env={
                "PATH": os.defpath,
                "HOME": str(folder),
                "TMPDIR": str(folder),
                "PYTHONPATH": str(ROOT),
                "KILN_DATA_DIR": str(folder / "data"),
                "KILN_SECRET_KEY": base64.b64encode(bytes(range(32))).decode(),
                "KILN_LOG_FORMAT": "json",
                **environment,
            },
            stdout=subprocess.DEVNULL,
            stderr=written,
        )
        try:
            yield WorkerProcess(process, log)
        finally:
            process.terminate()
            try:
                process.wait(STOP_SECONDS)
            except subprocess.TimeoutExpired:
                process.kill()
                process.wait()
