"""The walls, the engine and its exact blame once more, where the runtime is not root itself."""

import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

import runtime
from tests.runtime.sandbox.test_lockdown import NOBODY, reachable_python

ROOT = Path(runtime.__file__).parents[1]
PARTS = (
    "tests/runtime/sandbox/test_lockdown.py",
    "tests/runtime/sandbox/test_outside.py",
    "tests/runtime/test_walls.py",
    "tests/runtime/test_engine.py::test_of_a_thousand_records_only_the_bad_ones_are_rejected",
)
ROOT_ONLY = 2
"""Tests among them that look into guests, which only root may."""

pytestmark = pytest.mark.timeout(300)


def test_what_holds_for_root_holds_for_an_unprivileged_user(tmp_path: Path) -> None:
    if os.geteuid() != 0:
        pytest.skip("every other test runs unprivileged already")
    tmp_path.chmod(0o777)
    paths = [str(ROOT), *(path for path in sys.path if Path(path).is_absolute())]
    done = subprocess.run(
        [reachable_python(), "-m", "pytest", "-n", "0", "-q", "-p", "no:cacheprovider", *PARTS],
        cwd=ROOT,
        env={
            "PYTHONPATH": os.pathsep.join(paths),
            "PYTHONDONTWRITEBYTECODE": "1",
            "HYPOTHESIS_STORAGE_DIRECTORY": str(tmp_path),
        },
        capture_output=True,
        text=True,
        check=False,
        user=NOBODY,
        group=NOBODY,
        extra_groups=[],
    )
    assert done.returncode == 0, done.stdout[-5000:] + done.stderr[-2000:]
    told = re.search(r"(\d+) passed, (\d+) skipped", done.stdout)
    assert told is not None, done.stdout[-1000:]
    assert int(told[1]) > 100
    assert int(told[2]) == ROOT_ONLY
