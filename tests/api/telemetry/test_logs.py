"""The logs of a process, which are set up once: so each test has a process."""

import json
import subprocess
import sys

from api.telemetry.logs import LogFormat
from tests.architecture.tree import ROOT

_PROGRAM = """
import logging
import structlog
from api.telemetry.logs import LogFormat, LogLevel, configure_logs
from api.telemetry.request_id import current_request_id

configure_logs(LogFormat({format!r}), LogLevel.INFO)
log = structlog.get_logger("api.test")
log.info("outside", number=1)
log.debug("too much")
current_request_id.set("abc")
log.warning("inside", words="h\\u00e9")
logging.getLogger("library").error("of a %s", "library")

def broken(password):
    raise ValueError("it broke")

try:
    broken("hunter2")
except ValueError:
    log.exception("failed")
print("done")
"""


def run(format_: LogFormat) -> list[str]:
    found = subprocess.run(
        [sys.executable, "-c", _PROGRAM.format(format=format_.value)],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=True,
        timeout=60,
    )
    assert found.stdout == "done\n"
    return found.stderr.splitlines()


def test_lines_are_json_with_the_id_of_the_request() -> None:
    lines = [json.loads(line) for line in run(LogFormat.JSON)]

    assert [{**each, "timestamp": ""} for each in lines[:3]] == [
        {
            "event": "outside",
            "number": 1,
            "logger": "api.test",
            "level": "info",
            "timestamp": "",
        },
        {
            "event": "inside",
            "words": "hé",
            "logger": "api.test",
            "level": "warning",
            "request_id": "abc",
            "timestamp": "",
        },
        {
            "event": "of a library",
            "logger": "library",
            "level": "error",
            "request_id": "abc",
            "timestamp": "",
        },
    ]
    assert all(each["timestamp"].endswith("Z") for each in lines)


def test_a_failure_is_told_without_the_values_of_variables() -> None:
    *_, failed = run(LogFormat.JSON)

    (error,) = json.loads(failed)["exception"]
    assert (error["exc_type"], error["exc_value"]) == ("ValueError", "it broke")
    assert [frame["name"] for frame in error["frames"]] == ["<module>", "broken"]
    assert "hunter2" not in failed


def test_people_get_text() -> None:
    lines = run(LogFormat.TEXT)

    assert "outside" in lines[0]
    assert "request_id" not in lines[0]
    assert "request_id=abc" in lines[1]
    assert not any("hunter2" in line and "ValueError" in line for line in lines)
