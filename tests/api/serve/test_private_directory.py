"""Directories of services that were killed go when the next one starts; those of others stay."""

import os
import signal
import socket
import subprocess
import sys
from pathlib import Path

import pytest

from api.serve.private_directory import PREFIX, PrivateDirectory, sweep
from tests.architecture.tree import ROOT

OWN = """
import sys
from pathlib import Path
from api.serve.private_directory import PrivateDirectory
print(PrivateDirectory(Path(sys.argv[1])).path, flush=True)
sys.stdin.read()
"""


def _killed(parent: Path) -> Path:
    """Give the directory of a process that was killed."""
    process = subprocess.Popen(
        [sys.executable, "-P", "-c", OWN, str(parent)],
        env={"PYTHONPATH": str(ROOT)},
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    )
    with process:
        assert process.stdout is not None
        made = Path(process.stdout.readline().strip())
        assert sweep(parent) == 0
        process.send_signal(signal.SIGKILL)
    return made


def _listen(path: Path) -> None:
    with socket.socket(socket.AF_UNIX) as listening:
        listening.bind(str(path))


def test_only_its_user_can_enter_a_directory(tmp_path: Path) -> None:
    made = PrivateDirectory(tmp_path)
    try:
        assert made.path.stat().st_mode & 0o777 == 0o700
        assert made.path.name.startswith(PREFIX)
        assert len(os.fsencode(made.path.name)) < 30
    finally:
        made.remove()


def test_a_directory_is_removed_with_its_sockets(tmp_path: Path) -> None:
    made = PrivateDirectory(tmp_path)
    _listen(made.path / "runtime")
    made.remove()

    assert list(tmp_path.iterdir()) == []


def test_a_directory_in_use_is_nobodys_to_sweep(tmp_path: Path) -> None:
    made = PrivateDirectory(tmp_path)

    assert sweep(tmp_path) == 0
    assert made.path.is_dir()
    made.remove()


def test_what_a_killed_process_left_is_swept_by_the_next(tmp_path: Path) -> None:
    left = _killed(tmp_path)
    _listen(left / "runtime")
    used = PrivateDirectory(tmp_path)

    assert sweep(tmp_path) == 1
    assert list(tmp_path.iterdir()) == [used.path]
    assert sweep(tmp_path) == 0
    used.remove()


@pytest.mark.parametrize("name", ["notes.txt", "owner.new"])
def test_a_directory_with_something_else_in_it_stays(tmp_path: Path, name: str) -> None:
    left = _killed(tmp_path)
    (left / name).write_text("mine")

    assert sweep(tmp_path) == 0
    assert (left / name).read_text() == "mine"


def test_what_only_looks_like_ours_stays(tmp_path: Path) -> None:
    elsewhere = tmp_path / "elsewhere"
    elsewhere.mkdir()
    (elsewhere / "owner").touch()
    (tmp_path / f"{PREFIX}link").symlink_to(elsewhere)
    (tmp_path / f"{PREFIX}file").touch()
    (tmp_path / f"{PREFIX}new").mkdir()
    linked = tmp_path / f"{PREFIX}linked"
    linked.mkdir()
    (linked / "owner").symlink_to(elsewhere / "owner")

    assert sweep(tmp_path) == 0
    assert (elsewhere / "owner").exists()
    assert linked.is_dir()
