"""The filter of system calls: a policy as data, assembled for a machine, installed for good."""

import ctypes
import errno
import struct
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Final

from runtime.sandbox.kernel import last_error, libc
from runtime.sandbox.syscalls import Machine

# linux/bpf_common.h
_LOAD_WORD: Final = 0x20
_AND: Final = 0x54
_JUMP_EQUAL: Final = 0x15
_JUMP_AT_LEAST: Final = 0x35
_RETURN: Final = 0x06

# linux/seccomp.h
ALLOW: Final = 0x7FFF0000
KILL_PROCESS: Final = 0x80000000
_ERRNO: Final = 0x00050000
_SET_MODE_FILTER: Final = 1
_FLAG_TSYNC: Final = 1
_NUMBER_OFFSET: Final = 0
_MACHINE_OFFSET: Final = 4
_ARGUMENTS_OFFSET: Final = 16

# asm-generic/mman-common.h
_PROT_EXEC: Final = 0x4
_MAP_SHARED: Final = 0x1
_MAP_GROWSDOWN: Final = 0x100

_SIGABRT: Final = 6
_WHOLE: Final = 0xFFFFFFFF


def refuse(code: int) -> int:
    return _ERRNO | code


@dataclass(frozen=True, slots=True)
class Bits:
    """The low word of an argument, of which the masked bits must equal a value."""

    argument: int
    mask: int
    value: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Policy:
    """What may be called, what may be called so, and how the rest is answered."""

    allowed: tuple[str, ...]
    conditional: Mapping[str, tuple[Bits, ...]]
    refused: Mapping[str, int]
    """Calls that get another answer than `otherwise`."""

    otherwise: int = refuse(errno.EPERM)


_COMPUTE: Final = (
    # The most frequent first: a filter is read from the top.
    "futex", "read", "write", "readv", "munmap", "madvise", "brk", "mremap", "getrandom",
    "clock_gettime", "gettimeofday", "time", "clock_getres", "nanosleep", "clock_nanosleep",
    "rt_sigaction", "rt_sigprocmask", "rt_sigreturn", "sigaltstack", "sched_yield", "restart_syscall",
    "getpid", "gettid", "sched_getaffinity", "getcpu", "getrusage", "membarrier", "rseq",
    "set_robust_list", "close", "exit", "exit_group",
)  # fmt: skip


def guest_policy(pid: int) -> Policy:
    """What a locked guest needs to compute, and nothing else (traced on CPython and V8).

    Executable memory is refused to both: V8 has mapped its own when the filter comes. Shared and
    downward-growing mappings are refused because RLIMIT_DATA does not count them.
    """
    never_executable = Bits(2, _PROT_EXEC, 0)
    return Policy(
        allowed=_COMPUTE,
        conditional={
            "mmap": (never_executable, Bits(3, _MAP_SHARED | _MAP_GROWSDOWN, 0)),
            "mprotect": (never_executable,),
            "pkey_mprotect": (never_executable,),
            # `abort` signals the process itself. Nobody else may be signalled, and no other signal
            # be sent: a guest that killed itself would pass for one that was killed from outside.
            "tgkill": (Bits(0, _WHOLE, pid), Bits(2, _WHOLE, _SIGABRT)),
        },
        # The C library then falls back on `clone`, which is refused like the rest.
        refused={"clone3": errno.ENOSYS},
    )


def assemble(machine: Machine, policy: Policy) -> bytes:
    """Write a policy as a program of the kernel's filter machine."""
    return b"".join(_program(machine, policy))


def _program(machine: Machine, policy: Policy) -> Iterator[bytes]:
    yield _load(_MACHINE_OFFSET)
    yield _instruction(_JUMP_EQUAL, machine.audit, 1, 0)
    yield _return(KILL_PROCESS)
    yield _load(_NUMBER_OFFSET)
    if machine.foreign_bit:
        yield _instruction(_JUMP_AT_LEAST, machine.foreign_bit, 0, 1)
        yield _return(KILL_PROCESS)
    for name in policy.allowed:
        if name in machine.calls:
            yield from _when(machine.calls[name], [_return(ALLOW)])
    for name, conditions in policy.conditional.items():
        if name in machine.calls:
            yield from _when(machine.calls[name], [*_checks(conditions, policy.otherwise)])
    for name, code in policy.refused.items():
        if name in machine.calls:
            yield from _when(machine.calls[name], [_return(refuse(code))])
    yield _return(policy.otherwise)


def _when(number: int, body: list[bytes]) -> Iterator[bytes]:
    yield _instruction(_JUMP_EQUAL, number, 0, len(body))
    yield from body


def _checks(conditions: tuple[Bits, ...], otherwise: int) -> Iterator[bytes]:
    for bits in conditions:
        yield _load(_ARGUMENTS_OFFSET + 8 * bits.argument)  # little-endian: the low word first
        yield _instruction(_AND, bits.mask)
        yield _instruction(_JUMP_EQUAL, bits.value, 1, 0)
        yield _return(otherwise)
    yield _return(ALLOW)


def _load(offset: int) -> bytes:
    return _instruction(_LOAD_WORD, offset)


def _return(action: int) -> bytes:
    return _instruction(_RETURN, action)


def _instruction(code: int, operand: int, if_true: int = 0, if_false: int = 0) -> bytes:
    return struct.pack("=HBBI", code, if_true, if_false, operand)


class _Program(ctypes.Structure):
    """`struct sock_fprog`."""

    _fields_ = (("length", ctypes.c_ushort), ("filter", ctypes.c_void_p))


def install(machine: Machine, program: bytes) -> None:
    """Put every thread of this process behind a program; needs no-new-privileges."""
    buffer = ctypes.create_string_buffer(program, len(program))
    argument = _Program(len(program) // 8, ctypes.addressof(buffer))
    # A positive answer is the thread that could not be put behind it.
    answer = libc().syscall(
        ctypes.c_long(machine.calls["seccomp"]),
        ctypes.c_long(_SET_MODE_FILTER),
        ctypes.c_long(_FLAG_TSYNC),
        ctypes.byref(argument),
    )
    if answer < 0:
        raise last_error("seccomp")
    if answer > 0:
        raise OSError(errno.EBUSY, f"seccomp: thread {answer} stays outside")
