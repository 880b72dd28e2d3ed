"""What payloads are after: secrets to read, doors to knock at, somebody to kill; and who looks."""

import contextlib
import os
import secrets
import socket
import subprocess
import tempfile
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from types import MappingProxyType
from typing import Final

NOBODY: Final = 65534

SECRET_VARIABLE: Final = "CANARY_SECRET"  # noqa: S105 - its name, not its value


@dataclass(frozen=True, slots=True, kw_only=True)
class Secrets:
    """Random texts, none of which may be in any answer."""

    in_file: str
    in_environment: str
    in_memory: str
    """Only the server's process holds it."""
    of_other_tenant: str
    """In the records of another tenant."""

    def found_in(self, text: str) -> list[str]:
        return [name for name in self.__slots__ if getattr(self, name) in text]


@dataclass(frozen=True, slots=True, kw_only=True)
class Ground:
    """Everything a payload may try to reach, open to any user of this machine."""

    folder: Path
    secrets: Secrets
    tcp: socket.socket
    udp: socket.socket
    door: socket.socket
    """A socket with a name in the folder."""
    abstract: socket.socket
    victim: "subprocess.Popen[bytes]"
    """Runs as the user that guests become, if that can be arranged."""
    program_mark: str
    """Stands on the command line of every program that payloads try to start."""

    @property
    def secret_file(self) -> Path:
        return self.folder / "secret.txt"

    @property
    def drop(self) -> Path:
        """A folder that anybody may write to."""
        return self.folder / "drop"

    @property
    def tokens(self) -> Mapping[str, str]:
        """What stands in payloads for what is known only now."""
        return MappingProxyType(
            {
                "@SECRET_FILE@": str(self.secret_file),
                "@DROP@": str(self.drop),
                "@DOOR@": str(self.folder / "door"),
                "@ABSTRACT@": self.abstract.getsockname()[1:].decode(),
                "@TCP@": str(self.tcp.getsockname()[1]),
                "@UDP@": str(self.udp.getsockname()[1]),
                "@VICTIM@": str(self.victim.pid),
                "@VARIABLE@": SECRET_VARIABLE,
                "@MARK@": self.program_mark,
                "@LONG@": "x" * 50_000,
            }
        )

    def effects(self) -> list[str]:
        """Find everything that happened here and should not have."""
        found = [
            f"somebody connected to {name}"
            for name, listening in (("tcp", self.tcp), ("door", self.door), ("abstract", self.abstract))
            if _somebody_connected(listening)
        ]  # fmt: skip
        with contextlib.suppress(BlockingIOError):
            found.append(f"a datagram came: {self.udp.recv(100)!r}")
        found += [f"{path.name} was written" for path in self.drop.iterdir()]
        file = self.secret_file
        if not file.exists() or file.read_text() != self.secrets.in_file:
            found.append("the secret file was changed")
        if self.victim.poll() is not None:
            found.append(f"the victim ended: {self.victim.returncode}")
        found += [f"a program was started: {pid}" for pid in _processes_with(self.program_mark)]
        return found


@contextlib.contextmanager
def ground() -> Iterator[Ground]:
    """Lay everything out, and clear it away."""
    with contextlib.ExitStack() as stack:
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="kiln-ground-")))
        folder.chmod(0o755)
        names = ("in_file", "in_environment", "in_memory", "of_other_tenant")
        found = Secrets(**{name: secrets.token_hex(16) for name in names})
        folder.joinpath("secret.txt").write_text(found.in_file)
        folder.joinpath("drop").mkdir()
        folder.joinpath("drop").chmod(0o777)
        tcp, udp = socket.socket(), socket.socket(type=socket.SOCK_DGRAM)
        door, abstract = socket.socket(socket.AF_UNIX), socket.socket(socket.AF_UNIX)
        for each, address in (
            (tcp, ("127.0.0.1", 0)),
            (udp, ("127.0.0.1", 0)),
            (door, str(folder / "door")),
            (abstract, "\0kiln-" + secrets.token_hex(8)),
        ):
            stack.enter_context(each)
            each.bind(address)
            each.settimeout(0)
        for each in (tcp, door, abstract):
            each.listen()
        folder.joinpath("door").chmod(0o777)
        victim = subprocess.Popen(
            ["sleep", "86400"], user=NOBODY if os.geteuid() == 0 else None, close_fds=True
        )
        stack.callback(victim.wait)
        stack.callback(victim.kill)
        yield Ground(
            folder=folder,
            secrets=found,
            tcp=tcp,
            udp=udp,
            door=door,
            abstract=abstract,
            victim=victim,
            program_mark=f"{secrets.randbelow(10**9)}.{secrets.randbelow(10**9)}",
        )


def _somebody_connected(listening: socket.socket) -> bool:
    try:
        listening.accept()[0].close()
    except BlockingIOError:
        return False
    return True


def _processes_with(mark: str) -> list[int]:
    found = []
    for folder in Path("/proc").iterdir():
        if folder.name.isdigit() and int(folder.name) != os.getpid():
            with contextlib.suppress(OSError):
                if mark.encode() in folder.joinpath("cmdline").read_bytes():
                    found.append(int(folder.name))
    return found
