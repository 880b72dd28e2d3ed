"""What is known of the walls: found by canaries, told to everybody, and obeyed."""

import os
import signal
from collections.abc import Iterator

import grpc
import pytest
from grpc_health.v1 import health_pb2, health_pb2_grpc
from structlog.testing import capture_logs

from mapping_lang.types.kinds import IntType
from mapping_lang.types.schema import Purpose
from runtime.contract import Encoding, Function, Payload, Transformation, TransformCall
from runtime.engine import EngineSettings, GuestEngine
from runtime.errors import (
    FunctionsUnavailableError,
    KilnRuntimeError,
    UnavailableError,
    WallsMissingError,
)
from runtime.functions import Attestation
from runtime.sandbox import attest
from runtime.sandbox.interface import Language
from runtime.sandbox.probes import PROBES
from runtime.sandbox.zygote import Zygote
from runtime.walls import Walls
from runtime.wire.requests import transform_request
from runtime.wire.tables import ATTESTATION_KEY, SERVICE, TRANSFORM, functions_service
from tests.runtime.engines import apply, object_of, task_of
from tests.runtime.serving import IN_SCHEMA, OUT_SCHEMA, mapping, running

PY = Language.PYTHON
SERVING = health_pb2.HealthCheckResponse.SERVING
NOT_SERVING = health_pb2.HealthCheckResponse.NOT_SERVING
ONLY_PYTHON = frozenset({PY})
INT = object_of(i=IntType(32))
TASK = task_of(PY, "def transform(r):\n    return r\n", INT, INT)


@pytest.fixture
def no_walls(monkeypatch: pytest.MonkeyPatch) -> None:
    """Sends in a canary that no guest knows how to stop."""
    few = {"read files": PROBES["read files"], "walk out": PROBES["read files"]}
    monkeypatch.setattr(attest, "PROBES", few)
    monkeypatch.setattr(attest, "FUNCTION_CANARIES", ())


@pytest.fixture
def python() -> Iterator[GuestEngine]:
    engine = GuestEngine(EngineSettings(languages=ONLY_PYTHON))
    yield engine
    engine.close()


def message(transformation: Transformation) -> bytes:
    payload = Payload(Encoding.JSON_RECORDS, b'[{"id":1,"name":"x"}]')
    call = TransformCall(
        transformation=transformation, payload=payload, purposes=Purpose.IMPORT, tenant="t"
    )
    return transform_request(call)


FUNCTION = message(
    Transformation.of(
        IN_SCHEMA,
        OUT_SCHEMA,
        Function(
            language=PY,
            source="def transform(r):\n    return {'number': r['id'] + 1}\n",
            in_paths=("id",),
            out_paths=("number",),
        ),
    )
)


@pytest.mark.usefixtures("no_walls")
def test_mappings_are_served_and_functions_refused_where_a_canary_escapes(
    python: GuestEngine,
) -> None:
    with capture_logs() as logs:
        attestation = python.attest_now()
    said = "Python: 2 attempts, escaped: walk out (no canary walk out)"
    assert attestation == Attestation(passed=False, summary=said, allowed=frozenset())
    assert logs == [
        {
            "event": "walls do not hold",
            "log_level": "error",
            "language": "Python",
            "found": "2 attempts, escaped: walk out (no canary walk out)",
            "functions": "refused",
        }
    ]
    with running(engine=python) as (_, address), grpc.insecure_channel(address) as channel:
        method = channel.unary_unary(f"/{SERVICE}/{TRANSFORM}")
        _, call = method.with_call(message(mapping()))
        assert dict(call.trailing_metadata())[ATTESTATION_KEY] == f"failed: {said}"
        with pytest.raises(grpc.RpcError) as caught:
            method(FUNCTION)
        assert caught.value.code() is grpc.StatusCode.FAILED_PRECONDITION
        assert "walk out" in caught.value.details()
        stub = health_pb2_grpc.HealthStub(channel)
        for language in Language:
            asked = health_pb2.HealthCheckRequest(service=functions_service(language))
            answer, call = stub.Check.with_call(asked)
            assert answer.status == NOT_SERVING
            assert dict(call.trailing_metadata())[ATTESTATION_KEY] == f"failed: {said}"


@pytest.mark.usefixtures("no_walls")
def test_functions_run_all_the_same_only_where_that_is_said_to_be_unsafe() -> None:
    settings = EngineSettings(languages=ONLY_PYTHON, allow_missing_walls=True)
    engine = GuestEngine(settings)
    try:
        attestation = engine.attest_now()
        assert (attestation.passed, attestation.allowed) == (False, ONLY_PYTHON)
        assert apply(engine, TASK, [{"i": 1}]).records == [{"i": 1}]
    finally:
        engine.close()


def test_calls_wait_for_the_first_attestation(python: GuestEngine) -> None:
    python.start()
    with running(engine=python) as (server, address), grpc.insecure_channel(address) as channel:
        answer = channel.unary_unary(f"/{SERVICE}/{TRANSFORM}")(FUNCTION)
        assert b'"number":2' in answer
        server.update_health()
        stub = health_pb2_grpc.HealthStub(channel)
        found = [
            stub.Check(health_pb2.HealthCheckRequest(service=functions_service(each))).status
            for each in (PY, Language.JAVASCRIPT)
        ]
        assert found == [SERVING, NOT_SERVING]


def test_who_waits_too_long_for_the_first_attestation_may_come_again(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr("runtime.sandbox.zygote._START", "import time; time.sleep(60)")
    zygote = Zygote(PY, start_seconds=1)
    walls = Walls({PY: zygote})
    walls.watch(600)
    with pytest.raises(UnavailableError):
        walls.check(PY, 0.01)
    with pytest.raises(WallsMissingError, match="does not answer"):
        walls.check(PY, 60)
    walls.stop()
    zygote.close()
    walls.join()


def test_a_language_that_was_not_started_is_refused(python: GuestEngine) -> None:
    task = task_of(Language.JAVASCRIPT, "const transform = (r) => r;", INT, INT)
    with pytest.raises(FunctionsUnavailableError, match="without functions in JavaScript"):
        apply(python, task, [{"i": 1}])


def test_walls_that_were_never_tried_are_none() -> None:
    zygote = Zygote(PY)
    with pytest.raises(WallsMissingError, match="Python: unknown"):
        Walls({PY: zygote}).check(PY, 0)


def test_a_zygote_that_cannot_start_refuses_its_functions(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("runtime.sandbox.zygote._START", "import sys; sys.exit(1)")
    engine = GuestEngine(EngineSettings(languages=ONLY_PYTHON))
    engine.start()
    with pytest.raises(KilnRuntimeError, match="zygote is gone"):
        apply(engine, TASK, [{"i": 1}])
    engine.close()


def test_the_walls_are_tried_again_with_a_zygote_that_replaces_a_dead_one(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(attest, "FUNCTION_CANARIES", ())
    zygote = Zygote(PY, start_seconds=60)
    walls = Walls({PY: zygote})
    assert walls.attest().passed
    assert zygote.pid is not None
    os.kill(zygote.pid, signal.SIGKILL)
    assert walls.attest().passed
    zygote.close()
    # A zygote that is gone proves nothing: what was found stands.
    assert walls.attest().passed
