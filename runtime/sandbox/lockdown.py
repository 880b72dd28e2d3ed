"""The operating system's walls, put up in order around a process that will run users' code.

A guest passes three gates: `isolate` once in its zygote, `enter` after the fork, `seal` when its
engine stands. Only then does it see a source. Each wall that cannot be set is left out of the
report, which `Walls.missing` judges.
"""

import ctypes
import os
import re
import signal
import struct
import sys
import tempfile
from collections.abc import Callable
from dataclasses import dataclass
from typing import Final

from runtime.sandbox import landlock, seccomp
from runtime.sandbox.interface import Walls
from runtime.sandbox.kernel import prctl, syscall, unshare
from runtime.sandbox.syscalls import this_machine

if sys.platform != "win32":
    import resource

CHANNEL: Final = 0
"""The descriptor of a guest's end of the channel: with none other open, none can be opened."""

NOBODY: Final = 65534
"""The user and group that guests get where the runtime runs as root."""

# linux/prctl.h
_SET_PDEATHSIG: Final = 1
_SET_DUMPABLE: Final = 4
_CAPBSET_DROP: Final = 24
_SET_NO_NEW_PRIVS: Final = 38
_CAP_AMBIENT: Final = 47
_AMBIENT_CLEAR_ALL: Final = 4
_CAPABILITY_VERSION_3: Final = 0x20080522
_MAX_CAPABILITIES: Final = 64

