"""What a process takes is found while it lives, and in whose name it runs."""

import os
import subprocess
import sys
from pathlib import Path

from bench.usage import Family, Kind, Watch

SERVICE = """
import subprocess, sys
child = subprocess.Popen([sys.executable, "-c", sys.argv[1]])
print("ready", flush=True)
child.wait()
"""
BURNING = """
import sys, time
sys.stdin.readline()
held = bytearray(64 << 20)
while time.process_time() < 0.3:
    pass
print("burnt", flush=True)
sys.stdin.read()
"""


def test_a_child_of_the_service_is_the_runtime(tmp_path: Path) -> None:
    command = [sys.executable, "-c", SERVICE, BURNING]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE) as service:
        assert service.stdin is not None
        assert service.stdout is not None
        service.stdout.readline()
        family = Family(service=service.pid, servers=(tmp_path,))
        with Watch(family) as watch:
            service.stdin.write(b"begin\n")
            service.stdin.flush()
            service.stdout.readline()
        taken = watch.taken()
        kinds = sorted(kind for _, kind in family.members())
    assert kinds == [Kind.RUNTIME, Kind.SERVICE]
    assert taken.cpu_seconds[Kind.RUNTIME] >= 0.2
    assert taken.peak_bytes[Kind.RUNTIME] >= 64 << 20
    assert (taken.cpu_seconds[Kind.GUESTS], taken.cpu_seconds[Kind.POSTGRESQL]) == (0.0, 0.0)


def test_a_server_is_found_by_its_directory(tmp_path: Path) -> None:
    (tmp_path / "data").mkdir()
    (tmp_path / "data" / "postmaster.pid").write_text(f"{os.getpid()}\n/somewhere\n")

    members = Family(service=os.getpid(), servers=(tmp_path,)).members()

    assert (os.getpid(), Kind.POSTGRESQL) in members
