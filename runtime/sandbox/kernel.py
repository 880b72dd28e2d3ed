"""System calls that Python does not offer, through the C library."""

import ctypes
import errno
import functools
import os
from typing import Final

PAGE_BYTES: Final = 4096
"""The size of the shared page; a page of any kernel is a multiple of it."""

_PROT_READ: Final = 1
_PROT_WRITE: Final = 2
_MAP_SHARED: Final = 1
_MAP_FIXED: Final = 16
_MAP_FAILED: Final = ctypes.c_void_p(-1).value


@functools.cache
def libc() -> ctypes.CDLL:
    """The C library of this process; looked up late, since not every system has one to open."""
    library = ctypes.CDLL(None, use_errno=True)
    library.prctl.argtypes = [ctypes.c_int, *[ctypes.c_ulong] * 4]
    library.syscall.restype = ctypes.c_long
    library.mmap.restype = ctypes.c_void_p
    library.mmap.argtypes = [
        ctypes.c_void_p,
        ctypes.c_size_t,
        ctypes.c_int,
        ctypes.c_int,
        ctypes.c_int,
        ctypes.c_long,
    ]
    return library


def prctl(option: int, *arguments: int) -> None:
    padded = (*arguments, 0, 0, 0, 0)[:4]
    if libc().prctl(option, *padded) < 0:
        raise last_error("prctl")


def syscall(number: int, *arguments: int | ctypes.Array[ctypes.c_char]) -> int:
    """Make a call by number; raises what the kernel answered."""
    passed = [ctypes.c_long(each) if isinstance(each, int) else each for each in arguments]
    result: int = libc().syscall(ctypes.c_long(number), *passed)
    if result == -1:
        raise last_error(f"system call {number}")
    return result


def unshare(flags: int) -> None:
    if libc().unshare(flags):
        raise last_error("unshare")


def last_error(what: str) -> OSError:
    code = ctypes.get_errno() or errno.EINVAL
    return OSError(code, f"{what}: {os.strerror(code)}")


def map_page(descriptor: int, address: int | None = None) -> int:
    """Map the shared page, in place of what is at `address` if one is given."""
    flags = _MAP_SHARED | (_MAP_FIXED if address is not None else 0)
    found: int | None = libc().mmap(
        address, PAGE_BYTES, _PROT_READ | _PROT_WRITE, flags, descriptor, 0
    )
    if found is None or found == _MAP_FAILED:
        raise last_error("mmap")
    return found
