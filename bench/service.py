"""`python -m bench service`: mappings through gRPC, against the program in process and orjson.

Messages alone cost time too, whoever answers them. So a server that answers at once is measured as
well, with messages of the same sizes: what it takes is not the runtime's to save.
"""

import argparse
import asyncio
import contextlib
import functools
import gc
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Awaitable, Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import Final

import grpc
import grpc.aio
import msgspec
import orjson

from bench.customers import INPUT, MAPPING, OUTPUT
from bench.rows import input_rows
from mapping_lang.batch import Batch
from mapping_lang.compiler import compile_mapping
from mapping_lang.types.schema import Purpose
from runtime.client import Client, ClientOptions, Job, connect
from runtime.contract import Mapping, Transformation
from runtime.memory import keep_freed_memory, look_for_cycles_rarely
from runtime.server import MAX_MESSAGE_BYTES

IMPORT: Final = Purpose.IMPORT
SIZES: Final = (10_000, 1_000)
ROUNDS: Final = 9
ROUND_RECORDS: Final = 120_000

IN_FLIGHT: Final = 4
_SCHEDULED: Final = 2

_LARGE: Final = (
    ("grpc.max_receive_message_length", MAX_MESSAGE_BYTES),
    ("grpc.max_send_message_length", MAX_MESSAGE_BYTES),
)

ALONE_METHOD: Final = "/bench.Messages/Answer"
ALONE_SIZE_KEY: Final = "answer-bytes"

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
    with tempfile.TemporaryDirectory(prefix="kiln") as folder, contextlib.ExitStack() as servers:

        def start(name: str, *command: str) -> _Server:
            address = f"unix:{folder}/{name}"
            found = subprocess.Popen([sys.executable, "-m", *command, address])  # noqa: S603 - ours
            servers.enter_context(found)
            servers.callback(found.terminate)
            return _Server(address, found.pid)

        runtime = start("s", "runtime.cli", "serve", "--log-level", "warning", "--listen")
        asyncio.run(_measure(runtime, start("a", "bench.service")))
    return 0


@dataclass(frozen=True, slots=True)
class _Server:
    address: str
    pid: int


async def _measure(runtime: _Server, alone: _Server) -> None:
    program, mistakes = compile_mapping(MAPPING, INPUT, OUTPUT)
    if program is None:
        raise AssertionError("\n".join(map(str, mistakes)))
    options = ClientOptions(in_flight=IN_FLIGHT)
    async with (
        await connect(runtime.address, options=options) as client,
        grpc.aio.insecure_channel(alone.address, options=_LARGE) as channel,
    ):
        await _agree(client)
        answer_alone = channel.unary_unary(ALONE_METHOD)
        head = ("runtime", "+ client", "wall", "ratio", "+ client")
        print(f"{'rows/s':34}" + "".join(f"{text:>12}" for text in head))
        for size in SIZES:
            rows = list(input_rows(size))
            batch, text = Batch.from_records(INPUT, rows), msgspec.json.encode(rows)

            async def by_arrow(batch: Batch = batch) -> object:
                return await client.transform(JOB, batch, IMPORT)

            async def by_json(text: bytes = text) -> object:
                return await client.transform_json(JOB, text, IMPORT)

            async def by_messages(sent: bytes, received: int) -> object:
                metadata = ((ALONE_SIZE_KEY, str(received)),)
                return await answer_alone(sent, metadata=metadata, wait_for_ready=True)

            done = program.apply(batch, IMPORT).batch
            apply = functools.partial(program.apply, batch, IMPORT)
            rounds = await _rounds(size, runtime.pid, by_arrow, apply)
            _print(f"Arrow, {size:,}", rounds, "program", 0.6 if size == SIZES[0] else None)
            messages = functools.partial(by_messages, batch.to_bytes(), len(done.to_bytes()))
            _print_alone(f"Arrow, {size:,}", await _rounds(size, alone.pid, messages, apply))
            load = functools.partial(orjson.loads, text)
            rounds = await _rounds(size, runtime.pid, by_json, load)
            _print(f"JSON, {size:,}", rounds, "orjson.loads", 0.3)
            written = len(msgspec.json.encode(done.to_records()))
            messages = functools.partial(by_messages, text, written)
            _print_alone(f"JSON, {size:,}", await _rounds(size, alone.pid, messages, load))


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
    # What `clock_getcpuclockid` gives on Linux, for which Python has no name.
    return time.clock_gettime(~pid << 3 | _SCHEDULED)


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


def _print_alone(name: str, rounds: list[Round]) -> None:
    """Print what messages alone cost, and the ratio if there were only that and the baseline."""
    alone = statistics.median(each.runtime for each in rounds)
    most = statistics.median(each.baseline / (each.baseline + each.runtime) for each in rounds)
    print(
        f"{f'{name}: messages alone':34}{1 / alone:12,.0f}{'with the above, a ratio of':>36}{most:12.2f}"
    )


def answer_alone(address: str) -> None:
    """Answer each message with zeros, as many as it asks for, until the process is ended."""

    def answer(_: bytes, context: grpc.ServicerContext) -> bytes:
        return answers[int(dict(context.invocation_metadata())[ALONE_SIZE_KEY])]

    answers = _Zeros()
    keep_freed_memory()
    look_for_cycles_rarely()
    server = grpc.server(ThreadPoolExecutor(), options=_LARGE)
    _, service, method = ALONE_METHOD.split("/")
    handlers = {method: grpc.unary_unary_rpc_method_handler(answer)}
    server.add_generic_rpc_handlers((grpc.method_handlers_generic_handler(service, handlers),))
    server.add_insecure_port(address)
    server.start()
    server.wait_for_termination()


class _Zeros(dict[int, bytes]):
    """So many zeros, made when they are asked for first."""

    def __missing__(self, size: int) -> bytes:
        self[size] = bytes(size)
        return self[size]


if __name__ == "__main__":
    answer_alone(sys.argv[1])
