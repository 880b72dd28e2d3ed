"""What a locked guest can do natively: nothing, on every row, through the real path."""

import json
import os
import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import msgspec
import pytest

import runtime
from runtime.errors import WallsMissingError
from runtime.limits import Limits
from runtime.sandbox.attest import FUNCTION_CANARIES, attest
from runtime.sandbox.host import Guest, open_guest
from runtime.sandbox.interface import Language, Walls
from runtime.sandbox.probes import PROBES
from runtime.sandbox.zygote import Zygote

ROOT = Path(runtime.__file__).parents[1]
NOBODY = 65534


@pytest.fixture(scope="module")
def guests(zygotes: dict[Language, Zygote]) -> Iterator[dict[Language, Guest]]:
    limits = Limits(start_seconds=60)
    opened = {language: open_guest(zygote, limits) for language, zygote in zygotes.items()}
    yield opened
    for guest in opened.values():
        guest.close()


@pytest.mark.parametrize("name", PROBES)
def test_an_attempt_is_stopped(
    guests: dict[Language, Guest], language: Language, name: str
) -> None:
    finding = guests[language].probe(name, 30)
    assert finding.stopped, finding.detail


def test_the_necessary_walls_stand(guests: dict[Language, Guest], language: Language) -> None:
    walls = guests[language].walls
    assert walls.missing() == ()
    assert walls.not_dumpable
    assert walls.parent_death_signal
    assert walls.no_capabilities
    assert walls.no_new_processes


def test_root_gives_up_its_rights(guests: dict[Language, Guest], language: Language) -> None:
    guest = guests[language]
    status = dict(
        line.split(":\t", 1) for line in Path(f"/proc/{guest.pid}/status").read_text().splitlines()
    )
    user = NOBODY if os.geteuid() == 0 else os.geteuid()
    assert status["Uid"] == "\t".join([str(user)] * 4)
    assert {int(status[f"Cap{each}"], 16) for each in ("Inh", "Prm", "Eff", "Amb")} == {0}
    assert status["NoNewPrivs"] == "1"
    assert status["Seccomp"] == "2"
    assert int(status["Threads"]) == (2 if language is Language.JAVASCRIPT else 1)


def test_only_the_channel_is_open(guests: dict[Language, Guest], language: Language) -> None:
    if os.geteuid() != 0:
        pytest.skip("only root may look into a process that is not dumpable")
    folder = Path(f"/proc/{guests[language].pid}/fd")
    assert [path.name for path in folder.iterdir()] == ["0"]


def test_attestation_holds(zygote: Zygote, language: Language) -> None:
    attestation = attest(zygote, Limits(start_seconds=60, record_seconds=20, batch_seconds=60))
    assert attestation.escaped == ()
    assert attestation.holds
    functions = [each.name for each in FUNCTION_CANARIES if language in each.sources]
    assert [each.name for each in attestation.attempts] == [*PROBES, *functions]


def test_attestation_fails_without_a_needed_wall() -> None:
    walls = Walls(seccomp=True, no_new_privileges=True, memory_limit=True, no_new_descriptors=True)
    assert walls.missing() == ()
    for name, words in {
        "seccomp": "seccomp filter",
        "no_new_privileges": "no-new-privileges",
        "memory_limit": "memory limit",
        "no_new_descriptors": "closed descriptors",
    }.items():
        assert msgspec.structs.replace(walls, **{name: False}).missing() == (words,)


def run_script(
    script: str, python: str = sys.executable, **options: int
) -> subprocess.CompletedProcess[str]:
    paths = [str(ROOT), *(path for path in sys.path if Path(path).is_absolute())]
    return subprocess.run(
        [python, "-c", script],
        env={"PYTHONPATH": os.pathsep.join(paths), "PYTHONDONTWRITEBYTECODE": "1"},
        cwd="/",
        capture_output=True,
        text=True,
        check=False,
        timeout=100,
        user=options.get("user"),
        group=options.get("user"),
        extra_groups=[] if "user" in options else None,
    )


