import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]

# In a process of its own: it changes the allocator and the collector.
PROGRAM = """
import gc, resource
from runtime.memory import NEW_OBJECTS, keep_freed_memory, look_for_cycles_rarely

def faults():
    return resource.getrusage(resource.RUSAGE_SELF).ru_minflt

def use():
    before = faults()
    for _ in range(20):
        bytes(bytearray(2_000_000))
    return faults() - before

before = use()
kept = keep_freed_memory()
use()
after = use()
look_for_cycles_rarely()
print(kept, before, after, gc.get_threshold()[0] == NEW_OBJECTS, gc.get_freeze_count() > 0)
"""


def test_buffers_of_batches_are_not_taken_from_the_kernel_again_and_again() -> None:
    done = subprocess.run(
        [sys.executable, "-c", PROGRAM], cwd=ROOT, capture_output=True, text=True, check=True
    )
    kept, before, after, rarely, frozen = done.stdout.split()
    assert (rarely, frozen) == ("True", "True")
    if kept == "True":  # glibc's allocator is there
        assert int(after) <= int(before)
        assert int(after) < 2_000
