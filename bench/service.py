"""`python -m bench service`: mappings through gRPC, against the program in process and orjson.

Messages alone cost time too, whoever answers them. So a bare server is measured as well. It answers
messages of the same sizes at once: what that takes is not the runtime's to save. For Arrow, it also
reads each batch, applies the program and writes the result, and does nothing else.
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
from collections.abc import Awaitable, Callable, Sequence
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
from mapping_lang.program import Program
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

BARE_SERVICE: Final = "bench.Bare"
ANSWER: Final = "Answer"
APPLY: Final = "Apply"
ANSWER_SIZE_KEY: Final = "answer-bytes"

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
        asyncio.run(_measure(runtime, start("b", "bench.service")))
    return 0


@dataclass(frozen=True, slots=True)
class _Server:
    address: str
    pid: int


async def _measure(runtime: _Server, bare: _Server) -> None:
    program = _program()
    options = ClientOptions(in_flight=IN_FLIGHT)
    async with (
        await connect(runtime.address, options=options) as client,
        grpc.aio.insecure_channel(bare.address, options=_LARGE) as channel,
    ):
        answer_at_once = channel.unary_unary(f"/{BARE_SERVICE}/{ANSWER}")
        apply_barely = channel.unary_unary(f"/{BARE_SERVICE}/{APPLY}")
        await _agree(client, program)
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
                metadata = ((ANSWER_SIZE_KEY, str(received)),)
                return await answer_at_once(sent, metadata=metadata, wait_for_ready=True)

            done = program.apply(batch, IMPORT).batch
            sent = batch.to_bytes()
            if await apply_barely(sent, wait_for_ready=True) != done.to_bytes():
                raise AssertionError("the bare server does something else")

            async def by_bare_server(sent: bytes = sent) -> object:
                return await apply_barely(sent)

            apply = functools.partial(program.apply, batch, IMPORT)
            rounds = await _rounds(size, runtime.pid, by_arrow, apply)
            _print(f"Arrow, {size:,}", rounds, "program", 0.6 if size == SIZES[0] else None)
            rounds = await _rounds(size, bare.pid, by_bare_server, apply)
            _print_run(f"Arrow, {size:,}: bare server", rounds)
            messages = functools.partial(by_messages, sent, len(done.to_bytes()))
            _print_alone(f"Arrow, {size:,}", await _rounds(size, bare.pid, messages, apply))
            load = functools.partial(orjson.loads, text)
            rounds = await _rounds(size, runtime.pid, by_json, load)
            _print(f"JSON, {size:,}", rounds, "orjson.loads", 0.3)
            written = len(msgspec.json.encode(done.to_records()))
            messages = functools.partial(by_messages, text, written)
            _print_alone(f"JSON, {size:,}", await _rounds(size, bare.pid, messages, load))


def _program() -> Program:
    program, mistakes = compile_mapping(MAPPING, INPUT, OUTPUT)
    if program is None:
        raise AssertionError("\n".join(map(str, mistakes)))
    return program


async def _agree(client: Client, program: Program) -> None:
    rows = list(input_rows(200))
    by_arrow = await client.transform(JOB, Batch.from_records(INPUT, rows), IMPORT)
    by_json = await client.transform_json(JOB, msgspec.json.encode(rows), IMPORT)
    expected = program.apply_records(rows, IMPORT).records
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


def _median(rounds: Sequence[Round], figure: Callable[[Round], float]) -> float:
    return statistics.median(map(figure, rounds))


def _print(name: str, rounds: Sequence[Round], against: str, bar: float | None) -> None:
    """Print what is compared with, and what the runtime does."""
    alone = 1 / _median(rounds, lambda each: each.baseline)
    print(f"{f'{name}: {against} alone':34}{alone:12,.0f}")
    _print_run(f"{name}: through gRPC", rounds, "" if bar is None else f"  (bar {bar:g})")


def _print_run(title: str, rounds: Sequence[Round], end: str = "") -> None:
    rates = (
        1 / _median(rounds, lambda each: each.runtime),
        1 / _median(rounds, lambda each: each.runtime + each.client),
        1 / _median(rounds, lambda each: each.wall),
    )
    ratios = (
        _median(rounds, lambda each: each.baseline / each.runtime),
        _median(rounds, lambda each: each.baseline / (each.runtime + each.client)),
    )
    line = "".join(f"{rate:12,.0f}" for rate in rates) + "".join(f"{each:12.2f}" for each in ratios)
    print(f"{title:34}{line}{end}", flush=True)


def _print_alone(name: str, rounds: Sequence[Round]) -> None:
    """Print what messages alone cost, and the ratio if there were only that and the baseline."""
    alone = _median(rounds, lambda each: each.runtime)
    most = _median(rounds, lambda each: each.baseline / (each.baseline + each.runtime))
    print(
        f"{f'{name}: messages alone':34}{1 / alone:12,.0f}{'with the above, a ratio of':>36}{most:12.2f}"
    )


def serve_barely(address: str) -> None:
    """Answer each message until the process is ended."""

    def answer(_: bytes, context: grpc.ServicerContext) -> bytes:
        """Give zeros, as many as are asked for."""
        return answers[int(dict(context.invocation_metadata())[ANSWER_SIZE_KEY])]

    def apply(message: bytes, _: grpc.ServicerContext) -> bytes:
        return program.apply(Batch.from_bytes(INPUT, message), IMPORT).batch.to_bytes()

    answers, program = _Zeros(), _program()
    keep_freed_memory()
    look_for_cycles_rarely()
    server = grpc.server(ThreadPoolExecutor(), options=_LARGE)
    handlers = {
        name: grpc.unary_unary_rpc_method_handler(method)
        for name, method in ((ANSWER, answer), (APPLY, apply))
    }
    handler = grpc.method_handlers_generic_handler(BARE_SERVICE, handlers)
    server.add_generic_rpc_handlers((handler,))
    server.add_insecure_port(address)
    server.start()
    server.wait_for_termination()


class _Zeros(dict[int, bytes]):
    """So many zeros, made when they are asked for first."""

    def __missing__(self, size: int) -> bytes:
        self[size] = bytes(size)
        return self[size]


if __name__ == "__main__":
    serve_barely(sys.argv[1])
