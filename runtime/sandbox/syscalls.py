"""The numbers of system calls on the machines that we know, from the kernel's own headers."""

import platform
from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Final


@dataclass(frozen=True, slots=True, kw_only=True)
class Machine:
    """A processor: how the kernel names it to filters, and the numbers of its calls."""

    audit: int
    """`AUDIT_ARCH_*` of linux/audit.h."""

    foreign_bit: int
    """What marks the calls of a second table; zero if there is none."""

    calls: Mapping[str, int]


# name: x86-64, arm64 (which never had the calls that others replaced).
_USED: Final[dict[str, tuple[int, int | None]]] = {
    "read": (0, 63),
    "write": (1, 64),
    "readv": (19, 65),
    "close": (3, 57),
    "mmap": (9, 222),
    "mprotect": (10, 226),
    "pkey_mprotect": (329, 288),
    "munmap": (11, 215),
    "brk": (12, 214),
    "mremap": (25, 216),
    "madvise": (28, 233),
    "rt_sigaction": (13, 134),
    "rt_sigprocmask": (14, 135),
    "rt_sigreturn": (15, 139),
    "sigaltstack": (131, 132),
    "sched_yield": (24, 124),
    "nanosleep": (35, 101),
    "clock_nanosleep": (230, 115),
    "clock_gettime": (228, 113),
    "clock_getres": (229, 114),
    "gettimeofday": (96, 169),
    "time": (201, None),
    "getpid": (39, 172),
    "gettid": (186, 178),
    "futex": (202, 98),
    "exit": (60, 93),
    "exit_group": (231, 94),
    "set_robust_list": (273, 99),
    "rseq": (334, 293),
    "getrandom": (318, 278),
    "restart_syscall": (219, 128),
    "sched_getaffinity": (204, 123),
    "getcpu": (309, 168),
    "membarrier": (324, 283),
    "getrusage": (98, 165),
    "tgkill": (234, 131),
    "clone": (56, 220),
    "clone3": (435, 435),
    "prctl": (157, 167),
    "seccomp": (317, 277),
    "capset": (126, 91),
    "landlock_create_ruleset": (444, 444),
    "landlock_restrict_self": (446, 446),
    "unshare": (272, 97),
}

# Calls that canaries make and that must never reach the kernel.
_REFUSED: Final[dict[str, tuple[int, int | None]]] = {
    "execve": (59, 221),
    "execveat": (322, 281),
    "kill": (62, 129),
    "tkill": (200, 130),
    "open": (2, None),
    "openat": (257, 56),
    "openat2": (437, 437),
    "socket": (41, 198),
    "socketpair": (53, 199),
    "connect": (42, 203),
    "ptrace": (101, 117),
    "process_vm_readv": (310, 270),
    "pidfd_open": (434, 434),
    "memfd_create": (319, 279),
    "io_uring_setup": (425, 425),
    "bpf": (321, 280),
    "perf_event_open": (298, 241),
    "userfaultfd": (323, 282),
    "keyctl": (250, 219),
    "add_key": (248, 217),
    "mount": (165, 40),
    "setns": (308, 268),
    "chroot": (161, 51),
    "setuid": (105, 146),
    "setresuid": (117, 147),
    "dup": (32, 23),
    "pipe2": (293, 59),
    "shmget": (29, 194),
    "msgget": (68, 186),
    "semget": (64, 190),
    "prlimit64": (302, 261),
    "inotify_init1": (294, 26),
    "eventfd2": (290, 19),
    "timerfd_create": (283, 85),
    "signalfd4": (289, 74),
    "epoll_create1": (291, 20),
    "personality": (135, 92),
    "kexec_load": (246, 104),
    "reboot": (169, 142),
    "sethostname": (170, 161),
    "clock_settime": (227, 112),
    "settimeofday": (164, 170),
    "init_module": (175, 105),
    "getdents64": (217, 61),
    "readlinkat": (267, 78),
    "mknodat": (259, 33),
    "mkdirat": (258, 34),
    "unlinkat": (263, 35),
    "renameat2": (316, 276),
    "symlinkat": (266, 36),
    "name_to_handle_at": (303, 264),
    "sched_setaffinity": (203, 122),
    "setpriority": (141, 140),
    "iopl": (172, None),
    "quotactl": (179, 60),
    "swapon": (167, 224),
    "acct": (163, 89),
    "syslog": (103, 116),
    "pivot_root": (155, 41),
    "fanotify_init": (300, 262),
    "memfd_secret": (447, 447),
    "landlock_add_rule": (445, 445),
    "process_madvise": (440, 440),
    "pidfd_getfd": (438, 438),
    "capget": (125, 90),
    "ioctl": (16, 29),
    "fcntl": (72, 25),
    "sendmsg": (46, 211),
    "recvmsg": (47, 212),
}

_TABLE: Final = _USED | _REFUSED
REFUSED_CALLS: Final = tuple(_REFUSED)


def _calls(column: int) -> Mapping[str, int]:
    numbers = {name: row[column] for name, row in _TABLE.items()}
    return MappingProxyType({name: nr for name, nr in numbers.items() if nr is not None})


MACHINES: Final[Mapping[str, Machine]] = MappingProxyType(
    {
        # The x32 table has bit 30 set and reaches the same calls.
        "x86_64": Machine(audit=0xC000003E, foreign_bit=0x40000000, calls=_calls(0)),
        "aarch64": Machine(audit=0xC00000B7, foreign_bit=0, calls=_calls(1)),
    }
)


def this_machine() -> Machine | None:
    """The processor we run on, or none if its numbers are not here."""
    return MACHINES.get(platform.machine())
