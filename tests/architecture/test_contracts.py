import os
import re
import shutil
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

import pytest

from tests.architecture.tree import PYPROJECT, ROOT

LINTER = Path(sys.executable).with_name("lint-imports")
CONTRACTS = {
    contract["name"]: contract["id"] for contract in PYPROJECT["tool"]["importlinter"]["contracts"]
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Violation:
    importer: str
    imported: str
    contract: str


def violations() -> list[Violation]:
    line = re.compile(r"(?P<importer>\S+) imports (?P<imported>\S+) -> (?P<contract>.+)")
    text = Path(__file__).with_name("violations.txt").read_text()
    matches = [
        (written, line.fullmatch(written))
        for written in text.splitlines()
        if written and not written.startswith("#")
    ]
    assert [written for written, match in matches if match is None] == []
    return [Violation(**match.groupdict()) for _, match in matches if match is not None]


VIOLATIONS = violations()


def lint(folder: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [LINTER, "--no-logo", "--no-cache", *arguments],
        cwd=folder,
        env=os.environ | {"COLUMNS": "500"},  # noqa: TID251 - the report must not be wrapped
        capture_output=True,
        text=True,
        check=False,
    )


def module_path(root: Path, module: str) -> Path:
    """The file of a module below `root`; it is created, with its packages, if it is missing."""
    *packages, name = module.split(".")
    folder = root
    for package in packages:
        folder /= package
        folder.mkdir(exist_ok=True)
        Path(folder, "__init__.py").touch()
    if Path(folder, name).is_dir():
        return Path(folder, name, "__init__.py")
    path = Path(folder, f"{name}.py")
    path.touch()
    return path


def test_the_tree_keeps_every_contract() -> None:
    result = lint(ROOT)
    assert result.returncode == 0, result.stdout + result.stderr


@pytest.mark.parametrize(
    "violation", VIOLATIONS, ids=[f"{each.importer}-{each.imported}" for each in VIOLATIONS]
)
def test_a_violation_is_refused(violation: Violation, tmp_path: Path) -> None:
    shutil.copy(ROOT / "pyproject.toml", tmp_path)
    roots = PYPROJECT["tool"]["importlinter"]["root_packages"]
    for package in roots:
        shutil.copytree(
            ROOT / package, tmp_path / package, ignore=shutil.ignore_patterns("__pycache__")
        )
    if violation.imported.split(".")[0] in roots:
        module_path(tmp_path, violation.imported)
    with module_path(tmp_path, violation.importer).open("a") as source:
        source.write(f"\nimport {violation.imported}\n")

    report = lint(tmp_path, "--contract", CONTRACTS[violation.contract])

    assert report.returncode == 1, report.stdout + report.stderr
    assert f"{violation.contract} BROKEN" in report.stdout
    # Broken by this very import, or by this module having no place.
    imported = rf"{violation.imported}|{violation.imported.split('.')[0]}"
    blamed = rf"^- +{re.escape(violation.importer)}(?: -> (?:{imported}) .*)?$"
    assert re.search(blamed, report.stdout, re.MULTILINE), report.stdout


def test_every_contract_has_a_violation() -> None:
    assert {violation.contract for violation in VIOLATIONS} == set(CONTRACTS)


def test_every_package_is_under_every_tool() -> None:
    packages = sorted(path.parent.name for path in ROOT.glob("*/__init__.py"))
    tools = {"tests", "bench"}
    product = sorted(set(packages) - tools)
    assert sorted(PYPROJECT["tool"]["importlinter"]["root_packages"]) == product
    assert sorted(PYPROJECT["tool"]["hatch"]["build"]["targets"]["wheel"]["packages"]) == product
    assert sorted(PYPROJECT["tool"]["mypy"]["packages"]) == packages
