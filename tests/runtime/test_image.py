"""The runtime as it is deployed: its lock and its two packages, nothing else of this project."""

import json
import os
import tempfile
from collections.abc import Iterator

import pytest

from runtime.sandbox.interface import Language
from tests.images import Image
from tests.images import image as built

ABSENT = ("api", "connectors", "warehouse", "litestar", "sqlalchemy", "psycopg", "httpx", "orjson")

pytestmark = pytest.mark.timeout(400)  # where nothing is cached, the packages are fetched first

PRESENT = """
import importlib.metadata, importlib.util, json, sys
names = sorted(each.name.lower().replace("_", "-").replace(".", "-") for each in importlib.metadata.distributions())
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


@pytest.fixture(scope="module")
def image() -> Iterator[Image]:
    with built("runtime") as made:
        yield made


def test_the_image_holds_what_its_lock_names_and_no_way_out(image: Image) -> None:
    found = image.run("-c", PRESENT, *ABSENT)
    assert found.returncode == 0, found.stderr
    installed, present = json.loads(found.stdout)
    assert (installed, present) == (image.locked(), [])


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
