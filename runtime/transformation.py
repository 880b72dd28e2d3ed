"""Transformations kept by content, and applied to batches."""

import threading
import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import Final, assert_never

from mapping_lang.batch import Batch, Rejection
from mapping_lang.program import Purposes
from mapping_lang.types.codec.encode import encoder_for
from mapping_lang.types.schema import Purpose, format_path
from runtime.cache import Cache
from runtime.compiled import Ready, ReadyFunction, ReadyMapping, Refused, compile_transformation
from runtime.contract import (
    CompileCall,
    Compiled,
    Payload,
    Timings,
    Transformation,
    TransformCall,
    Transformed,
)
from runtime.deadline import Deadline, never_gone
from runtime.errors import (
    BusyError,
    FunctionsUnavailableError,
    LimitError,
    RequestError,
    TransformationRefusedError,
)
from runtime.functions import FunctionBatch, FunctionEngine, FunctionResult, FunctionTask
from runtime.limits import Limits
from runtime.payloads import (
    Content,
    Received,
    joined,
    moved,
    receive,
    receive_for_columns,
    send,
)

MAX_COMPILED: Final = 1_024
MAX_COMPILED_CHARS: Final = 16 * 2**20
"""Most compiled transformations that are kept, and most text of theirs: a program takes some
fifty times the memory of its text."""

MAX_MAPPINGS_AT_ONCE: Final = 2
"""Batches that mappings are applied to at once: they share one interpreter, and each needs memory
of ten times its payload."""

SLICE_STEPS: Final = 2_000_000
"""How much of a batch is done between two looks at the clock, in steps of the plan by records."""

SLICE_BYTES: Final = 256 * 2**20
"""What a slice of a batch may become if every step repeats all that came in."""


class Transformer:
    """Compiles and applies; used by many threads at a time."""

    def __init__(self, limits: Limits, engine: FunctionEngine | None = None) -> None:
        self._limits = limits
        self._engine = engine
        self._turns = threading.BoundedSemaphore(MAX_MAPPINGS_AT_ONCE)
        self._cache: Cache[Transformation, Ready] = Cache(
            max_entries=MAX_COMPILED, max_weight=MAX_COMPILED_CHARS
        )

    @property
    def limits(self) -> Limits:
        return self._limits

    def compile(self, call: CompileCall) -> Compiled:
        """Compile a transformation; its mistakes are an answer."""
        limits = self._bounded(call.limits)
        match self._ready(call.transformation):
            case Refused(diagnostics):
                return Compiled(diagnostics=diagnostics)
            case ReadyMapping(program=program):
                return Compiled(
                    in_paths=tuple(map(format_path, program.in_paths)),
                    out_paths=tuple(map(format_path, program.out_paths)),
                )
            case ReadyFunction(function=function) as ready:
                engine = self._functions()
                limits.check_source(function.source)
                mistakes = engine.compile(_task(ready, call.tenant, ""), limits)
                if mistakes:
                    return Compiled(diagnostics=mistakes)
                return Compiled(
                    in_paths=tuple(sorted(function.in_paths)),
                    out_paths=tuple(sorted(function.out_paths)),
                )
            case never:
                assert_never(never)

    def transform(
        self,
        call: TransformCall,
        caller_seconds: float | None = None,
        is_gone: Callable[[], bool] = never_gone,
    ) -> Transformed[Payload]:
        """Apply a transformation to a batch, as long as its caller waits for it."""
        limits = self._bounded(call.limits)
        deadline = Deadline(caller_seconds, limits.batch_seconds, is_gone=is_gone)
        started = time.monotonic()
        ready = self._ready(call.transformation)
        starting = time.monotonic() - started
        match ready:
            case Refused(diagnostics):
                first = diagnostics[0]
                raise TransformationRefusedError(
                    first.message,
                    code=first.code.value,
                    pointer=first.pointer or "",
                    mistakes=len(diagnostics),
                )
            case ReadyMapping():
                return self._map(call, ready, limits, deadline, starting)
            case ReadyFunction():
                return self._run(call, ready, limits, deadline)
            case _:
                assert_never(ready)

    def _map(
        self,
        call: TransformCall,
        ready: ReadyMapping,
        limits: Limits,
        deadline: Deadline,
        starting: float,
    ) -> Transformed[Payload]:
        asked = time.monotonic()
        seconds = min(limits.waiting_seconds, deadline.remaining())
        if not self._turns.acquire(timeout=seconds):
            deadline.check()
            raise BusyError(f"no turn within {seconds:g} s: {MAX_MAPPINGS_AT_ONCE} batches at once")
        try:
            begun = time.monotonic()
            program = ready.program
            received = receive_for_columns(call.payload, program.plan.in_schema, limits)
            purposes = _purposes(call.purposes, received)
            decoded = time.monotonic()
            found = _apply(ready, call.payload, received, purposes, limits, deadline)
            applied = time.monotonic()
            return Transformed(
                content=found.payload,
                rejections=_merged(received, found.rejections),
                timings=Timings(
                    waiting=begun - asked,
                    starting=starting,
                    executing=applied - decoded - found.encoding_seconds,
                    encoding=decoded - begun + found.encoding_seconds,
                ),
            )
        finally:
            self._turns.release()

    def _run(
        self, call: TransformCall, ready: ReadyFunction, limits: Limits, deadline: Deadline
    ) -> Transformed[Payload]:
        engine = self._functions()
        limits.check_source(ready.function.source)
        begun = time.monotonic()
        received = receive(call.payload, ready.payload_schema, limits)
        purposes = _purposes(call.purposes, received)
        content = received.pruned_to(ready.in_schema)
        decoding = time.monotonic() - begun
        task = _task(ready, call.tenant, call.function_version)
        result: FunctionBatch | FunctionResult
        if isinstance(content, Batch):
            result = engine.apply_batch(
                task, content, purposes, limits, deadline, capture_output=call.capture_output
            )
            found: Content = result.batch
        else:
            result = engine.apply(
                task, content, purposes, limits, deadline, capture_output=call.capture_output
            )
            found = result.records
        applied = time.monotonic()
        payload = send(found, ready.out_schema, call.payload.encoding)
        encoding = decoding + time.monotonic() - applied
        return Transformed(
            content=payload,
            rejections=_merged(received, result.rejections),
            timings=result.timings + Timings(encoding=encoding),
            captured=result.captured,
        )

    def _bounded(self, asked: Limits | None) -> Limits:
        own = self._limits
        return own if asked is None or asked is own else asked.bounded_by(own)

    def _functions(self) -> FunctionEngine:
        if self._engine is None:
            raise FunctionsUnavailableError
        return self._engine

    def _ready(self, transformation: Transformation) -> Ready:
        return self._cache.get(
            transformation, transformation.size, lambda: compile_transformation(transformation)
        )