WITHOUT_SECCOMP = """
import errno
from runtime.errors import WallsMissingError
from runtime.limits import Limits
from runtime.sandbox.host import open_guest
from runtime.sandbox.interface import Function, Language
from runtime.sandbox.kernel import prctl
from runtime.sandbox.seccomp import ALLOW, Policy, assemble, install
from runtime.sandbox.syscalls import this_machine
from runtime.sandbox.zygote import Zygote
machine = this_machine()
prctl(38, 1)
policy = Policy(allowed=(), conditional={}, refused={"seccomp": errno.ENOSYS}, otherwise=ALLOW)
install(machine, assemble(machine, policy))
limits = Limits(start_seconds=60, load_seconds=60, record_seconds=60)
with Zygote(Language.PYTHON, start_seconds=60) as zygote:
    try:
        open_guest(zygote, limits)
    except WallsMissingError as error:
        print(error.missing)
    with open_guest(zygote, limits, allow_missing_walls=True) as guest:
        print(guest.walls.seccomp, guest.walls.missing())
        guest.load(Function("def transform(r):\\n    return {}", 100, 100, 100), limits)
        print(bytes(guest.run(b"[{}]", 1, limits, 60).objects[0]))
"""


def test_without_a_filter_functions_are_refused_unless_allowed_explicitly() -> None:
    result = run_script(WITHOUT_SECCOMP)
    assert (result.stdout.splitlines(), result.stderr) == (
        ["('seccomp filter',)", "False ('seccomp filter',)", "b'{}'"],
        "",
    )


def test_the_refusal_names_the_wall() -> None:
    assert "no seccomp filter" in str(WallsMissingError(("seccomp filter",)))


POORER = """
import errno, json
from runtime.limits import Limits
from runtime.sandbox.attest import attest
from runtime.sandbox.interface import Language
from runtime.sandbox.kernel import prctl
from runtime.sandbox.seccomp import ALLOW, Policy, assemble, install
from runtime.sandbox.syscalls import this_machine
from runtime.sandbox.zygote import Zygote
machine = this_machine()
prctl(38, 1)
refused = dict.fromkeys({calls!r}, errno.{code})
policy = Policy(allowed=(), conditional={{}}, refused=refused, otherwise=ALLOW)
install(machine, assemble(machine, policy))
with Zygote(Language.{language}, start_seconds=60) as zygote:
    found = attest(zygote, Limits(start_seconds=60, record_seconds=20, batch_seconds=60))
    walls = found.walls
    print(json.dumps([
        found.holds,
        [each.name for each in found.escaped],
        [bool(walls.namespaces), walls.empty_root, walls.landlock_version > 0],
    ]))
"""


@pytest.mark.parametrize(
    ("calls", "code", "walls"),
    [
        # A container: no namespaces, and for root `chroot` if it has the capability.
        (["unshare"], "EPERM", [False, os.geteuid() == 0, True]),
        (["unshare", "chroot"], "EPERM", [False, False, True]),
        # An old kernel, or one without the module.
        (["landlock_create_ruleset"], "ENOSYS", None),
        # The filter and the limits alone.
        (["unshare", "chroot", "landlock_create_ruleset"], "ENOSYS", [False, False, False]),
    ],
    ids=["no namespaces", "no empty root", "no landlock", "nothing else"],
)
def test_the_filter_holds_where_other_walls_cannot_be_set(
    language: Language, calls: list[str], code: str, walls: list[bool] | None
) -> None:
    result = run_script(POORER.format(calls=calls, code=code, language=language.name))
    assert result.stdout, result.stderr
    holds, escaped, found = json.loads(result.stdout)
    assert (holds, escaped) == (True, [])
    assert found[2] is False if walls is None else found == walls


def reachable_python() -> str:
    """An interpreter of our version that another user may run: ours may lie in a home."""
    name = f"python{sys.version_info[0]}.{sys.version_info[1]}"
    for candidate in (sys.executable, shutil.which(name, path="/usr/local/bin:/usr/bin:/bin")):
        if candidate is not None:
            try:
                if run_script("import mmap", candidate, user=NOBODY).returncode == 0:
                    return candidate
            except PermissionError:
                continue
    pytest.skip(f"no {name} that an unprivileged user may run")
