"""What is told to grow over a run, and what is noise."""

import os
from dataclasses import replace

import pytest

from bench.footprint import GUEST_DESCRIPTORS, Footprint, children, leaks, left_files, look
from runtime.limits import MIB, Limits
from runtime.sandbox.host import open_guest
from runtime.sandbox.interface import Language
from runtime.sandbox.zygote import Zygote

STEADY = Footprint(
    server_bytes=80 * MIB,
    zygotes_bytes=60 * MIB,
    guests_bytes=100 * MIB,
    zygotes=2,
    guests=20,
    server_descriptors=80,
    zygote_descriptors=20,
)


def found(*looks: Footprint) -> list[str]:
    return leaks(looks, most_guests=24, guests_bytes=256 * MIB)


def growing(name: str, step: int) -> list[Footprint]:
    return [replace(STEADY, **{name: getattr(STEADY, name) + i * step}) for i in range(40)]


def test_what_stays_as_it_is_leaks_nothing() -> None:
    assert found(*[STEADY] * 40) == []


def test_guests_that_come_and_go_are_no_leak() -> None:
    fewer = replace(STEADY, guests=10, server_descriptors=80 - 10 * GUEST_DESCRIPTORS)
    assert found(*[STEADY, fewer] * 20) == []


def test_what_grows_at_the_start_alone_is_no_leak() -> None:
    assert found(*[replace(STEADY, server_bytes=MIB, guests=0)] * 10, *[STEADY] * 30) == []


@pytest.mark.parametrize(
    ("name", "step", "told"),
    [
        ("server_bytes", 3 * MIB, "the memory of the server grew from 131 to 176 MiB"),
        ("zygotes_bytes", 3 * MIB, "the memory of the zygotes grew from 111 to 156 MiB"),
        ("guests_bytes", 3 * MIB, "the memory of all processes grew from 291 to 336 MiB"),
        ("server_descriptors", 2, "the server's descriptors grew from 40 to 70, guests aside"),
        ("zygote_descriptors", 1, "the zygotes' descriptors grew from 30 to 45"),
        ("guests", 1, "59 guests lived at a time"),
        ("zygotes", 1, "zygotes came and went"),
    ],
)
def test_what_goes_on_growing_is_told(name: str, step: int, told: str) -> None:
    grown = growing(name, step)
    if name == "guests":
        # Not to be hidden behind descriptors that did not grow with them.
        grown = [replace(each, server_descriptors=20 + 3 * each.guests) for each in grown]
    said = found(*grown)
    assert [each for each in said if each.startswith(told)], said


def test_guests_beyond_their_budget_are_told() -> None:
    assert found(*[replace(STEADY, guests_bytes=257 * MIB)] * 40) == [
        "guests hold 257 MiB, their budget is 256 MiB"
    ]


def test_too_few_looks_tell_nothing() -> None:
    assert found(STEADY) == ["there were too few looks to tell anything"]


def test_a_look_finds_the_zygotes_and_guests_of_a_process() -> None:
    with Zygote(Language.PYTHON, start_seconds=60) as zygote:
        zygote.start()
        assert zygote.pid is not None
        own = children(os.getpid())
        before = look(os.getpid())
        with open_guest(zygote, Limits(start_seconds=60)) as guest:
            after = look(os.getpid())
            assert guest.pid in children(zygote.pid)
        assert left_files([zygote.pid]) == []
    assert zygote.pid is None
    assert (before.zygotes, after.zygotes) == (len(own), len(own))
    assert after.guests - before.guests == 1
    assert after.server_descriptors - before.server_descriptors == GUEST_DESCRIPTORS
    assert after.guests_bytes > before.guests_bytes
    assert min(after.server_bytes, after.zygotes_bytes, after.zygote_descriptors) > 0