def _task(ready: ReadyFunction, tenant: str, version: str) -> FunctionTask:
    return FunctionTask(
        tenant=tenant,
        version=version,
        function=ready.function,
        in_schema=ready.in_schema,
        out_schema=ready.out_schema,
    )


def _purposes(purposes: Purposes, received: Received) -> Purposes:
    """Give the purposes of the records that are here."""
    if isinstance(purposes, Purpose):
        return purposes
    if len(purposes) != received.num_received:
        raise RequestError(
            "purposes",
            f"found {len(purposes)} for {received.num_received} records, expected one for each, or"
            " one for all",
        )
    if received.positions is None:
        return purposes
    return [purposes[position] for position in received.positions]


@dataclass(frozen=True, slots=True)
class _Mapped:
    """What a mapping made of a batch."""

    payload: Payload
    rejections: list[Rejection]
    encoding_seconds: float


def _apply(
    ready: ReadyMapping,
    payload: Payload,
    received: Received,
    purposes: Purposes,
    limits: Limits,
    deadline: Deadline,
) -> _Mapped:
    """Apply a mapping slice by slice, so that the clock and the size of what comes out count."""
    content, program = received.content, ready.program
    total = content.num_records if isinstance(content, Batch) else len(content)
    length = _slice_length(total, len(payload.content), ready.steps)
    batches: list[Batch] = []
    texts: list[bytes] = []
    rejections: list[Rejection] = []
    size, encoding_seconds = 0, 0.0
    for start in range(0, max(1, total), length):
        deadline.check()
        own = purposes if isinstance(purposes, Purpose) else purposes[start : start + length]
        if isinstance(content, Batch):
            part = content if length >= total else content.slice(start, length)
            applied = program.apply(part, own)
            batches.append(applied.batch)
            # Of the only one it shows when it is written.
            size += 0 if length >= total else applied.batch.data.nbytes
            rejected = applied.rejections
        else:
            done = program.apply_records(content[start : start + length], own)
            begun = time.monotonic()
            texts.append(encoder_for(program.out_schema).encode_array(done.records))
            encoding_seconds += time.monotonic() - begun
            size += len(texts[-1]) - 1
            rejected = done.rejections
        _check_output(size, limits)
        rejections += [moved(each, each.position + start) for each in rejected]
    begun = time.monotonic()
    if isinstance(content, Batch):
        whole = batches[0] if len(batches) == 1 else Batch.concat(program.out_schema, batches)
        sent = send(
            whole,
            program.out_schema,
            payload.encoding,
            lambda so_far: _check_output(so_far, limits),
        )
    else:
        sent = Payload(payload.encoding, joined(texts))
    return _Mapped(sent, rejections, encoding_seconds + time.monotonic() - begun)


def _slice_length(records: int, size: int, steps: int) -> int:
    by_time = SLICE_STEPS // steps
    by_size = SLICE_BYTES * max(1, records) // max(1, size * steps)
    return max(1, min(by_time, by_size, max(1, records)))


def _check_output(size: int, limits: Limits) -> None:
    if size > limits.batch_output_bytes:
        raise LimitError("batch_output_bytes", found=size, allowed=limits.batch_output_bytes)


def _merged(received: Received, rejections: list[Rejection]) -> tuple[Rejection, ...]:
    if not received.rejections:
        return tuple(rejections)
    own = [moved(each, received.position(each.position)) for each in rejections]
    return tuple(sorted((*received.rejections, *own), key=lambda each: each.position))
