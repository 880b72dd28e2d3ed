"""The door of the rest of the product to the runtime, for use from asyncio."""

import asyncio
import functools
import secrets
import time
from collections.abc import AsyncIterable, AsyncIterator, Callable, Coroutine, Iterable
from dataclasses import dataclass, field
from types import TracebackType
from typing import Any, Final, Self, TypeVar

import grpc
import grpc.aio
from google.protobuf.message import DecodeError
from google.rpc import error_details_pb2, status_pb2
from grpc_health.v1 import health_pb2, health_pb2_grpc

from mapping_lang.batch import Batch, Rejection
from mapping_lang.diagnostics import Code
from mapping_lang.program import Purposes
from mapping_lang.types.errors import PathError
from mapping_lang.types.kinds import Schema
from mapping_lang.types.schema import Purpose
from runtime.addresses import process_addresses
from runtime.chunks import (
    SIZE_LIMITS,
    BatchSource,
    JsonSource,
    Piece,
    Source,
    halves,
    joined,
    pieces,
    purposes_of,
    too_large,
)
from runtime.contract import (
    CompileCall,
    Compiled,
    Transformation,
    TransformCall,
    Transformed,
)
from runtime.errors import (
    AnswerError,
    BatchStoppedError,
    DeadlineError,
    KilnRuntimeError,
    LimitError,
    RequestError,
    TransformationRefusedError,
    UnavailableError,
)
from runtime.limits import MIB, Limits
from runtime.retry import Attempts, RetryPolicy, decide
from runtime.sandbox.interface import Language
from runtime.statuses import DOMAIN, error_of
from runtime.wire import answers, requests
from runtime.wire.tables import (
    ATTESTATION_KEY,
    COMPILE,
    SERVICE,
    TRANSFORM,
    functions_service,
)

MAX_MESSAGE_BYTES: Final = 64 * MIB
MAX_METADATA_BYTES: Final = 64 * 1024
MAX_RESULT_SCHEMAS: Final = 256
HEALTH_SECONDS: Final = 2.0

Metadata = tuple[tuple[str, str], ...]

_DETAILS_KEY: Final = "grpc-status-details-bin"
_CHANCE_STEPS: Final = 1 << 16

_Result = TypeVar("_Result")
_Content = TypeVar("_Content")


@dataclass(frozen=True, slots=True, kw_only=True)
class ClientTls:
    """What a client trusts, and who it is if the server asks; all in PEM."""

    ca: bytes
    certificate: bytes | None = None
    key: bytes | None = None
    server_name: str = ""
    """The name in the server's certificate, if it is not that of the address."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ClientOptions:
    """How a client behaves."""

    connections: int = 1
    """As many as the server has processes."""
    in_flight: int = 4
    """Calls at once."""
    max_records: int = 10_000
    max_bytes: int = 24 * MIB
    """Records and bytes of one call; a larger batch is sent in several."""
    timeout_seconds: float = 30.0
    """How long one attempt may take."""
    retry: RetryPolicy = field(default_factory=RetryPolicy)
    metadata: Callable[[], Metadata] = tuple
    """What goes with each call for whoever looks for it later: ids of requests and traces."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Job:
    """A transformation, for whom it is applied, and within which limits."""

    transformation: Transformation
    tenant: str = ""
    function_version: str = ""
    limits: Limits | None = None
    capture_output: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Health:
    """How a server says it is."""

    serving: bool
    languages: frozenset[Language]
    """The languages whose functions it takes: their walls hold, or may be missing."""
    walls: str
    """What is known of the walls."""


class _Connection:
    """One channel, and how many calls are on it."""

    __slots__ = ("calls", "channel")

    def __init__(self, channel: grpc.aio.Channel) -> None:
        self.channel = channel
        self.calls = 0


