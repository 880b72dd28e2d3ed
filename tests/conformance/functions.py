"""Operation `function`: functions in locked guests, one engine for all vectors."""

import atexit
from functools import cache
from typing import Final

from mapping_lang.batch import Step
from mapping_lang.types.kinds import NO_SCHEMA, Schema
from mapping_lang.types.schema import Purpose
from mapping_lang.types.values import Record
from runtime.contract import Function
from runtime.deadline import Deadline
from runtime.engine import EngineSettings, GuestEngine
from runtime.errors import FunctionRefusedError, KilnRuntimeError
from runtime.functions import FunctionTask
from runtime.limits import Limits
from runtime.logs import LogFormat, LogLevel, configure_logs
from runtime.pool import Room
from runtime.sandbox.interface import Language
from tests.conformance.outcome import Mismatch, Operation, accepts, compare, is_open
from tests.conformance.schemas import schema_of
from tests.conformance.vector import Document, Vector, comparable, expected_form, to_record

_LANGUAGES: Final = {"javascript": Language.JAVASCRIPT, "python": Language.PYTHON}
_PURPOSES: Final = {
    "none": Purpose.IMPORT,
    "import": Purpose.IMPORT,
    "create": Purpose.CREATE,
    "update": Purpose.UPDATE,
}
_CATEGORIES: Final = {
    Step.TRANSFORM: "transformation_error",
    Step.VALIDATE_OUTPUT: "validation_error",
}
_ROOM: Final = Room(guests=4)  # no function comes twice
_LIMITS: Final = Limits(record_seconds=5.0, load_seconds=10.0, batch_seconds=30.0)


def check_function(vector: Vector, expect: Document) -> Mismatch | None:
    """Apply a function to its rows, as one batch."""
    body = vector.body
    out_schema = _schema(body["outSchema"])
    found = _found(vector)
    results = found.get("results", [])
    if "results" not in expect or len(results) != len(expect["results"]):
        return _compare(found, expect, out_schema)
    for result, expected in zip(results, expect["results"], strict=True):
        mismatch = _compare(result, expected, out_schema)
        if mismatch is not None:
            return mismatch
    return None


def _compare(found: Document, expected: Document, schema: Schema) -> Mismatch | None:
    def same(closed: Document) -> bool:
        return _form(found, schema) == _expected(closed, schema)

    if is_open(expected):
        return None if accepts(found, expected, same) else Mismatch(found, expected)
    return None if same(expected) else compare(found, expected) or Mismatch(found, expected)


def _form(found: Document, schema: Schema) -> object:
    # Messages and paths are not compared: vectors give them for information.
    if "error" in found:
        return ("error", found["error"])
    return comparable(found["out"], schema) if "out" in found else ("other", found)


def _expected(expected: Document, schema: Schema) -> object:
    if "error" in expected:
        return ("error", expected["error"])
    return expected_form(expected["out"], schema) if "out" in expected else ("other", expected)


# By identifier: a vector is checked again with every expectation that a deviation writes.
_known: dict[str, Document] = {}


def _found(vector: Vector) -> Document:
    if vector.id not in _known:
        _known[vector.id] = _run(vector.body)
    return _known[vector.id]


def _run(body: Document) -> Document:
    in_schema, out_schema = _schema(body["inSchema"]), _schema(body["outSchema"])
    function = Function(
        language=_LANGUAGES[body["language"]],
        source=body["source"],
        in_paths=tuple(item.name for item in in_schema.properties),
        out_paths=tuple(item.name for item in out_schema.properties),
        preserve_json=body["preserveJSON"],
    )
    task = FunctionTask(
        tenant="conformance",
        version="1",
        function=function,
        in_schema=in_schema,
        out_schema=out_schema,
    )
    rows: list[Record] = [to_record(row, in_schema) for row in body["rows"]]
    try:
        done = _engine().apply(
            task,
            rows,
            _PURPOSES[body["purpose"]],
            _LIMITS,
            Deadline(None, _LIMITS.batch_seconds),
            capture_output=False,
        )
    except FunctionRefusedError as error:
        return {"error": "function_exec_error", "message": error.message}
    except KilnRuntimeError as error:
        return {"error": "process_error", "message": str(error)}
    records = iter(done.records)
    rejected = {rejection.position: rejection for rejection in done.rejections}
    results: list[Document] = []
    for position in range(len(rows)):
        rejection = rejected.get(position)
        if rejection is None:
            results.append({"out": next(records)})
        else:
            results.append(
                {
                    "error": _CATEGORIES[rejection.step],
                    "path": rejection.path,
                    "message": rejection.message,
                }
            )
    return {"results": results}


def _schema(raw: Document | None) -> Schema:
    return NO_SCHEMA if raw is None else schema_of(raw)


@cache
def _engine() -> GuestEngine:
    configure_logs(LogFormat.TEXT, LogLevel.WARNING)  # the report is all that is printed
    engine = GuestEngine(EngineSettings(room=_ROOM))
    engine.start()
    atexit.register(engine.close)
    return engine


OPERATIONS = (Operation(op="function", check=check_function),)
