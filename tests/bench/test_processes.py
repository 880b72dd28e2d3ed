"""The CPU time of all that a process started is counted with its own."""

import subprocess
import sys

from bench.processes import cpu_seconds

BURNING = """
import sys, time
while time.process_time() < 0.3:
    pass
print(flush=True)
sys.stdin.read()
"""


def test_the_time_of_a_child_counts_as_ours() -> None:
    before = cpu_seconds()
    command = [sys.executable, "-c", BURNING]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE) as child:
        assert child.stdout is not None
        child.stdout.readline()
        assert cpu_seconds() - before >= 0.3
