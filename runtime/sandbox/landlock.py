"""Landlock: this thread and what it starts lose files, TCP, and the processes around them."""

import ctypes
import errno
import os
import struct
from typing import Final

from runtime.sandbox.kernel import syscall
from runtime.sandbox.syscalls import Machine

_VERSION_FLAG: Final = 1

# linux/landlock.h: each version adds rights of file systems; a ruleset may only name known ones.
_FILE_RIGHTS: Final = {1: 13, 2: 14, 3: 15, 4: 15}
_FILE_RIGHTS_SINCE_5: Final = 16
_NETWORK_SINCE: Final = 4
_TCP_BIND_AND_CONNECT: Final = 3
_SCOPES_SINCE: Final = 6
_ABSTRACT_SOCKETS_AND_SIGNALS: Final = 3


def restrict(machine: Machine) -> int:
    """Refuse everything that the kernel's Landlock knows; gives its version, zero without it.

    It holds for the calling thread and its descendants, so it comes before any other thread.
    """
    create = machine.calls["landlock_create_ruleset"]
    try:
        version = syscall(create, 0, 0, _VERSION_FLAG)
    except OSError as error:
        if error.errno in {errno.ENOSYS, errno.EOPNOTSUPP, errno.EPERM}:
            return 0
        raise
    files = (1 << _FILE_RIGHTS.get(version, _FILE_RIGHTS_SINCE_5)) - 1
    network = _TCP_BIND_AND_CONNECT if version >= _NETWORK_SINCE else 0
    scopes = _ABSTRACT_SOCKETS_AND_SIGNALS if version >= _SCOPES_SINCE else 0
    known = 24 if version >= _SCOPES_SINCE else 16 if version >= _NETWORK_SINCE else 8
    attributes = struct.pack("=QQQ", files, network, scopes)
    buffer = ctypes.create_string_buffer(attributes, len(attributes))
    ruleset = syscall(create, buffer, known, 0)
    try:
        syscall(machine.calls["landlock_restrict_self"], ruleset, 0)
    finally:
        os.close(ruleset)
    return version