class Client:
    """Talks to one runtime; made by `connect`, inside the event loop that uses it."""

    def __init__(self, connections: list[_Connection], options: ClientOptions) -> None:
        self._connections = connections
        self._options = options
        self._turns = asyncio.Semaphore(options.in_flight)

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        await self.close()

    async def close(self) -> None:
        """Close the connections; calls in flight are cancelled."""
        for connection in self._connections:
            await connection.channel.close()

    async def compile(
        self, transformation: Transformation, *, tenant: str = "", limits: Limits | None = None
    ) -> Compiled:
        """Compile a transformation; its mistakes are an answer."""
        call = CompileCall(transformation=transformation, tenant=tenant, limits=limits)
        return answers.compiled(await self._call(COMPILE, requests.compile_request(call)))

    async def health(self, timeout_seconds: float = HEALTH_SECONDS) -> Health:
        """Ask once how the server is."""
        serving, walls = await self._check("", timeout_seconds)
        languages = {
            language
            for language in Language
            if (await self._check(functions_service(language), timeout_seconds))[0]
        }
        return Health(serving=serving, languages=frozenset(languages), walls=walls)

    async def transform(self, job: Job, batch: Batch, purposes: Purposes) -> Transformed[Batch]:
        """Apply a transformation to a batch of its input schema, as Arrow columns."""
        source = BatchSource(batch, _result_schema(job.transformation))
        return await self._transform(job, source, purposes)

    async def transform_json(
        self, job: Job, records: bytes, purposes: Purposes
    ) -> Transformed[bytes]:
        """Apply a transformation to a JSON array of records, which gives one."""
        return await self._transform(job, JsonSource(records), purposes)

    async def transform_batches(
        self, job: Job, batches: AsyncIterable[tuple[Batch, Purposes]]
    ) -> AsyncIterator[Transformed[Batch]]:
        """Apply a transformation to many batches, several in flight, answers in their order."""
        waiting: list[asyncio.Task[Transformed[Batch]]] = []
        try:
            async for batch, purposes in batches:
                waiting.append(asyncio.create_task(self.transform(job, batch, purposes)))
                if len(waiting) >= self._options.in_flight:
                    yield await waiting.pop(0)
            while waiting:
                yield await waiting.pop(0)
        finally:
            await _cancel(waiting)

    async def _transform(
        self, job: Job, source: Source[_Content], purposes: Purposes
    ) -> Transformed[_Content]:
        options = self._options
        if not isinstance(purposes, Purpose) and len(purposes) != source.num_records:
            raise RequestError(
                "purposes", f"found {len(purposes)} for {source.num_records} records"
            )
        ranges = pieces(
            source.num_records, source.num_bytes, options.max_records, options.max_bytes
        )
        outcomes = await _all(self._piece(job, source, purposes, each) for each in ranges)
        found = [item for each in outcomes for item in each if isinstance(item, Piece)]
        rejected = [item for each in outcomes for item in each if isinstance(item, Rejection)]
        if not found:
            # Nothing was taken: what is given for no record has the right form.
            found = [await self._send(job, source, purposes, range(0))]
        return joined(source, found, rejected)

    async def _piece(
        self, job: Job, source: Source[_Content], purposes: Purposes, records: range
    ) -> list[Piece | Rejection]:
        """Send a piece, in ever smaller ones if it is too large or its answer is."""
        try:
            return [await self._send(job, source, purposes, records)]
        except LimitError as error:
            if error.limit not in SIZE_LIMITS or not records:
                raise
            if len(records) == 1:
                return [too_large(records.start, error)]
        first, second = halves(records)
        return [
            *await self._piece(job, source, purposes, first),
            *await self._piece(job, source, purposes, second),
        ]

    async def _send(
        self, job: Job, source: Source[_Content], purposes: Purposes, records: range
    ) -> Piece:
        payload = source.payload(records.start, records.stop)
        if len(payload.content) > self._options.max_bytes and len(records) > 1:
            raise LimitError(
                "batch_bytes", found=len(payload.content), allowed=self._options.max_bytes
            )
        call = TransformCall(
            transformation=job.transformation,
            payload=payload,
            purposes=purposes_of(purposes, records),
            tenant=job.tenant,
            function_version=job.function_version,
            limits=job.limits,
            capture_output=job.capture_output,
        )
        try:
            message = await self._call(TRANSFORM, requests.transform_request(call))
        except BatchStoppedError as error:
            if error.position is None:
                raise
            position = error.position + records.start
            raise BatchStoppedError(error.limit, error.message, position) from error
        answer = answers.transformed(message, payload.encoding, num_records=len(records))
        return Piece(records.start, answer)

    async def _call(self, method: str, message: bytes) -> bytes:
        """Try a call until it is answered, or until there is no point in trying again."""
        policy = self._options.retry
        begun = time.monotonic()
        failed = deadlines = 0
        while True:
            try:
                async with self._turns:
                    return await self._attempt(method, message)
            except KilnRuntimeError as error:
                failed += 1
                deadlines += isinstance(error, DeadlineError)
                attempts = Attempts(
                    failed=failed, deadlines=deadlines, elapsed_seconds=time.monotonic() - begun
                )
                chance = secrets.randbelow(_CHANCE_STEPS) / _CHANCE_STEPS
                wait = decide(policy, attempts, error, chance)
                if wait is None:
                    raise
            await asyncio.sleep(wait)

    async def _check(self, service: str, timeout_seconds: float) -> tuple[bool, str]:
        """Ask for the health of one service; gives what is known of the walls with it."""
        stub = health_pb2_grpc.HealthStub(self._connections[0].channel)
        call = stub.Check(
            health_pb2.HealthCheckRequest(service=service),
            timeout=timeout_seconds,
            metadata=self._options.metadata(),
        )
        try:
            answer = await call
            trailers = dict(await call.trailing_metadata())
        except grpc.aio.AioRpcError as error:
            if error.code() is grpc.StatusCode.NOT_FOUND:
                return False, ""
            raise translate(error) from error
        serving = answer.status == health_pb2.HealthCheckResponse.SERVING
        return serving, str(trailers.get(ATTESTATION_KEY, ""))

    async def _attempt(self, method: str, message: bytes) -> bytes:
        connection = min(self._connections, key=lambda each: each.calls)
        # The next call looks at the others first, so that a dead one is not asked again and again.
        self._connections.remove(connection)
        self._connections.append(connection)
        connection.calls += 1
        try:
            # Bytes in and out: gRPC would give none for an answer that is no message.
            call = connection.channel.unary_unary(f"/{SERVICE}/{method}")
            answer: bytes = await call(
                message,
                timeout=self._options.timeout_seconds,
                metadata=self._options.metadata(),
            )
        except grpc.aio.AioRpcError as error:
            raise translate(error) from error
        finally:
            connection.calls -= 1
        return answer


