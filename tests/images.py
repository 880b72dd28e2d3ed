"""Images as the Dockerfile builds them, made in a folder: its steps are read and followed.

Containers cannot be built everywhere; what goes into them, and how it is started, can be tried.
"""

import json
import re
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import pytest
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

from tests.architecture.tree import ROOT

RUN_SECONDS = 100

# As bin/setup: uv with what pip is configured with, and from any index; else pip itself.
_INSTALL = """
set -euo pipefail
export UV_HTTP_TIMEOUT=30 PIP_DEFAULT_TIMEOUT=30  # an index that does not answer is none
source bin/indexes.sh
export_uv_settings {python}
{uv} pip sync --quiet --python {target} --require-hashes \
  --index-strategy unsafe-best-match {lock} ||
  {python} -m pip --python {target} --quiet install --retries 1 --require-hashes --requirement {lock}
"""


@dataclass(frozen=True, slots=True, kw_only=True)
class Stage:
    """One image of the Dockerfile: what is put into it, and how it is started."""

    lock: Path
    packages: tuple[str, ...]
    compiled: tuple[str, ...]
    """The packages that are compiled when the image is built."""
    module: str
    """What the command of the image runs."""
    environment: Mapping[str, str]
    command: tuple[str, ...]
    health: tuple[str, ...]


def stage(name: str) -> Stage:
    """Read an image of the Dockerfile; fails if it is written in another way than is known here."""
    text = re.sub(r"\\\n\s*", "", (ROOT / "Dockerfile").read_text())
    found = re.search(rf"(?ms)^FROM base AS {name}\n(.*?)(?=^FROM |\Z)", text)
    assert found is not None, f"the Dockerfile has no stage {name}"
    steps = found[1]
    (lock,) = re.findall(r"(?m)^COPY (requirements/\S+\.lock) requirements/$", steps)
    packages = re.findall(r"(?m)^COPY (\w+) (\w+)$", steps)
    copies = re.findall(r"(?m)^COPY ", steps)
    assert len(copies) == len(packages) + 1, "something is copied that is neither lock nor package"
    assert all(origin == target for origin, target in packages)
    (installed,) = re.findall(r"(?m)^RUN pip install --require-hashes --requirement (\S+)$", steps)
    assert installed == lock
    (compiled,) = re.findall(r"python -m compileall -q ([\w ]+?) +&&", steps)
    ((module, script),) = re.findall(
        r"printf '#!/bin/sh\\nexec python -P -m (\S+) \"\$@\"\\n' >\.venv/bin/(\S+)", steps
    )
    (entry,) = re.findall(r"(?m)^ENTRYPOINT (\[.*\])$", steps)
    assert json.loads(entry) == [script]
    (command,) = re.findall(r"(?m)^CMD (\[.*\])$", steps)
    (health,) = re.findall(r"(?m)^HEALTHCHECK .*?CMD (\[.*\])$", steps)
    environment: dict[str, str] = {}
    for line in re.findall(r"(?m)^ENV (.*)$", steps):
        environment |= dict(pair.split("=", 1) for pair in line.split())
    return Stage(
        lock=ROOT / lock,
        packages=tuple(origin for origin, _ in packages),
        compiled=tuple(compiled.split()),
        module=module,
        environment=environment,
        command=tuple(json.loads(command)),
        health=tuple(json.loads(health)),
    )


class Image:
    """A folder with an environment and the packages, run with nothing of ours around it."""

    def __init__(self, folder: Path, built: Stage) -> None:
        self.folder = folder
        self.stage = built
        self.python = folder / "environment/bin/python"
        self.packages = folder / "packages"

    def run(self, *arguments: str) -> "subprocess.CompletedProcess[str]":
        return subprocess.run(
            [str(self.python), *arguments],
            cwd=self.packages,
            env={"PYTHONDONTWRITEBYTECODE": "1"},
            capture_output=True,
            text=True,
            check=False,
            timeout=RUN_SECONDS,
        )

    def locked(self) -> list[str]:
        """The names in its lock that are for a machine like this one."""
        lines = re.findall(r"(?m)^[A-Za-z0-9].*?(?=\s*\\?$)", self.stage.lock.read_text())
        asked = [Requirement(line) for line in lines]
        return sorted(
            canonicalize_name(each.name)
            for each in asked
            if each.marker is None or each.marker.evaluate()
        )


@contextmanager
def image(name: str) -> Iterator[Image]:
    """Build an image, by the steps of the Dockerfile, in a folder that is gone afterwards."""
    built = stage(name)
    with tempfile.TemporaryDirectory(prefix="kiln-image-") as made:
        folder = Path(made)
        environment = folder / "environment"
        subprocess.run(
            [_uv(), "venv", "--quiet", "--python", sys.executable, environment], check=True
        )
        _install(environment, built.lock)
        for package in built.packages:
            shutil.copytree(
                ROOT / package,
                folder / "packages" / package,
                ignore=shutil.ignore_patterns("__pycache__"),
            )
        yield Image(folder, built)


def _uv() -> str:
    """The uv that set this environment up."""
    beside = Path(sys.executable).with_name("uv")
    found = str(beside) if beside.exists() else shutil.which("uv")
    if found is None:
        pytest.skip("uv is not installed, which would make the environment")
    return found


def _install(target: Path, lock: Path) -> None:
    """Install a lock; where no package can be fetched at all there is nothing to test."""
    script = _INSTALL.format(python=sys.executable, uv=_uv(), target=target, lock=lock)
    done = subprocess.run(
        ["bash", "-c", script], cwd=ROOT, capture_output=True, text=True, check=False
    )
    if done.returncode == 0:
        return
    [first] = re.findall(r"\A\S+", lock.read_text())
    reach = [sys.executable, "-m", "pip", "download", "--quiet", "--no-deps", "--no-cache-dir"]
    reach += ["--retries", "1", "--timeout", "15"]
    with tempfile.TemporaryDirectory() as nowhere:
        reached = subprocess.run(
            [*reach, "--dest", nowhere, first], capture_output=True, check=False
        )
    if reached.returncode:
        pytest.skip(f"no package index can be reached: {done.stderr[-500:]}")
    pytest.fail(f"{lock.name} cannot be installed: {done.stderr[-2000:]}")
