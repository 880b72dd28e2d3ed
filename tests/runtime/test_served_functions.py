"""Functions in the server as it is started: its zygotes and guests live and end with it."""

import json
import os
import signal
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

from mapping_lang.batch import Batch
from mapping_lang.types.schema import Purpose
from mapping_lang.types.values import Record
from runtime.client import Client, Job
from runtime.contract import Function, Transformation
from runtime.sandbox.interface import Language
from tests.runtime.lives import children, descendants, is_alive
from tests.runtime.serving import (
    IN_SCHEMA,
    OUT_SCHEMA,
    ask,
    running_process,
    socket_address,
    wait_until,
)

SOURCES = {
    Language.JAVASCRIPT: "const transform = (r) => ({number: r.id + 1});",
    Language.PYTHON: "def transform(r):\n    return {'number': r['id'] + 1}\n",
}
BOTH = list(Language)


def job(language: Language) -> Job:
    body = Function(
        language=language, source=SOURCES[language], in_paths=("id",), out_paths=("number",)
    )
    return Job(transformation=Transformation.of(IN_SCHEMA, OUT_SCHEMA, body), tenant="t")


def batch(count: int) -> Batch:
    some: list[Record] = [{"id": number, "name": "x"} for number in range(count)]
    return Batch.from_records(IN_SCHEMA, some)


async def transform(client: Client, language: Language, count: int) -> list[Record]:
    found = await client.transform(job(language), batch(count), Purpose.IMPORT)
    assert found.rejections == ()
    return found.content.to_records()


def expected(count: int) -> list[Record]:
    return [{"number": number + 1} for number in range(count)]


Served = tuple[str, "subprocess.Popen[bytes]"]


@pytest.fixture
def served() -> Iterator[Served]:
    with socket_address() as address, running_process("--listen", address) as process:
        for language in BOTH:
            assert ask(address, lambda client: transform(client, language, 1)) == expected(1)  # noqa: B023 - called at once
        yield address, process


def test_a_server_owns_a_zygote_for_each_language_and_ends_all_when_it_drains(
    served: Served,
) -> None:
    _, process = served
    zygotes = children(process.pid)
    assert len(zygotes) == len(BOTH)
    everybody = descendants(process.pid)
    assert len(everybody) >= 2 * len(BOTH)  # a warm guest each
    process.send_signal(signal.SIGTERM)
    assert process.wait(30) == 0
    wait_until(lambda: not any(map(is_alive, everybody)))
    assert process.stderr is not None
    lines = [json.loads(line) for line in process.stderr]
    assert {line["event"] for line in lines} == {
        "serving",
        "walls attested",
        "draining",
        "stopped",
    }
    attested = {line["language"] for line in lines if line["event"] == "walls attested"}
    assert attested == set(Language)


def test_a_server_that_is_killed_leaves_neither_zygote_nor_guest(served: Served) -> None:
    _, process = served
    everybody = descendants(process.pid)
    assert len(everybody) >= 2 * len(BOTH)
    process.kill()
    wait_until(lambda: not any(map(is_alive, everybody)))


def test_each_of_several_processes_has_zygotes_of_its_own() -> None:
    with (
        socket_address() as address,
        running_process("--listen", address, "--processes", "2") as process,
    ):

        def all_have_zygotes() -> bool:
            return [len(children(pid)) for pid in children(process.pid)] == [2, 2]

        wait_until(all_have_zygotes, 40)
        first, second = children(process.pid)
        own, others = descendants(first), children(second)
        os.kill(first, signal.SIGKILL)
        wait_until(lambda: not any(map(is_alive, own)))
        assert all(map(is_alive, others))
        wait_until(all_have_zygotes, 40)
        process.terminate()
        assert process.wait(30) == 0


def test_no_zygote_is_started_where_functions_are_off() -> None:
    with (
        socket_address() as address,
        running_process("--listen", address, "--functions", "off") as process,
    ):
        wait_until(Path(address.removeprefix("unix:")).exists)
        assert children(process.pid) == []
