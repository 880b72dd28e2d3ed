"""The runtime as it is deployed: its lock and its two packages, nothing else of this project."""

import json
import os
import re
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest

import runtime
from runtime.sandbox.interface import Language

ROOT = Path(runtime.__file__).parents[1]
LOCK = ROOT / "requirements/runtime.lock"
PACKAGES = ("mapping_lang", "runtime")
ABSENT = ("api", "connectors", "warehouse", "litestar", "sqlalchemy", "psycopg", "httpx", "orjson")
RUN_SECONDS = 100

pytestmark = pytest.mark.timeout(400)  # where nothing is cached, the packages are fetched first

# As bin/setup: uv with what pip is configured with, and from any index; else pip itself.
INSTALL = """
set -euo pipefail
export UV_HTTP_TIMEOUT=30 PIP_DEFAULT_TIMEOUT=30  # an index that does not answer is none
source bin/indexes.sh
export_uv_settings {python}
{uv} pip sync --quiet --python {target} --require-hashes \
  --index-strategy unsafe-best-match {lock} ||
  {python} -m pip --python {target} --quiet install --retries 1 --require-hashes --requirement {lock}
"""

PRESENT = """
import importlib.metadata, importlib.util, json, sys
names = sorted(each.name.lower().replace("_", "-") for each in importlib.metadata.distributions())
found = [name for name in sys.argv[1:] if importlib.util.find_spec(name) is not None]
print(json.dumps([names, found]))
"""

BATCHES = """
import asyncio, json, subprocess, sys
from mapping_lang.types.kinds import IntType, ObjectType, Property
from mapping_lang.types.schema import Purpose
from runtime.client import ClientOptions, Job, connect
from runtime.contract import Function, Mapping, Transformation
from runtime.retry import RetryPolicy
from runtime.sandbox.interface import Language

SCHEMA = ObjectType((Property("i", IntType(32)),))
PATHS = {"in_paths": ("i",), "out_paths": ("i",)}
BODIES = {
    "mapping": Mapping(expressions=(("i", "i"),)),
    "JavaScript": Function(
        language=Language.JAVASCRIPT, source="const transform = r => ({i: r.i + 1});", **PATHS
    ),
    "Python": Function(
        language=Language.PYTHON,
        source="def transform(r):\\n    return {'i': r['i'] + 2}\\n",
        **PATHS,
    ),
}

async def main(address):
    options = ClientOptions(timeout_seconds=60, retry=RetryPolicy(total_seconds=60))
    async with await connect(address, options=options) as client:
        for name, body in BODIES.items():
            job = Job(transformation=Transformation.of(SCHEMA, SCHEMA, body), tenant="t")
            found = await client.transform_json(job, b'[{"i":1},{"i":2}]', Purpose.IMPORT)
            print(json.dumps([name, json.loads(found.content), len(found.rejections)]))

address = sys.argv[1]
server = subprocess.Popen([sys.executable, "-m", "runtime.cli", "serve", "--listen", address])
try:
    asyncio.run(main(address))
finally:
    server.terminate()
print(server.wait(60))
"""


class Image:
    """A folder with an environment and the packages, run with nothing of ours around it."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self.python = folder / "environment/bin/python"

    def run(self, *arguments: str) -> "subprocess.CompletedProcess[str]":
        return subprocess.run(
            [str(self.python), *arguments],
            cwd=self._folder / "packages",
            env={"PYTHONDONTWRITEBYTECODE": "1"},
            capture_output=True,
            text=True,
            check=False,
            timeout=RUN_SECONDS,
        )


def uv() -> str:
    """The uv that set this environment up."""
    beside = Path(sys.executable).with_name("uv")
    found = str(beside) if beside.exists() else shutil.which("uv")
    if found is None:
        pytest.skip("uv is not installed, which would make the environment")
    return found


def install(target: Path) -> None:
    """Install the lock; where no package can be fetched at all there is nothing to test."""
    script = INSTALL.format(python=sys.executable, uv=uv(), target=target, lock=LOCK)
    done = subprocess.run(
        ["bash", "-c", script], cwd=ROOT, capture_output=True, text=True, check=False
    )
    if done.returncode == 0:
        return
    [first] = re.findall(r"\A\S+", LOCK.read_text())
    reach = [sys.executable, "-m", "pip", "download", "--quiet", "--no-deps", "--no-cache-dir"]
    reach += ["--retries", "1", "--timeout", "15"]
    with tempfile.TemporaryDirectory() as nowhere:
        reached = subprocess.run(
            [*reach, "--dest", nowhere, first], capture_output=True, check=False
        )
    if reached.returncode:
        pytest.skip(f"no package index can be reached: {done.stderr[-500:]}")
    pytest.fail(f"the lock of the runtime cannot be installed: {done.stderr[-2000:]}")


@pytest.fixture(scope="module")
def image() -> Iterator[Image]:
    with tempfile.TemporaryDirectory(prefix="kiln-image-") as name:
        folder = Path(name)
        environment = folder / "environment"
        subprocess.run(
            [uv(), "venv", "--quiet", "--python", sys.executable, environment], check=True
        )
        install(environment)
        for package in PACKAGES:
            shutil.copytree(
                ROOT / package,
                folder / "packages" / package,
                ignore=shutil.ignore_patterns("__pycache__"),
            )
        yield Image(folder)


def test_the_image_holds_what_its_lock_names_and_no_way_out(image: Image) -> None:
    found = image.run("-c", PRESENT, *ABSENT)
    assert found.returncode == 0, found.stderr
    locked = re.findall(r"(?m)^([A-Za-z0-9._-]+)==", LOCK.read_text())
    named = sorted(name.lower().replace("_", "-").replace(".", "-") for name in locked)
    installed, present = json.loads(found.stdout)
    assert (installed, present) == (named, [])


def test_the_walls_of_the_image_hold(image: Image) -> None:
    found = image.run("-m", "runtime.cli", "attest", "--json")
    assert found.returncode == 0, found.stderr + found.stdout
    report = json.loads(found.stdout)
    assert report["holds"]
    assert report["machine"]["root"] == (os.geteuid() == 0)
    languages = {each["language"]: each["holds"] for each in report["languages"]}
    assert languages == {language.value: True for language in Language}


def test_the_image_serves_mappings_and_functions_of_both_languages(image: Image) -> None:
    with tempfile.TemporaryDirectory(prefix="kiln") as folder:
        found = image.run("-c", BATCHES, f"unix:{folder}/s")
    assert found.returncode == 0, found.stderr
    assert [json.loads(line) for line in found.stdout.splitlines()] == [
        ["mapping", [{"i": 1}, {"i": 2}], 0],
        ["JavaScript", [{"i": 2}, {"i": 3}], 0],
        ["Python", [{"i": 3}, {"i": 4}], 0],
        0,
    ]
