"""`python -m bench service`: mappings through gRPC, against the program in process and orjson."""

import argparse
import asyncio
import functools
import gc
import os
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import msgspec
import orjson

from bench.customers import INPUT, MAPPING, OUTPUT
from bench.rows import input_rows
from mapping_lang.batch import Batch
from mapping_lang.compiler import compile_mapping
from mapping_lang.types.schema import Purpose
from runtime.client import Client, ClientOptions, Job, connect
from runtime.contract import Mapping, Transformation

IMPORT: Final = Purpose.IMPORT
SIZES: Final = (10_000, 1_000)
ROUNDS: Final = 9
ROUND_RECORDS: Final = 300_000
"""The clock of another process ticks a hundred times in a second: a round takes long enough."""

IN_FLIGHT: Final = 4
TICKS_PER_SECOND: Final = os.sysconf("SC_CLK_TCK")

JOB: Final = Job(
    transformation=Transformation.of(
        INPUT, OUTPUT, Mapping(expressions=tuple(sorted(MAPPING.items())))
    )
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Round:
    """Seconds of one round, per record."""

    baseline: float
    """CPU of the work that is compared with, in this process."""
    runtime: float
    """CPU of the runtime's process."""
    client: float
    """CPU of this process as a client."""
    wall: float


def run(arguments: list[str]) -> int:
    """Print rows per second and ratios for both encodings and sizes."""
    parser = argparse.ArgumentParser(prog="python -m bench service", description=__doc__)
    parser.parse_args(arguments)
    with tempfile.TemporaryDirectory(prefix="kiln") as folder:
        address = f"unix:{folder}/s"
        command = [sys.executable, "-m", "runtime.cli", "serve", "--listen", address]
        with subprocess.Popen([*command, "--log-level", "warning"]) as server:  # noqa: S603 - ours
            try:
                asyncio.run(_measure(address, server.pid))
            finally:
                server.terminate()
    return 0


async def _measure(address: str, pid: int) -> None:
    program, mistakes = compile_mapping(MAPPING, INPUT, OUTPUT)
    if program is None:
        raise AssertionError("\n".join(map(str, mistakes)))
    options = ClientOptions(in_flight=IN_FLIGHT)
    async with await connect(address, options=options) as client:
        await _agree(client)
        head = ("runtime", "+ client", "wall", "ratio", "+ client")
        print(f"{'rows/s':34}" + "".join(f"{text:>12}" for text in head))
        for size in SIZES:
            rows = list(input_rows(size))
            batch, text = Batch.from_records(INPUT, rows), msgspec.json.encode(rows)

            async def by_arrow(batch: Batch = batch) -> object:
                return await client.transform(JOB, batch, IMPORT)

            async def by_json(text: bytes = text) -> object:
                return await client.transform_json(JOB, text, IMPORT)

            alone = functools.partial(program.apply, batch, IMPORT)
            rounds = await _rounds(size, pid, by_arrow, alone)
            _print(f"Arrow, {size:,}", rounds, "program", 0.6 if size == SIZES[0] else None)
            rounds = await _rounds(size, pid, by_json, functools.partial(orjson.loads, text))
            _print(f"JSON, {size:,}", rounds, "orjson.loads", 0.3)


async def _agree(client: Client) -> None:
    rows = list(input_rows(200))
    by_arrow = await client.transform(JOB, Batch.from_records(INPUT, rows), IMPORT)
    by_json = await client.transform_json(JOB, msgspec.json.encode(rows), IMPORT)
    program, _ = compile_mapping(MAPPING, INPUT, OUTPUT)
    expected = program.apply_records(rows, IMPORT).records if program else []
    text = by_json.content.decode()
    if by_arrow.content.to_records() != expected or text.count('"email"') != len(expected):
        raise AssertionError("the ways that are compared disagree")


async def _rounds(
    size: int, pid: int, call: Callable[[], Awaitable[object]], baseline: Callable[[], object]
) -> list[Round]:
    """Measure both alternately, so that a slow moment of the machine hits both."""
    calls = ROUND_RECORDS // size
    records = calls * size
    await call()
    baseline()
    found: list[Round] = []
    for _ in range(ROUNDS):
        gc.collect()
        gc.freeze()
        begun = time.process_time()
        for _ in range(calls):
            baseline()
        base = time.process_time() - begun
        runtime, own, wall = _cpu(pid), time.process_time(), time.perf_counter()

        async def some() -> None:
            for _ in range(calls // IN_FLIGHT):
                await call()

        await asyncio.gather(*(some() for _ in range(IN_FLIGHT)))
        done = calls // IN_FLIGHT * IN_FLIGHT * size
        found.append(
            Round(
                baseline=base / records,
                runtime=(_cpu(pid) - runtime) / done,
                client=(time.process_time() - own) / done,
                wall=(time.perf_counter() - wall) / done,
            )
        )
        gc.unfreeze()
    return found


def _cpu(pid: int) -> float:
    """Give the CPU seconds of another process so far."""
    fields = Path(f"/proc/{pid}/stat").read_text().rpartition(") ")[2].split()
    return (int(fields[11]) + int(fields[12])) / TICKS_PER_SECOND


def _print(name: str, rounds: list[Round], against: str, bar: float | None) -> None:
    def median(figure: Callable[[Round], float]) -> float:
        return statistics.median(map(figure, rounds))

    print(f"{f'{name}: {against} alone':34}{1 / median(lambda each: each.baseline):12,.0f}")
    rates = (
        1 / median(lambda each: each.runtime),
        1 / median(lambda each: each.runtime + each.client),
        1 / median(lambda each: each.wall),
    )
    ratios = (
        median(lambda each: each.baseline / each.runtime),
        median(lambda each: each.baseline / (each.runtime + each.client)),
    )
    line = "".join(f"{rate:12,.0f}" for rate in rates) + "".join(f"{each:12.2f}" for each in ratios)
    print(f"{f'{name}: through gRPC':34}{line}" + ("" if bar is None else f"  (bar {bar:g})"))
