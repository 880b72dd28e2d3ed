from dataclasses import replace

import msgspec
import pytest

from runtime.sandbox.attest import FUNCTION_CANARIES, Attempt, Attestation
from runtime.sandbox.interface import Language, Walls
from runtime.sandbox.probes import PROBES
from runtime.sandbox.seccomp import guest_policy
from runtime.standalone.attest import (
    Machine,
    Unattested,
    report_lines,
    report_members,
    status_of_report,
    wall_texts,
)
from runtime.standalone.layers import NOTHING_THERE, Layer, layer_of
from runtime.standalone.outcome import ExitStatus
from runtime.standalone.terminal import Look, cells

WALLS = Walls(
    seccomp=True,
    landlock_version=7,
    no_new_privileges=True,
    memory_limit=True,
    no_new_descriptors=True,
    namespaces=("network", "mount"),
)
MACHINE = Machine(system="Linux", release="6.1", processor="x86_64", is_root=True)
READ = Attempt(name="read files", stopped=True, detail="no file opens")
CALL = Attempt(name="call execve", stopped=True, detail="[Errno 1] Operation not permitted")
LOOP = Attempt(name="loop for ever", stopped=True, detail="TIME: the function took longer")
HELD = Attestation(language=Language.PYTHON, walls=WALLS, attempts=(READ, CALL, LOOP))
ESCAPED = replace(HELD, attempts=(READ, replace(CALL, stopped=False, detail="answered 0")))
LACKING = replace(HELD, walls=Walls(landlock_version=0))
UNABLE = Unattested(Language.JAVASCRIPT, "the zygote is gone")


def attempt(name: str, detail: str, *, stopped: bool = True) -> Attempt:
    return Attempt(name=name, stopped=stopped, detail=detail)


@pytest.mark.parametrize(
    ("found", "layer"),
    [
        (READ, Layer.FILTER),
        (CALL, Layer.FILTER),
        (LOOP, Layer.CLOCK),
        (attempt("call open", "this machine has no open"), Layer.ABSENCE),
        (attempt("read the environment", "it is empty"), Layer.ABSENCE),
        (attempt("allocate 8 GiB", "no memory"), Layer.MEMORY),
        (attempt("allocate without end", "MEMORY: the function needs"), Layer.MEMORY),
        (attempt("allocate without end", "CRASH: signal 5"), Layer.PROCESS),
        (attempt("recurse without end", "EXCEPTION: RangeError"), Layer.LANGUAGE),
        (attempt("reach what was removed", "refused: the attribute"), Layer.POLICY),
        (attempt("open a file", "EXCEPTION: PermissionError"), Layer.FILTER),
        (attempt("return too much", "OUTPUT: the result has"), Layer.SIZE),
        (attempt("print too much", "saw {}, printed 16384 bytes"), Layer.SIZE),
        (attempt("know the machine's zone", 'saw {"minutes":0}'), Layer.ABSENCE),
        (attempt("read files", "opened /", stopped=False), Layer.NONE),
    ],
)
def test_the_layer_that_stopped_an_attempt_is_named(found: Attempt, layer: Layer) -> None:
    assert layer_of(found, WALLS) is layer


def test_without_the_filter_other_walls_did_it() -> None:
    assert layer_of(READ, Walls()) is Layer.BEHIND


def test_what_is_said_of_the_filter_is_in_its_policy() -> None:
    policy = guest_policy(1)
    refused = {name.removeprefix("call ") for name in PROBES if name.startswith("call ")}
    assert refused & {*policy.allowed, *policy.conditional} == set()


def test_every_name_in_the_table_is_a_canary() -> None:
    names = {*PROBES, *(canary.name for canary in FUNCTION_CANARIES)}
    assert names >= NOTHING_THERE
    assert {"allocate 8 GiB", "open a file"} <= names


@pytest.mark.parametrize(
    ("found", "status"),
    [
        ([HELD], ExitStatus.DONE),
        ([HELD, ESCAPED], ExitStatus.FOUND),
        ([HELD, LACKING], ExitStatus.FOUND),
        ([HELD, UNABLE], ExitStatus.FAILED),
        ([ESCAPED, UNABLE], ExitStatus.FOUND),
    ],
)
def test_only_if_all_was_stopped_the_command_ends_well(
    found: list[Attestation | Unattested], status: ExitStatus
) -> None:
    assert status_of_report(found) is status
    assert report_members(MACHINE, found)["holds"] is (status is ExitStatus.DONE)


def test_the_report_names_walls_attempts_and_layers() -> None:
    found = report_lines(MACHINE, [HELD], Look(columns=80))
    assert found[:4] == [
        "Linux 6.1 on x86_64, started as root",
        "",
        "Python: all 3 attempts were stopped",
        "  walls",
    ]
    assert "    Landlock                      version 7" in found
    assert "    namespaces                    network, mount" in found
    assert "    empty root                    no" in found
    assert found[-5:] == [
        "  attempts, and what stopped them",
        "    read files     system-call filter  no file opens",
        "    loop for ever  host's clock        TIME: the function took longer",
        "    1 system call, by the system-call filter:",
        "      execve",
    ]


def test_what_got_through_stands_out() -> None:
    found = report_lines(MACHINE, [ESCAPED, LACKING, UNABLE], Look())
    assert "Python: 1 of 2 attempts were NOT stopped" in found
    assert "    call execve  none                answered 0" in found
    assert (
        "Python: needed and missing: seccomp filter, no-new-privileges, memory limit, closed"
        " descriptors"
    ) in found
    assert "JavaScript: the zygote is gone" in found


@pytest.mark.parametrize("columns", [60, 80, 120])
def test_the_report_fits_the_terminal(columns: int) -> None:
    long = replace(READ, detail="x" * 300)
    found = report_lines(MACHINE, [replace(HELD, attempts=(long, CALL))], Look(columns=columns))
    assert max(map(cells, found)) <= columns


def test_every_wall_is_reported() -> None:
    flags = dict.fromkeys(Walls.__struct_fields__, True)
    whole = msgspec.convert(flags | {"landlock_version": 3, "namespaces": ["ipc"]}, Walls)
    assert len(wall_texts(whole)) == len(Walls.__struct_fields__)
    assert "no" not in wall_texts(whole).values()
    assert set(wall_texts(Walls()).values()) == {"no"}


def test_programs_get_every_attempt() -> None:
    assert report_members(MACHINE, [ESCAPED, UNABLE])["languages"] == [
        {
            "language": "Python",
            "holds": False,
            "walls": {
                "seccomp": True,
                "landlock_version": 7,
                "no_new_privileges": True,
                "not_dumpable": False,
                "parent_death_signal": False,
                "no_capabilities": False,
                "memory_limit": True,
                "no_new_descriptors": True,
                "no_new_processes": False,
                "namespaces": ("network", "mount"),
                "empty_root": False,
                "unprivileged_user": False,
            },
            "missing": (),
            "attempts": [
                {
                    "name": "read files",
                    "stopped": True,
                    "layer": "system-call filter",
                    "detail": "no file opens",
                },
                {
                    "name": "call execve",
                    "stopped": False,
                    "layer": "none",
                    "detail": "answered 0",
                },
            ],
        },
        {"language": "JavaScript", "holds": False, "error": "the zygote is gone"},
    ]
