"""The filter, run in an interpreter of its own: every call of both machines, without a kernel."""

import errno
import re
import struct
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from runtime.sandbox.seccomp import ALLOW, KILL_PROCESS, assemble, guest_policy, refuse
from runtime.sandbox.syscalls import MACHINES, REFUSED_CALLS, Machine

PID = 4321
EPERM = refuse(errno.EPERM)
HEADERS = {
    "x86_64": "/usr/include/x86_64-linux-gnu/asm/unistd_64.h",
    "aarch64": "/usr/include/asm-generic/unistd.h",
}


@pytest.fixture(params=MACHINES.values(), ids=list(MACHINES))
def machine(request: pytest.FixtureRequest) -> Machine:
    found: Machine = request.param
    return found


def answer(program: bytes, audit: int, number: int, arguments: tuple[int, ...] = ()) -> int:
    """What the kernel's filter machine would answer (the instructions that we use)."""
    padded = (*arguments, 0, 0, 0, 0, 0, 0)[:6]
    data = struct.pack("=IIQ6Q", number, audit, 0, *(each % 2**64 for each in padded))
    accumulator, at = 0, 0
    while True:
        code, if_true, if_false, operand = struct.unpack_from("=HBBI", program, 8 * at)
        at += 1
        match code:
            case 0x20:
                accumulator = struct.unpack_from("=I", data, operand)[0]
            case 0x54:
                accumulator &= operand
            case 0x15:
                at += if_true if accumulator == operand else if_false
            case 0x35:
                at += if_true if accumulator >= operand else if_false
            case 0x06:
                return int(operand)
            case _:
                raise AssertionError(f"instruction {code:#x}")


def test_whatever_is_not_named_is_refused(machine: Machine) -> None:
    policy = guest_policy(PID)
    program = assemble(machine, policy)
    named = {*policy.allowed, *policy.conditional, *policy.refused}
    known = {machine.calls[name] for name in named if name in machine.calls}
    refused = [number for number in range(1024) if answer(program, machine.audit, number) == EPERM]
    assert set(range(1024)) - known <= set(refused)
    allowed = {machine.calls[name] for name in policy.allowed if name in machine.calls}
    assert allowed.isdisjoint(refused)
    for name in REFUSED_CALLS:
        if name in machine.calls:
            assert machine.calls[name] in refused, name


def test_the_calls_of_another_machine_end_the_process(machine: Machine) -> None:
    program = assemble(machine, guest_policy(PID))
    for other in MACHINES.values():
        if other is not machine:
            assert answer(program, other.audit, other.calls["read"]) == KILL_PROCESS
    assert answer(program, 0x40000003, 3) == KILL_PROCESS  # 32-bit code on x86-64


def test_the_second_table_of_x86_ends_the_process() -> None:
    machine = MACHINES["x86_64"]
    program = assemble(machine, guest_policy(PID))
    assert answer(program, machine.audit, 0x40000000 | machine.calls["write"]) == KILL_PROCESS


@pytest.mark.parametrize(
    ("name", "arguments", "expected"),
    [
        ("mmap", (0, 4096, 3, 0x22, -1, 0), ALLOW),
        ("mmap", (0, 4096, 0, 0x4022, -1, 0), ALLOW),  # V8 reserves without access
        ("mmap", (0, 4096, 7, 0x22, -1, 0), EPERM),  # executable
        ("mmap", (0, 4096, 4, 0x22, -1, 0), EPERM),
        ("mmap", (0, 4096, 3, 0x21, -1, 0), EPERM),  # shared
        ("mmap", (0, 4096, 3, 0x23, -1, 0), EPERM),  # shared, validated
        ("mmap", (0, 4096, 3, 0x122, -1, 0), EPERM),  # grows downwards
        ("mprotect", (0, 4096, 3), ALLOW),
        ("mprotect", (0, 4096, 5), EPERM),
        ("pkey_mprotect", (0, 4096, 5, 1), EPERM),
        ("tgkill", (PID, PID, 6), ALLOW),
        ("tgkill", (PID + 1, PID, 6), EPERM),
        ("tgkill", (-1, PID, 6), EPERM),
        ("tgkill", (PID, PID, 9), EPERM),  # or else it looks killed from outside
        ("tgkill", (PID, PID, 15), EPERM),
        ("clone", (0x3D0F00,), EPERM),  # a thread
        ("clone3", (), refuse(errno.ENOSYS)),
        ("prctl", (38, 1), EPERM),
        ("seccomp", (1,), EPERM),
    ],
)
def test_a_call_is_judged_by_its_arguments(
    machine: Machine, name: str, arguments: tuple[int, ...], expected: int
) -> None:
    program = assemble(machine, guest_policy(PID))
    assert answer(program, machine.audit, machine.calls[name], arguments) == expected


@given(st.integers(0, 2**32 - 1), st.tuples(*[st.integers(0, 2**64 - 1)] * 6))
def test_no_arguments_make_memory_executable(number: int, arguments: tuple[int, ...]) -> None:
    machine = MACHINES["x86_64"]
    program = assemble(machine, guest_policy(PID))
    names = {machine.calls[name] for name in ("mmap", "mprotect", "pkey_mprotect")}
    for each in (number, *names):
        found = answer(program, machine.audit, each, arguments)
        if each in names and arguments[2] & 4:
            assert found == EPERM


@pytest.mark.parametrize("name", HEADERS)
def test_the_numbers_are_those_of_the_kernel(name: str) -> None:
    header = Path(HEADERS[name])
    if not header.exists():
        pytest.skip(f"this system has no {header}")
    defined = re.findall(r"#define __NR(?:3264)?_(\w+)\s+(\d+)", header.read_text())
    kernel = {call: int(number) for call, number in defined}
    ours = dict(MACHINES[name].calls)
    # An old header lacks new calls, whose numbers are the same everywhere.
    assert {call: kernel.get(call, number) for call, number in ours.items()} == ours
