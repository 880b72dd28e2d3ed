import json
import subprocess
import sys
from pathlib import Path

import pytest

from runtime.logs import LogFormat

ROOT = Path(__file__).resolve().parents[2]
PROGRAM = """
import sys, structlog
from runtime.logs import LogFormat, LogLevel, configure_logs
configure_logs(LogFormat(sys.argv[1]), LogLevel.WARNING)
log = structlog.get_logger("test")
def fail(record): raise ValueError(len(record))
log.info("not this")
log.warning("this", number=1)
try:
    fail(sys.argv[2])
except ValueError as error:
    log.error("failed", incident="i1", exc_info=error)
"""


# In a process of its own: how logs are written cannot be taken back.
@pytest.mark.parametrize("form", LogFormat)
def test_failures_are_logged_without_the_records_in_hand(form: LogFormat) -> None:
    done = subprocess.run(
        [sys.executable, "-c", PROGRAM, form.value, "somebody@example.com"],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=True,
    )
    assert done.stdout == ""
    assert "ValueError" in done.stderr
    assert "somebody@example.com" not in done.stderr
    if form is LogFormat.JSON:
        lines = [json.loads(line) for line in done.stderr.splitlines()]
        assert [(each["event"], each["level"]) for each in lines] == [
            ("this", "warning"),
            ("failed", "error"),
        ]
        assert (lines[0]["number"], lines[1]["incident"]) == (1, "i1")
