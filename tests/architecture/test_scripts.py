import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from tests.architecture.tree import ROOT, files, relative

SCRIPTS = [
    path for path in files() if relative(path).startswith(("bin/", ".ci/")) and path.suffix != ".sh"
]
SOURCED = sorted(Path(ROOT, "bin").glob("*.sh"))
BASH = shutil.which("bash") or "bash"

# pip is told the same thing in three places; the closest one wins.
PIP_CONFIGURATION = """
[global]
index-url = https://global.example/simple
extra-index-url =
    https://one.example/simple
    https://two.example/simple
find-links = /global/wheels
trusted-host = one.example two.example
cert = /etc/ca.pem
timeout = 7

[install]
find-links = /some/wheels /other/wheels
"""


def uv_settings(folder: Path, *arguments: str, **environment: str) -> dict[str, str]:
    """What bin/indexes.sh exports for the pip that runs these tests."""
    configuration = folder / "pip.conf"
    configuration.write_text(PIP_CONFIGURATION)
    command = 'source bin/indexes.sh; export_uv_settings "$@"; exec "$1" -c "$dump"'
    dump = "import os; [print(f'{name}={value}') for name, value in os.environ.items()]"
    result = subprocess.run(
        [BASH, "-euo", "pipefail", "-c", command, "bash", sys.executable, *arguments],
        cwd=ROOT,
        env={
            "PATH": os.defpath,
            "HOME": str(folder),
            "PIP_CONFIG_FILE": str(configuration),
            "dump": dump,
            **environment,
        },
        capture_output=True,
        text=True,
        check=True,
    )
    exported = dict(line.split("=", 1) for line in result.stdout.splitlines())
    return {
        name: value for name, value in exported.items() if name.startswith(("UV_", "SSL_", "ALL_"))
    }


def test_uv_gets_the_configuration_of_pip(tmp_path: Path) -> None:
    assert uv_settings(tmp_path) == {
        "UV_DEFAULT_INDEX": "https://global.example/simple",
        "UV_INDEX": "https://one.example/simple https://two.example/simple",
        "UV_FIND_LINKS": "/some/wheels,/other/wheels",
        "UV_INSECURE_HOST": "one.example two.example",
        "SSL_CERT_FILE": "/etc/ca.pem",
        "UV_HTTP_TIMEOUT": "7",
    }


def test_a_lock_ignores_indexes_beside_the_main_one(tmp_path: Path) -> None:
    exported = uv_settings(tmp_path, "whole")
    assert exported["UV_DEFAULT_INDEX"] == "https://global.example/simple"
    assert {"UV_INDEX", "UV_FIND_LINKS"} & set(exported) == set()


def test_the_environment_of_pip_wins_over_its_files(tmp_path: Path) -> None:
    exported = uv_settings(
        tmp_path,
        PIP_INDEX_URL="https://closest.example/simple",
        PIP_FIND_LINKS="/closest",
        PIP_NO_INDEX="true",
        PIP_PROXY="http://localhost:1",
        PIP_CLIENT_CERT="/etc/client.pem",
    )
    assert exported["UV_DEFAULT_INDEX"] == "https://closest.example/simple"
    assert exported["UV_FIND_LINKS"] == "/closest"
    assert exported["UV_NO_INDEX"] == "1"
    assert exported["ALL_PROXY"] == "http://localhost:1"
    assert exported["SSL_CLIENT_CERT"] == "/etc/client.pem"


def test_what_uv_is_told_directly_wins(tmp_path: Path) -> None:
    exported = uv_settings(tmp_path, UV_INDEX="https://mine.example/simple", UV_HTTP_TIMEOUT="9")
    assert exported["UV_INDEX"] == "https://mine.example/simple"
    assert exported["UV_HTTP_TIMEOUT"] == "9"


def setup_copy(folder: Path, python: Path) -> subprocess.CompletedProcess[str]:
    """bin/setup of a copy of the tree with an interpreter; never the environment in use."""
    if not Path(folder, "bin").exists():
        shutil.copytree(ROOT / "bin", folder / "bin")
        shutil.copytree(ROOT / "requirements", folder / "requirements")
    return subprocess.run(
        ["bin/setup"],
        cwd=folder,
        env={"PATH": os.defpath, "HOME": str(folder), "KILN_PYTHON": str(python)},
        capture_output=True,
        text=True,
        check=False,
    )


def executable(path: Path, script: str) -> Path:
    path.write_text(f"#!{BASH}\n{script}\n")
    path.chmod(0o755)
    return path


