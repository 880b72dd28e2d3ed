"""Several server processes at one address: started, watched, replaced, and drained together."""

import signal
import socket
import subprocess
import threading
import time
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

import structlog

from runtime.addresses import port_of, process_addresses, socket_path
from runtime.settings import Settings

WATCH_SECONDS: Final = 0.2
KILL_AFTER_SECONDS: Final = 5.0
"""How much longer than its drain a process may take."""

QUICK_SECONDS: Final = 5.0
"""A process that ends sooner than this could not start: its successor waits."""

MAX_WAIT_SECONDS: Final = 30.0


@dataclass(slots=True)
class _Place:
    """One process, and its successors."""

    address: str
    process: "subprocess.Popen[bytes]"
    started: float
    quick_ends: int = 0
    due: float = 0.0


def wait_before_restart(quick_ends: int) -> float:
    """Decide how long a successor waits after so many processes that ended at once."""
    return 0.0 if quick_ends == 0 else min(MAX_WAIT_SECONDS, 0.25 * 2.0 ** min(quick_ends, 16))


def supervise(settings: Settings, command: Sequence[str]) -> int:
    """Run `command --listen ADDRESS` once per process until told to stop; gives the exit status."""
    log = structlog.get_logger("runtime.processes")
    stop = threading.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda *_: stop.set())
    held, listen = _hold_port(settings.listen)
    places = [
        _Place(address, _start(command, address), time.monotonic())
        for address in process_addresses(listen, settings.processes)
    ]
    log.info("supervising", listen=listen, pids=[place.process.pid for place in places])
    while not stop.wait(WATCH_SECONDS):
        for place in places:
            _watch(place, command, log)
    log.info("draining", processes=len(places))
    status = _end(places, settings.drain_seconds + KILL_AFTER_SECONDS)
    if held is not None:
        held.close()
    return status


def _watch(
    place: _Place, command: Sequence[str], log: structlog.typing.FilteringBoundLogger
) -> None:
    status = place.process.poll()
    if status is None:
        return
    now = time.monotonic()
    if not place.due:
        quick = now - place.started < QUICK_SECONDS
        place.quick_ends = place.quick_ends + 1 if quick else 0
        wait = wait_before_restart(place.quick_ends)
        place.due = now + wait
        log.error("a server process ended", address=place.address, status=status, restart_in=wait)
    if now >= place.due:
        place.process = _start(command, place.address)
        place.started, place.due = now, 0.0


def _start(command: Sequence[str], address: str) -> "subprocess.Popen[bytes]":
    # Its standard input ends with this process, however this process ends.
    return subprocess.Popen(  # noqa: S603 - our own command
        [*command, "--listen", address], stdin=subprocess.PIPE
    )


def _end(places: Sequence[_Place], seconds: float) -> int:
    for place in places:
        place.process.terminate()
    deadline = time.monotonic() + seconds
    statuses: list[int] = []
    for place in places:
        try:
            statuses.append(place.process.wait(max(0.0, deadline - time.monotonic())))
        except subprocess.TimeoutExpired:
            place.process.kill()
            statuses.append(place.process.wait())
    # One that was told to stop before it could listen ends by the signal itself.
    return 0 if all(status in {0, -signal.SIGTERM} for status in statuses) else 1


def _hold_port(address: str) -> tuple[socket.socket | None, str]:
    """Choose a port where the address leaves it open, and keep it without listening on it."""
    if socket_path(address) is not None or port_of(address):
        return None, address
    host = address.rpartition(":")[0]
    bare = host.strip("[]")
    family = socket.AF_INET6 if ":" in bare else socket.AF_INET
    holder = socket.socket(family)
    holder.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEPORT, 1)
    holder.bind((bare, 0))
    return holder, f"{host}:{holder.getsockname()[1]}"
