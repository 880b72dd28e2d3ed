"""The page about the API, carried out as it stands, by a shell and curl, on `kiln serve`."""

import re
import shutil
import subprocess
from pathlib import Path
from typing import Any

import httpx
import pytest

from tests.api.db.embedded.clients import eventually
from tests.api.serve.served import Kiln, nothing_left_behind
from tests.architecture.tree import ROOT
from tests.postgresql import empty_schema

BLOCKS = re.findall(r"```sh\n(.*?)```", (ROOT / "docs" / "api.md").read_text(), re.DOTALL)
PLACES = {
    "http://127.0.0.1:7434": "{url}",
    "api_...": "{key}",
    '"host": "127.0.0.1", "port": 5432': '"host": "{host}", "port": {port}',
    '"username": "kiln"': '"username": "{username}"',
    '"database": "warehouse"': '"database": "{database}"',
}
"""What a reader has to replace, too."""


def filled(script: str, **facts: object) -> str:
    for place, fact in PLACES.items():
        assert script.count(place) == 1, place
        script = script.replace(place, fact.format(**facts))
    return script


@pytest.mark.timeout(300)  # a start is that of five processes
@pytest.mark.skipif(shutil.which("curl") is None, reason="the page uses curl")
def test_the_page_about_the_api_is_right(tmp_path: Path, warehouse_database: str) -> None:
    files, asking = BLOCKS
    prepare, _, serve = files.rpartition("bin/kiln ")
    subprocess.run(["bash", "-euc", prepare], cwd=tmp_path, check=True)
    words = serve.replace('"$PWD/files"', str(tmp_path / "files")).split()
    assert words[0] == "serve"
    # The server of the tests has no other address.
    words[words.index("127.0.0.0/8")] += ",sockets"
    with nothing_left_behind():
        kiln = Kiln(tmp_path / "data", *words)
        try:
            url = kiln.wait_until_ready()
            key = kiln.first_key()
            settings = empty_schema(warehouse_database)
            script = filled(asking, url=url, key=key, **settings)
            told = subprocess.run(
                ["bash", "-euc", script + 'echo; echo "$WORKSPACE $CONNECTION $RUN"'],
                cwd=tmp_path,
                check=True,
                capture_output=True,
                text=True,
                timeout=60,
            ).stdout
            workspace, connection, run = told.splitlines()[-1].split()
            headers = {"Authorization": f"Bearer {key}", "Krenalis-Workspace": workspace}

            def get(path: str) -> Any:  # noqa: ANN401 - JSON
                return httpx.get(f"{url}{path}", headers=headers, timeout=30).json()

            eventually(lambda: get(f"/v1/pipelines/runs/{run}")["endTime"], "the run does not end")
            assert get(f"/v1/pipelines/runs/{run}")["passed"] == [2] * 6
            found = get(f"/v1/connections/{connection}/identities")["identities"]
            assert {each["userId"] for each in found} == {"1", "2"}
        finally:
            kiln.end()
