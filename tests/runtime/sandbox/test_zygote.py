"""The life of zygotes and guests: nobody outlives the host, nothing is left behind."""

import gc
import os
import signal
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

import runtime
from runtime.errors import GuestLostError
from runtime.limits import Limits
from runtime.sandbox.host import open_guest
from runtime.sandbox.interface import Language
from runtime.sandbox.zygote import Zygote
from tests.runtime.lives import children, is_alive


def eventually(condition: Callable[[], bool], seconds: float = 20) -> bool:
    deadline = time.monotonic() + seconds
    while not condition():
        if time.monotonic() > deadline:
            return False
        time.sleep(0.01)
    return True


def descriptors() -> list[str]:
    return sorted(path.name for path in Path("/proc/self/fd").iterdir())


def pid_of(zygote: Zygote) -> int:
    zygote.start()
    assert zygote.pid is not None
    return zygote.pid


def test_a_guest_is_a_child_of_its_zygote(zygote: Zygote, limits: Limits) -> None:
    with open_guest(zygote, limits) as guest:
        assert guest.pid in children(pid_of(zygote))
    assert guest.ended
    assert guest.pid not in children(pid_of(zygote))


def test_guests_are_processes_of_their_own(zygote: Zygote, limits: Limits) -> None:
    with open_guest(zygote, limits) as one, open_guest(zygote, limits) as other:
        assert one.pid != other.pid
        assert one.walls == other.walls


def test_a_closed_guest_reports_its_end_once(zygote: Zygote, limits: Limits) -> None:
    guest = open_guest(zygote, limits)
    ending = guest.close()
    assert ending is not None
    assert ending.status == signal.SIGKILL
    assert guest.close() is None


def test_a_zygote_has_one_thread_and_no_environment(zygote: Zygote) -> None:
    pid = pid_of(zygote)
    assert len(list(Path(f"/proc/{pid}/task").iterdir())) == 1
    environment = Path(f"/proc/{pid}/environ").read_bytes()
    assert b"PATH=" not in environment
    assert b"HOME=" not in environment


def test_a_zygote_holds_only_its_own_descriptors(zygote: Zygote, limits: Limits) -> None:
    folder = Path(f"/proc/{pid_of(zygote)}/fd")
    before = sorted(path.name for path in folder.iterdir())
    for _ in range(5):
        open_guest(zygote, limits).close()
    assert sorted(path.name for path in folder.iterdir()) == before


def test_a_killed_zygote_is_replaced_and_takes_its_guests_along(
    language: Language, limits: Limits
) -> None:
    with Zygote(language, start_seconds=60) as zygote:
        guest = open_guest(zygote, limits)
        first = pid_of(zygote)
        os.kill(first, signal.SIGKILL)
        assert eventually(lambda: not is_alive(guest.pid))
        assert guest.close() is None
        with open_guest(zygote, limits) as other:
            assert pid_of(zygote) != first
            assert is_alive(other.pid)


def test_closing_a_zygote_ends_its_guests(language: Language, limits: Limits) -> None:
    zygote = Zygote(language, start_seconds=60)
    guests = [open_guest(zygote, limits) for _ in range(3)]
    pid = pid_of(zygote)
    zygote.close()
    assert not is_alive(pid)
    assert eventually(lambda: not any(is_alive(guest.pid) for guest in guests))
    for guest in guests:
        guest.close()
    with pytest.raises(GuestLostError):
        open_guest(zygote, limits)


def test_a_host_that_dies_leaves_nobody_behind() -> None:
    script = (
        "import os, signal\n"
        "from runtime.limits import Limits\n"
        "from runtime.sandbox.host import open_guest\n"
        "from runtime.sandbox.interface import Language\n"
        "from runtime.sandbox.zygote import Zygote\n"
        "zygotes = [Zygote(language, start_seconds=60) for language in Language]\n"
        "guests = [open_guest(each, Limits(start_seconds=60)) for each in zygotes]\n"
        "print(*[each.pid for each in zygotes], *[each.pid for each in guests], flush=True)\n"
        "os.kill(os.getpid(), signal.SIGKILL)\n"
    )
    root = str(Path(runtime.__file__).parents[1])
    result = subprocess.run(
        [sys.executable, "-c", script], cwd=root, capture_output=True, text=True, check=False
    )
    assert result.returncode == -signal.SIGKILL, result.stderr
    pids = [int(each) for each in result.stdout.split()]
    assert len(pids) == 4
    assert eventually(lambda: not any(map(is_alive, pids)))


def test_a_guest_that_nobody_reaps_is_no_zombie_for_long(zygote: Zygote, limits: Limits) -> None:
    guest = open_guest(zygote, limits)
    os.kill(guest.pid, signal.SIGKILL)
    assert eventually(lambda: guest.pid not in children(pid_of(zygote)))
    ending = guest.close()
    assert ending is not None
    assert ending.status == signal.SIGKILL


def test_threads_share_a_zygote(zygote: Zygote, limits: Limits) -> None:
    barrier = threading.Barrier(4)

    def live(_: int) -> int:
        barrier.wait()
        with open_guest(zygote, limits) as guest:
            return guest.pid

    with ThreadPoolExecutor(4) as threads:
        assert len(set(threads.map(live, range(4)))) == 4


def test_guests_leave_nothing_behind(zygote: Zygote, limits: Limits) -> None:
    open_guest(zygote, limits).close()
    gc.collect()
    before = descriptors()
    for _ in range(10):
        open_guest(zygote, limits).close()
    gc.collect()
    assert descriptors() == before
    assert children(pid_of(zygote)) == []
    folders = Path(tempfile.gettempdir())
    assert list(folders.glob(f"kiln-zygote-{zygote.pid}-*")) == []


def test_a_zygote_that_cannot_start_says_why(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("runtime.sandbox.zygote._START", "import sys; sys.exit(1)")
    with pytest.raises(GuestLostError, match="zygote is gone"):
        Zygote(Language.PYTHON, start_seconds=60).start()
