"""The host's handle of a zygote: started anew when it is gone, asked for guests, told to reap."""

import contextlib
import os
import select
import signal
import socket
import subprocess
import sys
import threading
import time
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import msgspec

import runtime
from runtime.errors import GuestLostError, GuestUnavailableError, WallsMissingError
from runtime.sandbox.interface import Language
from runtime.sandbox.requests import MAX_MESSAGE_BYTES, Answer, Request

ENVIRONMENT: Final = {
    "TZ": "UTC",  # else the machine's zone shows in results
    "LC_ALL": "C.UTF-8",
    "PYTHONHASHSEED": "0",  # a batch that is repeated must give the same
}

# It imports what the host imports; what lies in the current folder never counts.
_START: Final = (
    "import sys; sys.path[:] = sys.argv[3:];"
    " from runtime.sandbox.zygote_main import main; main(sys.argv[1], int(sys.argv[2]))"
)
_DESCRIPTORS: Final = 3
END_SECONDS: Final = 10.0
"""What a killed process may take: the kernel frees its memory, or is itself in trouble."""

_REFUSED_ROOM: Final = ("Resource temporarily unavailable", "Cannot allocate memory")


@dataclass(frozen=True, slots=True)
class Newborn:
    """A guest that was forked and is locking itself."""

    pid: int
    channel: socket.socket
    page: int
    handle: int
    """A descriptor of the process: it names this guest even when its number is used again."""

    generation: int
    """Which of the zygotes it came from."""


class Zygote:
    """One language's zygote, shared by all threads of the host."""

    def __init__(self, language: Language, *, start_seconds: float = 10.0) -> None:
        self.language = language
        self._start_seconds = start_seconds
        self._lock = threading.Lock()
        self._process: subprocess.Popen[bytes] | None = None
        self._control: socket.socket | None = None
        self._generation = 0
        self._closed = False

    def __enter__(self) -> "Zygote":
        self.start()
        return self

    def __exit__(self, *error: object) -> None:
        self.close()

    @property
    def pid(self) -> int | None:
        """The number of the process, while there is one."""
        process = self._process
        return None if process is None else process.pid

    def start(self) -> None:
        """Start the process before it is needed: it takes a few tenths of a second."""
        with self._lock:
            self._running()

    def fork(self, memory_bytes: int, *, allow_missing_walls: bool = False) -> Newborn:
        """Ask for a guest; a zygote that died meanwhile is replaced once."""
        request = Request(fork_memory_bytes=memory_bytes, allow_missing_walls=allow_missing_walls)
        with self._lock:
            try:
                answer, descriptors = self._ask(self._running(), request)
            except GuestLostError:
                answer, descriptors = self._ask(self._running(), request)
            generation = self._generation
        if answer.error:
            _close_all(descriptors)
            if any(reason in answer.error for reason in _REFUSED_ROOM):
                raise GuestUnavailableError(f"no guest can be started: {answer.error}")
            raise GuestLostError(f"no guest can be started: {answer.error}")
        if len(descriptors) != _DESCRIPTORS:
            _close_all(descriptors)
            raise GuestLostError(f"a zygote gave {len(descriptors)} descriptors")
        channel, page, handle = descriptors
        return Newborn(answer.pid, socket.socket(fileno=channel), page, handle, generation)

    def reap(self, newborn: Newborn) -> Answer | None:
        """Learn how a guest ended; none if its zygote ended as well."""
        with self._lock:
            if self._control is None or newborn.generation != self._generation:
                return None
            try:
                answer, descriptors = self._ask(self._control, Request(reap=newborn.pid))
            except GuestLostError:
                return None
            _close_all(descriptors)
            return None if answer.error else answer

    def close(self) -> None:
        """End the process, and with it every guest."""
        with self._lock:
            self._closed = True
            self._stop()

    def _running(self) -> socket.socket:
        if self._closed:
            raise GuestLostError("the sandbox is closed")
        if sys.platform != "linux":
            raise WallsMissingError(("seccomp filter",))
        if self._control is not None and self._process is not None:
            if self._process.poll() is None:
                return self._control
            self._stop()
        outside, inside = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
        with inside:
            try:
                self._process = _spawn(self.language, inside)
            except OSError as error:
                outside.close()
                raise GuestUnavailableError(f"no zygote can be started: {error}") from error
        self._control = outside
        self._generation += 1
        outside.settimeout(self._start_seconds)
        try:
            answer, descriptors = self._receive(outside)
        except GuestLostError:
            self._stop()
            raise
        _close_all(descriptors)
        if answer.error:
            self._stop()
            raise GuestLostError(f"the {self.language} zygote: {answer.error}")
        return outside

    def _ask(self, control: socket.socket, request: Request) -> tuple[Answer, list[int]]:
        try:
            control.send(msgspec.json.encode(request), socket.MSG_NOSIGNAL)
            return self._receive(control)
        except OSError as error:
            self._stop()
            raise GuestLostError(f"the {self.language} zygote is gone: {error}") from error
        except GuestLostError:
            self._stop()  # a late answer must not pass for that of the next request
            raise

    def _receive(self, control: socket.socket) -> tuple[Answer, list[int]]:
        try:
            data, descriptors, _, _ = socket.recv_fds(
                control, MAX_MESSAGE_BYTES, _DESCRIPTORS, socket.MSG_CMSG_CLOEXEC
            )
        except OSError as error:
            raise GuestLostError(f"the {self.language} zygote does not answer: {error}") from error
        if not data:
            raise GuestLostError(f"the {self.language} zygote is gone")
        return msgspec.json.decode(data, type=Answer), descriptors

    def _stop(self) -> None:
        if self._control is not None:
            self._control.close()
            self._control = None
        if self._process is not None:
            self._process.kill()
            self._process.wait()
            self._process = None


def _spawn(language: Language, inside: socket.socket) -> subprocess.Popen[bytes]:
    root = str(Path(runtime.__file__).parents[1])
    paths = [root, *(path for path in sys.path if path != root and Path(path).is_absolute())]
    descriptor = str(inside.fileno())
    return subprocess.Popen(  # noqa: S603 - our own interpreter on our own code
        [sys.executable, "-P", "-s", "-c", _START, language.value, descriptor, *paths],
        env=ENVIRONMENT,
        cwd="/",
        stdin=subprocess.DEVNULL,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
        pass_fds=[inside.fileno()],
        start_new_session=True,
    )


def _close_all(descriptors: list[int]) -> None:
    for descriptor in descriptors:
        os.close(descriptor)


def end(newborn: Newborn) -> bool:
    """Kill a guest, whatever it is doing, and wait until it is gone; false if it stays."""
    with contextlib.suppress(ProcessLookupError):
        signal.pidfd_send_signal(newborn.handle, signal.SIGKILL)
    return wait_for_end(newborn, END_SECONDS)


def wait_for_end(newborn: Newborn, seconds: float) -> bool:
    poll = select.poll()
    poll.register(newborn.handle, select.POLLIN)
    deadline = time.monotonic() + seconds
    while True:
        left = max(0.0, deadline - time.monotonic())
        if poll.poll(left * 1000):
            return True
        if left == 0:
            return False
