"""The API and the worker as they are deployed: their lock and their packages, nothing else."""

import base64
import json
import queue
import re
import signal
import subprocess
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import IO, cast

import pytest

from tests.images import Image
from tests.images import image as built

START_SECONDS = 120.0
STOP_SECONDS = 60.0
KEY = base64.b64encode(bytes(range(32))).decode()
ABSENT = ("tests", "bench", "moto", "boto3", "openpyxl", "pytest", "orjson", "py_mini_racer")

# Where nothing is cached, the packages are fetched first.
pytestmark = pytest.mark.timeout(600)

PRESENT = """
import importlib.metadata, importlib.util, json, sys
names = sorted(each.name.lower().replace("_", "-").replace(".", "-") for each in importlib.metadata.distributions())
found = [name for name in sys.argv[1:] if importlib.util.find_spec(name) is not None]
print(json.dumps([names, found]))
"""


@pytest.fixture(scope="module")
def image() -> Iterator[Image]:
    with built("api") as made:
        yield made


@contextmanager
def started(
    image: Image, data: Path, told: str, *command: str, **environment: str
) -> Iterator[tuple[str, "subprocess.Popen[str]"]]:
    """Start the command of the image; gives the line that says that it works."""
    process = subprocess.Popen(
        [str(image.python), "-P", "-m", image.stage.module, *command],
        cwd="/",
        env={
            **image.stage.environment,
            "PATH": "/usr/bin:/bin",
            "HOME": str(data),
            "PYTHONPATH": str(image.packages),
            "PYTHONUNBUFFERED": "1",
            "PYTHONDONTWRITEBYTECODE": "1",
            "KILN_DATA_DIR": str(data),
            "KILN_LISTEN": "127.0.0.1:0",
            "KILN_SECRET_KEY": KEY,
            **environment,
        },
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        text=True,
    )
    lines: queue.SimpleQueue[str] = queue.SimpleQueue()

    def read() -> None:
        for line in cast("IO[str]", process.stdout):
            lines.put(line)
        lines.put("")

    reading = threading.Thread(target=read)
    reading.start()
    try:
        while not (line := lines.get(timeout=START_SECONDS)).startswith(told):
            assert line, f"it ended with {process.wait(STOP_SECONDS)}"
        yield line.strip(), process
    finally:
        process.send_signal(signal.SIGTERM)
        try:
            process.wait(STOP_SECONDS)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()
        reading.join(STOP_SECONDS)
        cast("IO[str]", process.stdout).close()


def test_the_image_holds_what_its_lock_names(image: Image) -> None:
    found = image.run("-c", PRESENT, *ABSENT)

    assert found.returncode == 0, found.stderr
    assert json.loads(found.stdout) == [image.locked(), []]


def test_the_image_serves_the_api_and_is_healthy(
    image: Image, database_url: str, runtime_with_functions: str, tmp_path: Path
) -> None:
    told = {"KILN_DATABASE_URL": database_url, "KILN_RUNTIME": runtime_with_functions}
    command = image.stage.command
    with started(image, tmp_path, "Kiln is at", *command, **told) as (line, process):
        python, *words = image.stage.health
        port = line.rpartition(":")[2]
        (asked,) = (word for word in words if ":8080" in word)
        words[words.index(asked)] = asked.replace(":8080", f":{port}")
        health = image.run(*words)
        refused = image.run(*words[:-1], words[-1].replace("/healthz", "/no-such"))

    assert python == "python"
    assert (health.returncode, health.stderr) == (0, "")
    assert refused.returncode != 0
    assert process.returncode == 0


def test_the_image_works(
    image: Image, database_url: str, runtime_with_functions: str, tmp_path: Path
) -> None:
    told = {"KILN_DATABASE_URL": database_url, "KILN_RUNTIME": runtime_with_functions}
    with started(image, tmp_path, "Kiln works.", "work", **told) as (_, process):
        assert process.poll() is None

    assert process.returncode == 0


def test_the_port_of_the_image_is_the_one_that_its_health_asks(image: Image) -> None:
    listened = image.stage.environment["KILN_LISTEN"].rpartition(":")[2]
    assert re.findall(r"127\.0\.0\.1:(\d+)", " ".join(image.stage.health)) == [listened]
