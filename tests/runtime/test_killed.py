"""Whoever is killed while a batch is transformed: the caller gets every record once."""

import asyncio
import os
import signal
import subprocess
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from mapping_lang.batch import Batch
from mapping_lang.types.kinds import FloatType, IntType
from mapping_lang.types.schema import Purpose
from mapping_lang.types.values import Record
from runtime.client import Client, ClientOptions, Job, connect
from runtime.contract import Function, Transformation
from runtime.errors import KilnRuntimeError
from runtime.sandbox.interface import Language
from tests.runtime.engines import object_of
from tests.runtime.lives import children, descendants
from tests.runtime.serving import running_process, socket_address, wait_until

COUNT, LONG = 1_000, 500

BUSY_SECONDS = (1.0, 5.0, 20.0)
"""How long one record is in hand; the next, should a slow machine not have killed anybody yet."""

SPENT_SECONDS = 0.1
"""A guest that has spent so much has that record in hand: the others take microseconds."""

SCHEMA = object_of(i=IntType(32), until=FloatType(64))
SOURCES = {
    Language.PYTHON: f"""
import time
def transform(record):
    while record['i'] == {LONG} and time.time() < record['until']:
        pass
    return record
""",
    Language.JAVASCRIPT: f"""
function transform(record) {{
  while (record.i === {LONG} && Date.now() / 1000 < record.until);
  return record;
}}
""",
}
OPTIONS = ClientOptions(connections=2, timeout_seconds=120)
PATIENT = ("--limit-record-seconds", "60", "--limit-batch-seconds", "110")


@pytest.fixture(scope="module")
def served() -> Iterator[tuple[str, "subprocess.Popen[bytes]"]]:
    """Two server processes at one address; one that is killed gets a successor."""
    with (
        socket_address() as address,
        running_process("--listen", address, "--processes", "2", *PATIENT) as process,
    ):
        wait_until(lambda: asyncio.run(serve_functions(address)), 60)
        yield address, process


async def serve_functions(address: str) -> bool:
    for each in (address, f"{address}.1"):
        async with await connect(each) as client:
            try:
                health = await client.health()
            except KilnRuntimeError:
                return False
            if health.languages != frozenset(Language):
                return False
    return True


def spent_seconds(pid: int) -> float:
    try:
        fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    except (FileNotFoundError, ProcessLookupError):
        return 0.0
    return sum(map(int, fields[11:13])) / os.sysconf("SC_CLK_TCK")


class Killer:
    """Finds the one guest that has the long record in hand, and kills it or what it hangs on."""

    def __init__(self, supervisor: int, victim: str) -> None:
        self._supervisor = supervisor
        self._victim = victim
        # Guests of other batches may still be warm: they spend nothing.
        self._spent = {pid: spent_seconds(pid) for pid in descendants(supervisor)}

    def strike(self) -> bool:
        for server in children(self._supervisor):
            for zygote in children(server):
                for guest in children(zygote):
                    if spent_seconds(guest) - self._spent.get(guest, 0.0) > SPENT_SECONDS:
                        line = {"guest": guest, "zygote": zygote, "server": server}
                        os.kill(line[self._victim], signal.SIGKILL)
                        return True
        return False


async def transform_while(
    killer: Killer, client: Client, language: Language, records: list[Record]
) -> tuple[list[Record], bool]:
    """Transform records, and kill before they are done; tells if that was in time."""
    body = Function(
        language=language,
        source=SOURCES[language],
        in_paths=("i", "until"),
        out_paths=("i", "until"),
    )
    job = Job(transformation=Transformation.of(SCHEMA, SCHEMA, body), tenant="t")
    batch = Batch.from_records(SCHEMA, records)
    going = asyncio.create_task(client.transform(job, batch, Purpose.IMPORT))
    struck = False
    while not struck and not going.done():
        await asyncio.sleep(0.01)
        struck = killer.strike()
    was_going = not going.done()
    found = await going
    assert found.rejections == ()
    return found.content.to_records(), struck and was_going


@pytest.mark.parametrize("language", list(Language))
@pytest.mark.parametrize("victim", ["guest", "zygote", "server"])
def test_whoever_is_killed_in_the_middle_of_a_batch_loses_and_duplicates_nothing(
    served: tuple[str, "subprocess.Popen[bytes]"], victim: str, language: Language
) -> None:
    address, process = served

    async def main(seconds: float) -> bool:
        killer = Killer(process.pid, victim)
        until = time.time() + seconds
        records: list[Record] = [{"i": i, "until": until} for i in range(COUNT)]
        async with await connect(address, options=OPTIONS) as client:
            found, in_time = await transform_while(killer, client, language, records)
        assert found == records
        return in_time

    assert any(asyncio.run(main(seconds)) for seconds in BUSY_SECONDS)
    wait_until(lambda: asyncio.run(serve_functions(address)), 60)
