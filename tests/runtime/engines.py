"""What the tests of functions share: tasks, and one engine that is started once."""

from collections.abc import Sequence

from mapping_lang.program import Purposes
from mapping_lang.types.kinds import ObjectType, Property, Schema, Type
from mapping_lang.types.schema import Purpose
from mapping_lang.types.values import Record
from runtime.contract import Function
from runtime.deadline import Deadline
from runtime.engine import EngineSettings, GuestEngine
from runtime.functions import FunctionResult, FunctionTask
from runtime.limits import Limits
from runtime.pool import Room
from runtime.sandbox.interface import Language

# A machine under load is slow: only what is endless may meet these.
LIMITS = Limits(
    record_seconds=5, batch_seconds=60, load_seconds=30, start_seconds=60, memory_bytes=96 << 20
)


def task_of(
    language: Language,
    source: str,
    in_schema: Schema,
    out_schema: Schema,
    *,
    preserve_json: bool = False,
    tenant: str = "tests",
) -> FunctionTask:
    function = Function(
        language=language,
        source=source,
        in_paths=tuple(item.name for item in in_schema.properties),
        out_paths=tuple(item.name for item in out_schema.properties),
        preserve_json=preserve_json,
    )
    return FunctionTask(
        tenant=tenant, version="1", function=function, in_schema=in_schema, out_schema=out_schema
    )


def apply(
    engine: GuestEngine,
    task: FunctionTask,
    records: Sequence[Record],
    purposes: Purposes = Purpose.IMPORT,
    limits: Limits = LIMITS,
    *,
    capture_output: bool = False,
    caller_seconds: float | None = None,
) -> FunctionResult:
    deadline = Deadline(caller_seconds, limits.batch_seconds)
    return engine.apply(task, records, purposes, limits, deadline, capture_output=capture_output)


def object_of(**types: Type) -> Schema:
    return ObjectType(tuple(Property(name, type_) for name, type_ in types.items()))


def opened(room: Room | None = None) -> GuestEngine:
    """An engine whose walls are attested."""
    engine = GuestEngine(EngineSettings(room=room or Room(guests=6)))
    engine.attest_now()
    return engine
