"""The methods of the service: messages in, messages out, every error with its status and reason."""

import os
import secrets
import threading
from collections.abc import Callable
from typing import Final, NoReturn

import grpc
import structlog
from google.rpc import error_details_pb2, status_pb2

from runtime.errors import BusyError, InternalError, KilnRuntimeError
from runtime.functions import FunctionEngine
from runtime.statuses import DOMAIN, cut, facts_of, row_of
from runtime.transformation import Transformer
from runtime.wire import answers, requests
from runtime.wire.tables import (
    ATTESTATION_KEY,
    COMPILE,
    REQUEST_ID_KEY,
    SERVICE,
    TRANSFORM,
)

MAX_CALLS: Final = 60
"""Calls at once: most of them wait, for a guest or for their turn."""

DETAILS_KEY: Final = "grpc-status-details-bin"
PROCESS_KEY: Final = "kiln-process"
"""The trailer that tells which of several processes answered."""

NO_FUNCTIONS: Final = "functions off"

MAX_REQUEST_ID_CHARS: Final = 64


def walls_text(engine: FunctionEngine | None) -> str:
    """Say what is known of the walls, as metadata takes it."""
    if engine is None:
        return NO_FUNCTIONS
    attestation = engine.attestation()
    text = f"{'passed' if attestation.passed else 'failed'}: {attestation.summary}"
    return cut(text.encode("ascii", "replace").decode())


class TransformService:
    """Answers calls; used by many threads at a time."""

    def __init__(self, transformer: Transformer, engine: FunctionEngine | None) -> None:
        self._transformer = transformer
        self._engine = engine
        self._log = structlog.get_logger("runtime.service")
        self._calls = threading.BoundedSemaphore(MAX_CALLS)

    def handlers(self) -> grpc.GenericRpcHandler:
        """Give the methods of the contract.

        They take bytes: what is no message is our own refusal, not an internal error of gRPC.
        """
        return grpc.method_handlers_generic_handler(
            SERVICE,
            {
                COMPILE: grpc.unary_unary_rpc_method_handler(self._compile),
                TRANSFORM: grpc.unary_unary_rpc_method_handler(self._transform),
            },
        )

    def _compile(self, message: bytes, context: grpc.ServicerContext) -> bytes:
        def answer() -> bytes:
            call = requests.compile_call(message, self._transformer.limits)
            return answers.compile_response(self._transformer.compile(call))

        return self._answer(COMPILE, context, answer)

    def _transform(self, message: bytes, context: grpc.ServicerContext) -> bytes:
        def answer() -> bytes:
            call = requests.transform_call(message, self._transformer.limits)
            transformed = self._transformer.transform(
                call, context.time_remaining(), lambda: not context.is_active()
            )
            return answers.transform_response(transformed)

        return self._answer(TRANSFORM, context, answer)

    def _answer(
        self, method: str, context: grpc.ServicerContext, answer: Callable[[], bytes]
    ) -> bytes:
        context.set_trailing_metadata(self._trailers())
        with structlog.contextvars.bound_contextvars(**_asked_for(context)):
            return self._answer_or_abort(method, context, answer)

    def _answer_or_abort(
        self, method: str, context: grpc.ServicerContext, answer: Callable[[], bytes]
    ) -> bytes:
        if not self._calls.acquire(blocking=False):
            self._abort(context, BusyError(f"{MAX_CALLS} calls are being answered"))
        try:
            return answer()
        except KilnRuntimeError as error:
            if row_of(error) is None:
                self._abort(context, self._internal(method, error))
            self._log.info(
                "call refused", method=method, error=type(error).__name__, message=str(error)
            )
            self._abort(context, error)
        except Exception as error:  # noqa: BLE001 - the edge: a bug ends the call, not the server
            self._abort(context, self._internal(method, error))
        finally:
            self._calls.release()

    def _internal(self, method: str, error: Exception) -> InternalError:
        incident = secrets.token_hex(8)
        self._log.error("call failed", method=method, incident=incident, exc_info=error)
        return InternalError(incident)

    def _trailers(self) -> tuple[tuple[str, str], ...]:
        return ((ATTESTATION_KEY, walls_text(self._engine)), (PROCESS_KEY, str(os.getpid())))

    def _abort(self, context: grpc.ServicerContext, error: KilnRuntimeError) -> NoReturn:
        row = row_of(error)
        if row is None:
            raise error
        status = grpc.StatusCode[row.status.value]
        message = cut(str(error))
        info = error_details_pb2.ErrorInfo(
            reason=row.reason, domain=DOMAIN, metadata=facts_of(error, row)
        )
        details = status_pb2.Status(code=status.value[0], message=message)
        details.details.add().Pack(info)
        trailers = (*self._trailers(), (DETAILS_KEY, details.SerializeToString()))
        context.set_trailing_metadata(trailers)
        context.abort(status, message)
        raise error  # `abort` raises already; it only does not say so in types


def _asked_for(context: grpc.ServicerContext) -> dict[str, str]:
    """Say for which request the caller asks, if it says so: its log and ours have one id then."""
    found = dict(context.invocation_metadata() or ()).get(REQUEST_ID_KEY)
    return {"request_id": found[:MAX_REQUEST_ID_CHARS]} if isinstance(found, str) else {}
