"""The demonstration, run as a person runs it."""

import os
import subprocess
import sys
import tempfile
from pathlib import Path

TREE = Path(__file__).resolve().parents[3]


def test_the_demonstration_tells_its_story_and_leaves_nothing_behind(tmp_path: Path) -> None:
    # Short, because unix sockets lie below it.
    with tempfile.TemporaryDirectory(prefix="kd") as folder:
        done = subprocess.run(
            [sys.executable, "-P", "-m", "api.cli", "demo", "--once"],
            cwd=tmp_path,
            env={
                "PATH": os.defpath,
                "HOME": str(tmp_path),
                "TMPDIR": folder,
                "PYTHONPATH": str(TREE),
                "COLUMNS": "120",
            },
            capture_output=True,
            text=True,
            timeout=150,
            check=False,
        )
        left = list(Path(folder).iterdir())

    told = [" ".join(line.split()) for line in done.stdout.splitlines()]
    assert (done.returncode, done.stderr, left) == (0, "", [])
    assert [
        line.partition(" █")[0] for line in told if line.startswith(("Receive", "Finalize"))
    ] == [
        "Receive 179 2",
        "Finalize 176 0",
        "Receive 120 0",
        "Finalize 117 0",
        "Receive 180 0",
        "Finalize 171 0",
    ]
    assert "record 11: Transformation, line 4: JavaScript: Error: a contact without a name" in told
    assert "record 76: Receive: the user ID in `customer_id` is empty" in told
    assert any(line.startswith("463 identities are 237 people, ") for line in told)
    assert "made of 5006, C-0106, 900106" in told
