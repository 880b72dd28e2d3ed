"""On a system without our walls, modules import and functions are refused by name."""

import subprocess
import sys
from pathlib import Path

import runtime

# What Windows lacks, as far as it can be taken away from here.
ELSEWHERE = """
import os, select, signal, socket, sys
import random, uuid, zoneinfo  # they ask what system they are on
sys.platform = "win32"
for name in ("resource", "fcntl", "pwd", "grp"):
    sys.modules[name] = None
for module, names in {
    os: ("fork", "memfd_create", "pidfd_open", "getppid", "geteuid", "WIFSIGNALED", "readv", "chroot"),
    select: ("poll", "epoll", "POLLIN", "POLLOUT"),
    signal: ("SIGKILL", "SIGHUP", "pidfd_send_signal"),
    socket: ("AF_UNIX", "MSG_NOSIGNAL", "send_fds", "recv_fds", "SOCK_SEQPACKET"),
}.items():
    for name in names:
        if hasattr(module, name):
            delattr(module, name)
import ctypes
ctypes.CDLL = None
from runtime.errors import WallsMissingError
from runtime.limits import Limits
from runtime.sandbox import attest, guest, guest_python, host, lockdown, runner, zygote_main
from runtime.sandbox.interface import Language
from runtime.sandbox.zygote import Zygote
try:
    host.open_guest(Zygote(Language.PYTHON), Limits())
except WallsMissingError as error:
    print(error.missing)
"""


def test_modules_import_and_functions_are_refused() -> None:
    root = Path(runtime.__file__).parents[1]
    result = subprocess.run(
        [sys.executable, "-c", ELSEWHERE], cwd=root, capture_output=True, text=True, check=False
    )
    assert (result.stdout, result.stderr) == ("('seccomp filter',)\n", "")