async def connect(
    address: str, *, tls: ClientTls | None = None, options: ClientOptions | None = None
) -> Client:
    """Make a client of the runtime at `unix:/path` or `host:port`.

    Nothing is sent yet: a server that is not there shows at the first call, after its retries.
    """
    options = options or ClientOptions()
    settings: list[tuple[str, int | str]] = [
        ("grpc.max_receive_message_length", MAX_MESSAGE_BYTES),
        ("grpc.max_send_message_length", MAX_MESSAGE_BYTES),
        ("grpc.max_metadata_size", MAX_METADATA_BYTES),
        # We try again ourselves, with the pieces of a batch in mind.
        ("grpc.enable_retries", 0),
        ("grpc.initial_reconnect_backoff_ms", 100),
        ("grpc.min_reconnect_backoff_ms", 100),
        ("grpc.max_reconnect_backoff_ms", 1_000),
        # Each channel its own connection, so that a shared port gives several processes.
        ("grpc.use_local_subchannel_pool", 1),
    ]
    if tls is not None and tls.server_name:
        settings.append(("grpc.ssl_target_name_override", tls.server_name))
    credentials = (
        None if tls is None else grpc.ssl_channel_credentials(tls.ca, tls.key, tls.certificate)
    )
    connections = [
        _Connection(
            grpc.aio.insecure_channel(each, options=settings)
            if credentials is None
            else grpc.aio.secure_channel(each, credentials, options=settings)
        )
        for each in process_addresses(address, options.connections)
    ]
    return Client(connections, options)


def translate(error: grpc.aio.AioRpcError) -> KilnRuntimeError:
    """Make of a failed call the error that the server meant."""
    info = _error_info(error)
    message = error.details() or ""
    if info is not None:
        return error_of(info.reason, message, info.metadata)
    match error.code():
        case grpc.StatusCode.UNAVAILABLE | grpc.StatusCode.CANCELLED:
            return UnavailableError(f"the runtime cannot be reached: {message}")
        case grpc.StatusCode.DEADLINE_EXCEEDED:
            return DeadlineError("the runtime did not answer in time")
        case grpc.StatusCode.RESOURCE_EXHAUSTED:
            # Without a reason it is gRPC's own: a message that is too long, either way.
            return LimitError("batch_bytes", found=MAX_MESSAGE_BYTES + 1, allowed=MAX_MESSAGE_BYTES)
        case code:
            return AnswerError(f"the runtime answered {code.name} without a reason: {message}")


def _error_info(error: grpc.aio.AioRpcError) -> error_details_pb2.ErrorInfo | None:
    for key, value in error.trailing_metadata() or ():
        if key != _DETAILS_KEY:
            continue
        try:
            status = status_pb2.Status.FromString(value)
            for detail in status.details:
                info = error_details_pb2.ErrorInfo()
                if detail.Unpack(info) and info.domain == DOMAIN:
                    return info
        except DecodeError:
            return None
    return None


@functools.lru_cache(maxsize=MAX_RESULT_SCHEMAS)
def _result_schema(transformation: Transformation) -> Schema:
    try:
        return transformation.result_schema()
    except PathError as error:
        raise TransformationRefusedError(
            str(error), code=Code.MAPPING_PATH_UNKNOWN.value, pointer="", mistakes=1
        ) from error


async def _all(coroutines: Iterable[Coroutine[Any, Any, _Result]]) -> list[_Result]:
    """Wait for all of them; the first that fails ends the others."""
    tasks = [asyncio.create_task(each) for each in coroutines]
    try:
        return await asyncio.gather(*tasks)
    finally:
        await _cancel(tasks)


async def _cancel(tasks: list[asyncio.Task[_Result]]) -> None:
    for task in tasks:
        task.cancel()
    await asyncio.gather(*tasks, return_exceptions=True)