def test_setup_refuses_an_unfit_interpreter(tmp_path: Path) -> None:
    old = executable(tmp_path / "python3", "exit 1")
    result = setup_copy(tmp_path, old)
    assert result.returncode == 1
    assert f"none of {old} is Python 3.11 or newer" in result.stderr
    assert not Path(tmp_path, ".venv").exists()


# An interpreter whose `-m venv` and pip, and whose uv, only write down that they were called.
RECORDER = """
case "$*" in
  --version) echo "Python 3.11.0" ;;
  "-m venv "*)
    mkdir -p .venv/bin
    cp "$0" .venv/bin/python
    printf '#!%s\\necho "uv $1 $2" >>calls\\n[[ ! -e uv-fails ]]\\n' "$BASH" >.venv/bin/uv
    chmod +x .venv/bin/uv
    echo venv >>calls
    ;;
  *install*) echo "pip ${!#}" >>calls ;;
esac
"""


def test_setup_runs_once_per_lock(tmp_path: Path) -> None:
    python = executable(tmp_path / "python3", RECORDER)
    calls = tmp_path / "calls"
    whole = ["venv", "pip requirements/setup.lock", "uv pip sync"]

    assert setup_copy(tmp_path, python).returncode == 0
    assert calls.read_text().split("\n")[:-1] == whole
    again = setup_copy(tmp_path, python)
    assert (again.returncode, again.stdout, again.stderr) == (0, "", "")
    assert calls.read_text().split("\n")[:-1] == whole

    python_of_environment = tmp_path / ".venv/bin/python"
    python_of_environment.unlink()
    assert setup_copy(tmp_path, python).returncode == 0
    assert calls.read_text().split("\n")[:-1] == whole * 2


def test_setup_starts_anew_in_another_folder(tmp_path: Path) -> None:
    first, second = tmp_path / "first", tmp_path / "second"
    first.mkdir()
    python = executable(tmp_path / "python3", RECORDER)
    assert setup_copy(first, python).returncode == 0
    shutil.copytree(first, second)
    assert setup_copy(second, python).returncode == 0
    assert Path(second, "calls").read_text().count("venv\n") == 2


def test_setup_changes_what_is_installed_with_the_lock(tmp_path: Path) -> None:
    python = executable(tmp_path / "python3", RECORDER)
    assert setup_copy(tmp_path, python).returncode == 0
    before = Path(tmp_path, "calls").read_text()
    with Path(tmp_path, "requirements/dev.lock").open("a") as lock:
        lock.write("# changed\n")
    assert setup_copy(tmp_path, python).returncode == 0
    assert Path(tmp_path, "calls").read_text() == before + before.removeprefix("venv\n")
    assert setup_copy(tmp_path, python).returncode == 0
    assert Path(tmp_path, "calls").read_text() == before + before.removeprefix("venv\n")


def test_setup_falls_back_on_pip(tmp_path: Path) -> None:
    Path(tmp_path, "uv-fails").touch()
    result = setup_copy(tmp_path, executable(tmp_path / "python3", RECORDER))
    assert result.returncode == 0
    assert "trying pip" in result.stderr
    assert Path(tmp_path, "calls").read_text().endswith("uv pip sync\npip requirements/dev.lock\n")


@pytest.mark.parametrize("path", SCRIPTS, ids=relative)
def test_a_script_is_executable_and_strict(path: Path) -> None:
    assert os.access(path, os.X_OK)
    lines = path.read_text().splitlines()
    assert lines[0] == "#!/usr/bin/env bash"
    assert "set -euo pipefail" in lines


@pytest.mark.parametrize("path", SCRIPTS + SOURCED, ids=relative)
def test_a_script_parses(path: Path) -> None:
    result = subprocess.run([BASH, "-n", path], capture_output=True, text=True, check=False)
    assert (result.returncode, result.stderr) == (0, "")


@pytest.mark.parametrize(
    ("commands", "code", "failed"),
    [
        ("stage one true; stage two true; finish_stages", 0, ""),
        ("stage one false; stage two true; stage three false; finish_stages", 1, "one three"),
    ],
)
def test_stages_all_run_and_any_failure_counts(commands: str, code: int, failed: str) -> None:
    result = subprocess.run(
        [BASH, "-euo", "pipefail", "-c", f"source bin/stages.sh; {commands}"],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=False,
    )
    assert result.returncode == code
    assert "== two" in result.stdout
    assert ("FAILED: " + failed in result.stderr) == bool(failed)
