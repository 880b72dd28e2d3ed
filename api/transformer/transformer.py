"""Calls of the runtime for the API: traced, counted, and refused in its words."""

import time
from collections.abc import Awaitable, Callable
from typing import Final, TypeVar

import structlog

from api.telemetry.metrics import Metrics
from api.telemetry.request_id import current_request_id
from api.telemetry.tracing import Metadata, Tracing
from api.transformer.refusals import told, transformation_failed
from mapping_lang.types.schema import Purpose
from runtime.client import Client, ClientOptions, Health, Job
from runtime.contract import Compiled, Transformation, Transformed
from runtime.errors import KilnRuntimeError
from runtime.retry import RetryPolicy
from runtime.sandbox.interface import Language
from runtime.wire.tables import REQUEST_ID_KEY

_Result = TypeVar("_Result")

CALL_SECONDS: Final = 20.0
RETRY_SECONDS: Final = 5.0
"""How long calls of a request are tried again: a person is waiting."""

_OK: Final = "ok"


class Transformer:
    """Compiles and tries out transformations; the event loop is free while the runtime works."""

    def __init__(self, client: Client, metrics: Metrics, tracing: Tracing) -> None:
        self._client = client
        self._metrics = metrics
        self._tracing = tracing
        self._log = structlog.get_logger("api.transformer")

    async def compile(self, transformation: Transformation, *, tenant: str) -> Compiled:
        """Compile a transformation; its mistakes are an answer."""
        return await self._call(
            "compile", lambda: self._client.compile(transformation, tenant=tenant)
        )

    async def check(self, transformation: Transformation, *, tenant: str) -> Compiled:
        """Compile a transformation, and refuse one with mistakes (DEC-30)."""
        compiled = await self.compile(transformation, tenant=tenant)
        if compiled.diagnostics:
            raise transformation_failed(transformation, compiled.diagnostics)
        return compiled

    async def apply(self, job: Job, records: bytes, purpose: Purpose) -> Transformed[bytes]:
        """Apply a transformation to a JSON array of records."""
        return await self._call(
            "transform", lambda: self._client.transform_json(job, records, purpose)
        )

    async def languages(self) -> frozenset[Language]:
        """Tell which languages functions can be written in now (FUNC-85)."""
        return (await self._call("health", self._client.health)).languages

    async def health(self) -> Health:
        """Ask the runtime how it is; errors are those of the runtime."""
        return await self._client.health()

    async def _call(self, method: str, call: Callable[[], Awaitable[_Result]]) -> _Result:
        begun = time.monotonic()
        outcome = _OK
        try:
            with self._tracing.call(f"runtime {method}"):
                return await call()
        except KilnRuntimeError as error:
            outcome = type(error).__name__
            telling = told(error)
            if telling is None:
                raise
            self._log.info("runtime refused", method=method, error=outcome, message=str(error))
            raise telling from error
        finally:
            self._metrics.runtime_called(method, outcome, time.monotonic() - begun)


def client_options(tracing: Tracing, connections: int = 1) -> ClientOptions:
    """Give what the client of the runtime is made with for the API."""
    return ClientOptions(
        connections=connections,
        timeout_seconds=CALL_SECONDS,
        retry=RetryPolicy(total_seconds=RETRY_SECONDS),
        metadata=metadata_of(tracing),
    )


def metadata_of(tracing: Tracing) -> Callable[[], Metadata]:
    """Send the ids of the request and of the trace with each call."""

    def metadata() -> Metadata:
        request_id = current_request_id.get()
        own: Metadata = ((REQUEST_ID_KEY, request_id),) if request_id else ()
        return own + tracing.metadata()

    return metadata
