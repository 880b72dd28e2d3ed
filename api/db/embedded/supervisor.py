"""The parent of PostgreSQL: starts it, and stops it when no client is left.

It runs without any library, so that it starts in no time and can outlive an upgrade of them.
"""

import ctypes
import fcntl
import json
import os
import shutil
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Final

from api.db.embedded.binaries import (
    MAJOR_VERSION,
    Account,
    places_for_copies,
    usable_programs,
)
from api.db.embedded.layout import PORT, SOCKET_NAME, EmbeddedServerError, Layout, lock

READY: Final = "ready"
HERE: Final = "/proc/self/cwd"
"""How PostgreSQL names its data: it may not be allowed to enter the directories above, and its
`initdb` would hand a name with quotes to a shell."""

SERVER_UID: Final = 61_432
"""Who PostgreSQL runs as where we are root, which it refuses to be. Not `nobody`: that is who
functions run as. Nobody has this number: it is of the range that systemd gives out for a while."""

INITDB_UID: Final = 65_534
"""`nobody`: initdb insists on somebody who is in the list of users, if only for a moment."""

_ENVIRONMENT: Final = {"PATH": "/usr/bin:/bin", "LC_ALL": "C", "TZ": "UTC"}
"""All that PostgreSQL sees: PGPORT, PGDATA and others of this machine are not meant for it."""

_POLL_SECONDS: Final = 0.02
_FAST_SECONDS: Final = 60.0
_IMMEDIATE_SECONDS: Final = 10.0
_PR_SET_PDEATHSIG: Final = 1


@dataclass(frozen=True, slots=True, kw_only=True)
class Order:
    """What a client wants of the supervisor that it starts."""

    root: str
    programs: str
    parameters: Mapping[str, str]
    temporary: bool
    start_seconds: float

    def to_json(self) -> str:
        return json.dumps(asdict(self))


def main(arguments: Sequence[str]) -> int:
    """Carry out an order; what is written on standard output says whether PostgreSQL is ready."""
    if os.fork():
        # Nobody's child: it may outlive the client that started it.
        return 0
    # Clients decide when it ends: a Ctrl-C that reaches everybody would end it before them.
    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        signal.signal(number, signal.SIG_IGN)
    order = Order(**json.loads(arguments[0]))
    layout = Layout(Path(order.root))
    try:
        server = _start(layout, order)
    except (EmbeddedServerError, OSError, subprocess.SubprocessError) as error:
        _tell(str(error))
        return 1
    _tell(READY)
    stopping = threading.Event()
    threading.Thread(
        target=_stop_after_last_client, args=(layout, server, stopping), daemon=True
    ).start()
    status = server.wait()
    if order.temporary and stopping.is_set():
        _delete(layout)
    return 0 if status == 0 else 1


def _delete(layout: Layout) -> None:
    """Delete everything, and last the lock that says that somebody is still here."""
    for path in (layout.data, layout.new_data):
        shutil.rmtree(path, ignore_errors=True)
    layout.log.unlink(missing_ok=True)
    shutil.rmtree(layout.root, ignore_errors=True)


def _tell(line: str) -> None:
    os.write(1, line.encode())
    os.dup2(2, 1)  # whoever asked reads to the end


def _stop_after_last_client(
    layout: Layout, server: "subprocess.Popen[bytes]", stopping: threading.Event
) -> None:
    lock(layout.clients_lock, fcntl.LOCK_EX)
    stopping.set()
    for number, seconds in (
        (signal.SIGINT, _FAST_SECONDS),
        (signal.SIGQUIT, _IMMEDIATE_SECONDS),
        (signal.SIGKILL, _IMMEDIATE_SECONDS),
    ):
        server.send_signal(number)
        deadline = time.monotonic() + seconds
        while time.monotonic() < deadline:
            if server.poll() is not None:
                return
            time.sleep(_POLL_SECONDS)