# linux/sched.h
_NEW_USER: Final = 0x10000000
_NAMESPACES: Final = {
    "network": 0x40000000,
    "ipc": 0x08000000,
    "uts": 0x04000000,
    "mount": 0x00020000,
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Isolation:
    """What a zygote gives to all of its guests."""

    namespaces: tuple[str, ...]
    empty_root: int | None
    """An open folder that no longer has a name: nothing is in it and nothing can be put there."""


def isolate() -> Isolation:
    """Leave the machine's namespaces where that is allowed; guests inherit the empty ones.

    Here and not in each guest, because a network namespace costs milliseconds to make and to end.
    """
    wanted = sum(_NAMESPACES.values())
    names = tuple(_NAMESPACES)
    if not _done(lambda: unshare(wanted)):
        # Without privileges a user namespace may bring them, with no meaning outside. Root would
        # lose there the right to become nobody, which is worth more.
        alone = os.geteuid() != 0 and _done(lambda: unshare(wanted | _NEW_USER))
        names = ("user", *names) if alone else ()
    try:
        folder = tempfile.mkdtemp(prefix=f"kiln-zygote-{os.getpid()}-")
        empty_root = os.open(folder, os.O_PATH | os.O_DIRECTORY | os.O_CLOEXEC)
        os.rmdir(folder)  # noqa: PTH106 - a path object would bring its module into every guest
    except OSError:
        return Isolation(namespaces=names, empty_root=None)
    return Isolation(namespaces=names, empty_root=empty_root)


@dataclass(slots=True, kw_only=True)
class Lock:
    """One guest's walls while they go up."""

    walls: dict[str, object]
    status: int

    def seal(self, memory_bytes: int) -> Walls:
        """Close the last doors; from here on only computing is possible."""
        # After the engine's start, because V8 reserves far more than any guest may use.
        self._limit("memory_limit", "RLIMIT_DATA", data_bytes(self.status) + memory_bytes)
        os.closerange(CHANNEL + 1, _most_descriptors())
        self._limit("no_new_descriptors", "RLIMIT_NOFILE", CHANNEL + 1)
        # Counted per user: it refuses even where others of the same user run.
        self._limit("no_new_processes", "RLIMIT_NPROC", 0)
        machine = this_machine()
        if machine is not None:
            program = seccomp.assemble(machine, seccomp.guest_policy(os.getpid()))
            self.walls["seccomp"] = _done(lambda: seccomp.install(machine, program))
        return Walls(**self.walls)  # type: ignore[arg-type]  # the names are those of the fields

    def _limit(self, wall: str, name: str, value: int) -> None:
        self.walls[wall] = _done(
            lambda: resource.setrlimit(getattr(resource, name), (value, value))
        )


def enter(isolation: Isolation, page: int, zygote: int) -> Lock:
    """Put up the walls that an engine can start behind; `CHANNEL` and `page` stay open."""
    walls: dict[str, object] = {"namespaces": isolation.namespaces}
    _die_with(zygote)
    status = os.open("/proc/self/status", os.O_RDONLY | os.O_CLOEXEC)
    if isolation.empty_root is not None:
        walls["empty_root"] = _done(lambda: _enter_root(isolation.empty_root))
    _close_others({CHANNEL, page, status})
    if os.geteuid() == 0:
        walls["unprivileged_user"] = _done(_become_nobody)
    else:
        walls["unprivileged_user"] = os.geteuid() != 0
    walls["no_capabilities"] = _done(_drop_capabilities)
    # Changing the user clears the signal.
    walls["parent_death_signal"] = _done(lambda: _die_with(zygote))
    walls["not_dumpable"] = _done(lambda: prctl(_SET_DUMPABLE, 0))
    for name in ("RLIMIT_CORE", "RLIMIT_FSIZE", "RLIMIT_MEMLOCK", "RLIMIT_MSGQUEUE"):
        _done(lambda name=name: resource.setrlimit(getattr(resource, name), (0, 0)))  # type: ignore[misc]  # mypy cannot type a bound default
    walls["no_new_privileges"] = _done(lambda: prctl(_SET_NO_NEW_PRIVS, 1))
    machine = this_machine()
    if machine is not None:
        walls["landlock_version"] = landlock.restrict(machine)
    return Lock(walls=walls, status=status)


def data_bytes(status: int) -> int:
    """What RLIMIT_DATA counts of this process, from its open status file."""
    found = re.search(rb"VmData:\s+(\d+) kB", os.pread(status, 4096, 0))
    if found is None:
        raise OSError("/proc/self/status names no VmData")
    return int(found[1]) << 10


def _die_with(zygote: int) -> None:
    prctl(_SET_PDEATHSIG, signal.SIGKILL)
    if os.getppid() != zygote:  # it died before the signal was set
        os._exit(0)


def _enter_root(empty_root: int | None) -> None:
    if empty_root is not None:
        os.fchdir(empty_root)
        os.chroot(".")


def _become_nobody() -> None:
    # Capabilities can be dropped for good only while one of them is still there.
    for capability in range(_MAX_CAPABILITIES):
        if not _done(lambda capability=capability: prctl(_CAPBSET_DROP, capability)):  # type: ignore[misc]  # mypy cannot type a bound default
            break
    os.setgroups([])
    os.setresgid(NOBODY, NOBODY, NOBODY)
    os.setresuid(NOBODY, NOBODY, NOBODY)


def _drop_capabilities() -> None:
    _done(lambda: prctl(_CAP_AMBIENT, _AMBIENT_CLEAR_ALL))
    machine = this_machine()
    if machine is None:
        raise OSError("the numbers of this machine's system calls are unknown")
    header = ctypes.create_string_buffer(struct.pack("=Ii", _CAPABILITY_VERSION_3, 0), 8)
    syscall(machine.calls["capset"], header, ctypes.create_string_buffer(24))


def _close_others(kept: set[int]) -> None:
    start = 0
    for descriptor in sorted(kept):
        if start < descriptor:  # CPython hands an empty range at zero over as "all"
            os.closerange(start, descriptor)
        start = descriptor + 1
    os.closerange(start, _most_descriptors())


def _most_descriptors() -> int:
    # Far beyond what a zygote ever holds; the hard limit may be a billion.
    return int(min(resource.getrlimit(resource.RLIMIT_NOFILE)[0], 65_536))


def _done(step: Callable[[], object]) -> bool:
    """Tell whether a wall could be set: a system may lack any of them."""
    try:
        step()
    except (OSError, ValueError):
        return False
    return True
