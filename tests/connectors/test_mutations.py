"""Damaged files are read or refused, and never end the process that reads them."""

import re
import subprocess
import sys

import pytest

from tests.architecture.tree import ROOT
from tests.connectors.mutations import KINDS

COUNT = 80
SECONDS = 100


@pytest.mark.parametrize("kind", KINDS)
def test_a_damaged_file_is_read_or_refused(kind: str) -> None:
    done = subprocess.run(
        [sys.executable, "-m", "tests.connectors.mutations", kind, "--count", str(COUNT)],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=False,
        timeout=SECONDS,
    )

    assert done.returncode == 0, done.stderr[-2_000:]
    counted = re.fullmatch(r"(\d+) read, (\d+) refused\n", done.stdout)
    assert counted is not None
    assert int(counted[1]) + int(counted[2]) == COUNT
    assert int(counted[2]) > 0