def _start(layout: Layout, order: Order) -> "subprocess.Popen[bytes]":
    try:
        # Processes of a server whose supervisor was killed may still be ending.
        held = lock(layout.server_lock, fcntl.LOCK_EX, order.start_seconds)
    except TimeoutError:
        raise EmbeddedServerError(
            f"another PostgreSQL still uses {layout.root}: end its processes"
        ) from None
    account = _account(layout)
    programs = usable_programs(Path(order.programs), account, places_for_copies(layout.root))
    _initialise(layout, order, account, programs, held)
    _forget_the_dead(layout)
    with layout.open_log() as log:
        server: subprocess.Popen[bytes] = subprocess.Popen(  # noqa: S603 - of the wheel
            [programs / "postgres", "-D", HERE, *_parameters(order)],
            cwd=layout.data,
            env=_ENVIRONMENT,
            stdin=subprocess.DEVNULL,
            stdout=log,
            stderr=log,
            pass_fds=[held],
            preexec_fn=_die_with_parent(),  # safe: this process has one thread so far
            **account.options(),
        )
    deadline = time.monotonic() + order.start_seconds
    while server.poll() is None and time.monotonic() < deadline:
        if layout.status() == (server.pid, READY):
            return server
        time.sleep(_POLL_SECONDS)
    server.kill()
    server.wait()
    raise EmbeddedServerError(f"PostgreSQL did not start; its log ends with\n{layout.log_end()}")


def _parameters(order: Order) -> list[str]:
    parameters = {
        **order.parameters,
        "listen_addresses": "",
        "port": str(PORT),
        "unix_socket_directories": ".",
        "unix_socket_permissions": "0700",
        "log_checkpoints": "off",
    }
    return [word for name, value in parameters.items() for word in ("-c", f"{name}={value}")]


def _account(layout: Layout) -> Account:
    """Choose who PostgreSQL runs as: the owner of its data, and never root."""
    if os.geteuid() != 0:
        return Account(None)
    owner = layout.data.stat().st_uid if layout.data.exists() else 0
    return Account(owner or SERVER_UID)


def _initialise(layout: Layout, order: Order, account: Account, programs: Path, held: int) -> None:
    if layout.data.exists():
        version = (layout.data / "PG_VERSION").read_text().strip()
        if version != MAJOR_VERSION:
            raise EmbeddedServerError(
                f"{layout.data} is of PostgreSQL {version}, and this release has"
                f" {MAJOR_VERSION}: dump it with the release that made it"
            )
        if account.uid is not None and layout.data.stat().st_uid == 0:
            _give(layout.data, account.uid)
        return
    shutil.rmtree(layout.new_data, ignore_errors=True)
    layout.new_data.mkdir(mode=0o700)
    initialiser = account
    if account.uid == SERVER_UID:
        initialiser = Account(INITDB_UID)
        _give(layout.new_data, INITDB_UID)
    safe = order.parameters.get("fsync") != "off"
    with layout.open_log() as log:
        result = subprocess.run(  # noqa: S603 - of the wheel
            [
                *(programs / "initdb", "--pgdata", HERE, "--username", "postgres"),
                *("--auth", "trust", "--encoding", "UTF8", "--locale", "C"),
                # The same order and case on every machine, whatever its C library.
                *("--locale-provider", "builtin", "--builtin-locale", "C.UTF-8"),
                *("--no-instructions", *(() if safe else ("--no-sync",))),
            ],
            cwd=layout.new_data,
            env=_ENVIRONMENT,
            stdin=subprocess.DEVNULL,
            stdout=log,
            stderr=log,
            pass_fds=[held],
            check=False,
            preexec_fn=_die_with_parent(),
            **initialiser.options(),
        )
    if result.returncode != 0:
        raise EmbeddedServerError(f"initdb failed; its log ends with\n{layout.log_end()}")
    if account.uid is not None:
        _give(layout.new_data, account.uid)
    layout.new_data.rename(layout.data)
    directory = os.open(layout.root, os.O_RDONLY)
    os.fsync(directory)
    os.close(directory)


def _give(directory: Path, uid: int) -> None:
    os.chown(directory, uid, uid)
    for folder, folders, files in os.walk(directory):
        for name in (*folders, *files):
            os.chown(Path(folder, name), uid, uid, follow_symlinks=False)


def _forget_the_dead(layout: Layout) -> None:
    """Remove what says that a server runs: we hold its lock, so none does.

    PostgreSQL itself looks only whether a process of that number lives, which after a restart of a
    container may be anybody.
    """
    for name in ("postmaster.pid", SOCKET_NAME, f"{SOCKET_NAME}.lock"):
        (layout.data / name).unlink(missing_ok=True)


def _die_with_parent() -> Callable[[], None]:
    """Make a fast shutdown of the end of this process, even of one that nobody could catch."""
    libc = ctypes.CDLL(None)
    parent = os.getpid()

    def prepare() -> None:
        libc.prctl(_PR_SET_PDEATHSIG, signal.SIGINT)
        if os.getppid() != parent:
            os._exit(1)

    return prepare


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
