import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

from tests.architecture.tree import PYPROJECT, ROOT

BASE = PYPROJECT["project"]["dependencies"]
EXTRAS = PYPROJECT["project"]["optional-dependencies"]
GROUPS = PYPROJECT["dependency-groups"]
DECLARED: dict[str, list[str]] = {
    "setup": GROUPS["setup"],
    "dev": BASE + GROUPS["dev"] + EXTRAS["runtime"],
} | {extra: BASE + libraries for extra, libraries in EXTRAS.items()}

# What opens a database or a socket to the world by itself, and so may not be beside users' code.
OUTWARD = {
    "adbc-driver-postgresql",
    "aiohttp",
    "asyncssh",
    "boto3",
    "httpcore",
    "httpx",
    "litestar",
    "obstore",
    "psycopg",
    "requests",
    "snowflake-connector-python",
    "sqlalchemy",
    "urllib3",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Locked:
    name: str
    version: str
    hashes: frozenset[str]


def read_lock(text: str) -> Iterator[Locked]:
    """The entries of a lock; a line that is not one of `name==version --hash...` fails."""
    entry = re.compile(
        r"(?P<name>[A-Za-z0-9._-]+)(?:\[[^]]*\])?==(?P<version>[^ ;]+)(?: ; [^\\]+?)?"
        r"(?P<hashes>(?: --hash=sha256:[0-9a-f]{64})*)"
    )
    joined = re.sub(r"\s*\\\n\s+", " ", text)
    for line in joined.splitlines():
        if line.strip().startswith("#"):
            continue
        match = entry.fullmatch(line.strip())
        assert match, f"not a locked requirement: {line}"
        yield Locked(
            name=canonicalize_name(match["name"]),
            version=match["version"],
            hashes=frozenset(match["hashes"].split()),
        )


LOCKS = {
    path.stem: list(read_lock(path.read_text()))
    for path in sorted(Path(ROOT, "requirements").glob("*.lock"))
}


def outside_its_range(declared: list[str], locked: list[Locked]) -> list[str]:
    """The declared requirements that no entry of a lock satisfies."""
    return [
        declaration
        for declaration in declared
        if not any(
            entry.name == canonicalize_name(requirement.name)
            and requirement.specifier.contains(entry.version)
            for requirement in [Requirement(declaration)]
            for entry in locked
        )
    ]


def test_every_set_of_dependencies_has_a_lock() -> None:
    assert set(LOCKS) == set(DECLARED)


@pytest.mark.parametrize("name", DECLARED)
def test_a_lock_has_what_is_declared_within_its_range(name: str) -> None:
    assert outside_its_range(DECLARED[name], LOCKS[name]) == []


@pytest.mark.parametrize("name", DECLARED)
def test_every_locked_library_has_hashes(name: str) -> None:
    assert [entry.name for entry in LOCKS[name] if not entry.hashes] == []


@pytest.mark.parametrize("name", DECLARED)
def test_a_lock_holds_no_address(name: str) -> None:
    text = Path(ROOT, "requirements", f"{name}.lock").read_text()
    assert re.findall(r".*(?:://|--(?:extra-)?index|--find-links).*", text) == []


def test_a_library_has_one_version_everywhere() -> None:
    versions: dict[str, set[str]] = {}
    for lock in LOCKS.values():
        for entry in lock:
            versions.setdefault(entry.name, set()).add(entry.version)
    assert {name: found for name, found in versions.items() if len(found) > 1} == {}


@pytest.mark.parametrize("name", ["dev", "runtime", "api", "snowflake"])
def test_a_lock_was_made_from_a_whole_index(name: str) -> None:
    # pyarrow publishes some fifty files per release; a mirror that holds this machine's only
    # would make a lock that no other machine can install.
    [hashes] = [entry.hashes for entry in LOCKS[name] if entry.name == "pyarrow"]
    assert len(hashes) > 20


def test_the_runtime_holds_nothing_that_reaches_out() -> None:
    assert OUTWARD & {entry.name for entry in LOCKS["runtime"]} == set()
    assert OUTWARD & {entry.name for entry in LOCKS["api"] + LOCKS["snowflake"]} == OUTWARD - {
        "aiohttp"  # of no extra today
    }


def test_a_stale_lock_is_found() -> None:
    lock = list(
        read_lock("msgspec==0.21.0 ; python_version < '4' \\\n    --hash=sha256:" + "0" * 64)
    )
    assert outside_its_range(["msgspec>=0.22", "pyarrow"], lock) == ["msgspec>=0.22", "pyarrow"]
    assert outside_its_range(["MsgSpec>=0.21"], lock) == []


@pytest.mark.parametrize(
    "line", ["msgspec>=0.22", "-r other.lock", "msgspec @ file", "msgspec==1 --hash=md5:00"]
)
def test_a_line_that_is_not_locked_is_found(line: str) -> None:
    with pytest.raises(AssertionError, match="not a locked requirement"):
        list(read_lock(line))
