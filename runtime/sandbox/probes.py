"""Canaries of machine code's reach: what hostile native code would try inside a locked guest.

They call the operating system directly, past every layer of a language. `native_probes` names
them; a guest runs one by name when its host asks.
"""

import contextlib
import ctypes
import errno
import os
import signal
import socket
import time
from collections.abc import Callable, Iterator, Mapping
from types import MappingProxyType
from typing import Final

from runtime.sandbox.interface import Finding
from runtime.sandbox.kernel import last_error, libc, syscall
from runtime.sandbox.syscalls import REFUSED_CALLS, this_machine

_REFUSALS: Final = frozenset({errno.EPERM, errno.EACCES, errno.ENOSYS})
"""Any other answer comes from behind the wall: the call was looked at."""

_READABLE: Final = ("/etc/passwd", "/proc/self/environ", "/proc/1/environ", "/dev/shm", "/", ".")  # noqa: S108 - to be refused
_FAMILIES: Final = 46
"""Address families of Linux, from AF_UNSPEC."""

_DESCRIPTORS: Final = 1024
_READ_WRITE_EXEC: Final = 7
_PRIVATE_ANONYMOUS: Final = 0x22
_SHARED_ANONYMOUS: Final = 0x21
_SIZE_BYTES: Final = 4096
_MAP_FAILED: Final = ctypes.c_void_p(-1).value


def probe(name: str) -> Finding:
    """Try what a canary is there to try."""
    attempt = PROBES.get(name)
    if attempt is None:
        return Finding(stopped=False, detail=f"no canary {name}")
    try:
        return Finding(stopped=False, detail=str(attempt()))
    except Stopped as stop:
        return Finding(stopped=True, detail=str(stop))
    except MemoryError:
        return Finding(stopped=True, detail="no memory")
    except OSError as error:
        return Finding(stopped=error.errno in _REFUSALS, detail=str(error))
    except Exception as error:  # noqa: BLE001 - a canary that fails otherwise found something
        return Finding(stopped=False, detail=f"{type(error).__name__}: {error}")


class Stopped(Exception):  # noqa: N818 - this is what is hoped for
    """The attempt led nowhere."""


def _refused(name: str) -> str:
    machine = this_machine()
    if machine is None or name not in machine.calls:
        raise Stopped(f"this machine has no {name}")
    # Arguments that harm nobody should the wall be missing.
    return f"{name} answered {syscall(machine.calls[name], -1, 0, 0, 0, 0)}"


def _read_files() -> str:
    for path in _READABLE:
        with _expecting_refusal():
            return f"opened {path} as {os.open(path, os.O_RDONLY)}"
    raise Stopped("no file opens")


def _write_files() -> str:
    for path in ("/tmp/kiln-canary", "kiln-canary", "/dev/shm/kiln-canary"):  # noqa: S108 - to be refused
        with _expecting_refusal():
            return f"created {path} as {os.open(path, os.O_CREAT | os.O_WRONLY, 0o600)}"
    raise Stopped("no file can be made")


def _open_sockets() -> str:
    for family in range(_FAMILIES):
        for kind in (socket.SOCK_STREAM, socket.SOCK_DGRAM, socket.SOCK_RAW, socket.SOCK_SEQPACKET):
            with _expecting_refusal():
                return f"family {family}, kind {kind}: {socket.socket(family, kind)}"
    raise Stopped(f"none of {_FAMILIES} families opens")


@contextlib.contextmanager
def _expecting_refusal() -> Iterator[None]:
    """Go on after a refusal, and pass any other answer on."""
    try:
        yield
    except OSError as error:
        if error.errno not in _REFUSALS:
            raise


def _leaked_descriptors() -> str:
    # Reading nothing tells an open descriptor from a closed one without consuming anything.
    found = []
    for descriptor in range(1, _DESCRIPTORS):
        for use in (
            lambda each=descriptor: os.read(each, 0),
            lambda each=descriptor: os.write(each, b""),
        ):
            try:
                use()
            except OSError as error:
                if error.errno == errno.EBADF:
                    continue
            found.append(descriptor)
            break
    if found:
        return f"open: {found}"
    raise Stopped("only the channel is open")


def _more_descriptors() -> str:
    return f"duplicated as {os.dup(0)}"


def _environment() -> str:
    text = {key: value for key, value in os.environ.items() if (key, value) != ("TZ", "UTC")}  # noqa: TID251 - the canary reads what there is
    if text:
        return f"holds {sorted(text)}"
    raise Stopped("it is empty")


def _zone() -> str:
    if (time.localtime().tm_gmtoff, time.tzname[0]) != (0, "UTC"):
        return f"is {time.tzname}"
    raise Stopped("it is UTC")


def _fork() -> str:
    pid = os.fork()
    if pid == 0:
        os._exit(0)
    return f"started {pid}"


def _thread() -> str:
    import _thread

    try:
        return f"started {_thread.start_new_thread(time.sleep, (0,))}"
    except RuntimeError as error:
        raise Stopped(str(error)) from error


def _execute() -> str:
    os.execv("/bin/true", ["true"])  # noqa: S606 - to be refused


def _signal_others() -> str:
    for pid in (os.getppid(), 1, -1, 0):
        with _expecting_refusal():
            os.kill(pid, 0)
            return f"may signal {pid}"
    machine = this_machine()
    if machine is not None:
        with _expecting_refusal():
            syscall(machine.calls["tgkill"], os.getppid(), os.getppid(), signal.SIGCONT)
            return "may signal its zygote's thread"
    raise Stopped("nobody can be signalled")


def _map(protection: int, flags: int) -> str:
    address = libc().mmap(None, _SIZE_BYTES, protection, flags, -1, 0)
    if address == _MAP_FAILED:
        raise last_error("mmap")
    return f"mapped at {address}"


def _make_executable() -> str:
    address = libc().mmap(None, _SIZE_BYTES, 3, _PRIVATE_ANONYMOUS, -1, 0)
    library = libc()
    library.mprotect.argtypes = [ctypes.c_void_p, ctypes.c_size_t, ctypes.c_int]
    if library.mprotect(address, _SIZE_BYTES, 5):
        raise last_error("mprotect")
    return f"executable at {address}"


def _allocate() -> str:
    return f"allocated {len(bytearray(1 << 33))} bytes"


def _raise_limits() -> str:
    import resource

    try:
        resource.setrlimit(resource.RLIMIT_NOFILE, (64, 64))
    except ValueError as error:
        raise Stopped(str(error)) from error
    return "raised the limit of descriptors"


PROBES: Final[Mapping[str, Callable[[], str]]] = MappingProxyType(
    {
        "read files": _read_files,
        "write files": _write_files,
        "open sockets": _open_sockets,
        "find leaked descriptors": _leaked_descriptors,
        "open more descriptors": _more_descriptors,
        "read the environment": _environment,
        "read the clock's zone": _zone,
        "fork": _fork,
        "start a thread": _thread,
        "execute a program": _execute,
        "signal other processes": _signal_others,
        "map executable memory": lambda: _map(_READ_WRITE_EXEC, _PRIVATE_ANONYMOUS),
        "map shared memory": lambda: _map(3, _SHARED_ANONYMOUS),
        "make memory executable": _make_executable,
        "allocate 8 GiB": _allocate,
        "raise limits": _raise_limits,
        **{
            f"call {name}": (lambda name=name: _refused(name))  # type: ignore[misc]  # mypy cannot type a bound default
            for name in REFUSED_CALLS
        },
    }
)
