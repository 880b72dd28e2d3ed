"""The process that guests are forked from: one language, one thread, no secret.

It is started by `runtime.sandbox.zygote` with an empty environment and one descriptor, on which
it answers requests: `fork` with a new guest's pid and descriptors, `reap` with how it ended.
"""

import contextlib
import gc
import mmap
import os
import select
import signal
import socket
import sys
from collections.abc import Callable
from typing import Final

import msgspec

from runtime.sandbox import frames
from runtime.sandbox.frames import Kind
from runtime.sandbox.guest import serve
from runtime.sandbox.interface import ExitCode, Guesthouse, Language, Refusal
from runtime.sandbox.lockdown import CHANNEL, Isolation, enter, isolate
from runtime.sandbox.requests import MAX_MESSAGE_BYTES, Answer, Request

if sys.platform != "win32":
    import resource

REAP_MILLISECONDS: Final = 1000
"""How long a dead guest stays a zombie if nobody asks for it."""

COLLECT_EVERY: Final = 50_000
"""New objects after which a guest looks for cycles: the default of 700 costs a third of its speed
on large batches."""

MAX_ENDED: Final = 10_000
"""Ends that are kept for whoever asks for them."""


class Zygote:
    """The loop of the process, and the guests that it still has to reap."""

    def __init__(
        self, control: socket.socket, guesthouse: Guesthouse, isolation: Isolation
    ) -> None:
        self._control = control
        self._guesthouse = guesthouse
        self._isolation = isolation
        self._alive: set[int] = set()
        self._ended: dict[int, Answer] = {}

    def serve(self) -> None:
        poll = select.poll()
        poll.register(self._control, select.POLLIN)
        while True:
            if not poll.poll(REAP_MILLISECONDS if self._alive else None):
                self._collect()
                continue
            data = self._control.recv(MAX_MESSAGE_BYTES)
            if not data:
                return
            self._collect()
            request = msgspec.json.decode(data, type=Request)
            if request.reap:
                self._send(self._reap(request.reap))
            else:
                self._fork(request)

    def _send(self, answer: Answer, *descriptors: int) -> None:
        socket.send_fds(self._control, [msgspec.json.encode(answer)], list(descriptors))

    def _fork(self, request: Request) -> None:
        with contextlib.ExitStack() as opened:
            try:
                outside, inside = socket.socketpair()
                opened.callback(outside.close)
                opened.callback(inside.close)
                page = os.memfd_create("kiln-cursor", os.MFD_CLOEXEC)
                opened.callback(os.close, page)
                os.ftruncate(page, mmap.PAGESIZE)
                zygote = os.getpid()
                pid = os.fork()
            except OSError as error:
                self._send(Answer(error=str(error)))
                return
            if pid == 0:
                _become(
                    lambda: _guest(
                        self._guesthouse, self._isolation, inside.fileno(), page, zygote, request
                    )
                )
            self._alive.add(pid)
            # Before anybody reaps it, so that the number is this guest's and no later one's.
            handle = os.pidfd_open(pid)
            opened.callback(os.close, handle)
            self._send(Answer(pid=pid), outside.fileno(), page, handle)

    def _collect(self) -> None:
        for pid in list(self._alive):
            found = _wait(pid, os.WNOHANG)
            if found:
                self._ended[pid] = found
                self._alive.discard(pid)
        while len(self._ended) > MAX_ENDED:
            del self._ended[next(iter(self._ended))]

    def _reap(self, pid: int) -> Answer:
        if pid in self._alive:
            self._alive.discard(pid)
            return _wait(pid) or Answer(error=f"guest {pid} has not ended")
        if pid in self._ended:
            return self._ended.pop(pid)
        return Answer(error=f"no guest {pid}")


def _wait(pid: int, options: int = 0) -> Answer | None:
    found, status, usage = os.wait4(pid, options)
    if not found:
        return None
    own = resource.getrusage(resource.RUSAGE_SELF)
    return Answer(pid=pid, status=status, grown_bytes=(usage.ru_maxrss - own.ru_maxrss) << 10)


def _become(life: Callable[[], None]) -> None:
    """Live as a guest; whatever happens, the loop of the zygote is not entered twice."""
    try:
        life()
    except MemoryError:
        os._exit(ExitCode.NO_MEMORY)
    finally:
        os._exit(ExitCode.UNFIT)


def _guest(
    guesthouse: Guesthouse,
    isolation: Isolation,
    channel: int,
    page: int,
    zygote: int,
    request: Request,
) -> None:
    # Rarely enough to cost nothing, and soon enough that cycles are not charged as memory.
    gc.set_threshold(COLLECT_EVERY, 10, 10)
    gc.enable()
    os.dup2(channel, CHANNEL)
    try:
        lock = enter(isolation, page, zygote)
        engine = guesthouse.open(page, request.fork_memory_bytes)
        walls = lock.seal(request.fork_memory_bytes + guesthouse.overhead_bytes)
    except Exception as error:  # noqa: BLE001 - the host must learn why, whatever it is
        refusal = Refusal("unfit", f"{type(error).__name__}: {error}")
        frames.write_frame(CHANNEL, Kind.REFUSED, msgspec.json.encode(refusal))
        os._exit(ExitCode.UNFIT)
    frames.write_frame(CHANNEL, Kind.READY, msgspec.json.encode(walls))
    if walls.missing() and not request.allow_missing_walls:
        os._exit(ExitCode.UNFIT)
    serve(engine)


def guesthouse_of(language: Language) -> Guesthouse:
    """Import one language: a zygote holds nothing of the other."""
    match language:
        case Language.PYTHON:
            from runtime.sandbox import guest_python

            return guest_python.PythonGuesthouse()
        case Language.JAVASCRIPT:
            from runtime.sandbox import guest_javascript

            return guest_javascript.JavaScriptGuesthouse()


def main(language: str, descriptor: int) -> None:
    """Run as a zygote until the host hangs up."""
    control = socket.socket(fileno=descriptor)
    # A terminal's interrupt is for the host, which then hangs up.
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    try:
        os.environ.clear()  # noqa: TID251 - a guest has no environment
        os.environ["TZ"] = "UTC"  # noqa: TID251 - engines look for it late
        isolation = isolate()
        guesthouse = guesthouse_of(Language(language))
        guesthouse.prepare()
    except Exception as error:  # noqa: BLE001 - the host must learn why, whatever it is
        control.send(msgspec.json.encode(Answer(error=f"{type(error).__name__}: {error}")))
        return
    # What exists now is shared by all guests: a collector's marks would copy it into each.
    gc.collect()
    gc.freeze()
    gc.disable()
    control.send(msgspec.json.encode(Answer(pid=os.getpid())))
    Zygote(control, guesthouse, isolation).serve()
