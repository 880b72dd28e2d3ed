"""One server process: listens, answers, tells how it is, and drains when it is told to stop."""

import os
import signal
import socket
import stat
import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Final

import grpc
import structlog
from grpc_health.v1 import health, health_pb2, health_pb2_grpc
from grpc_reflection.v1alpha import reflection

from runtime.addresses import is_local, socket_path
from runtime.engine import GuestEngine
from runtime.errors import AddressError
from runtime.functions import FunctionEngine
from runtime.memory import keep_freed_memory, look_for_cycles_rarely
from runtime.sandbox.interface import Language
from runtime.service import MAX_CALLS, TransformService, walls_text
from runtime.settings import Settings, Tls
from runtime.transformation import Transformer
from runtime.wire.tables import ATTESTATION_KEY, SERVICE, functions_service

MAX_MESSAGE_BYTES: Final = 64 * 2**20

MAX_METADATA_BYTES: Final = 64 * 2**10
"""Room for the trailers of an error; gRPC's own limit is close to what one may have."""

SPARE_THREADS: Final = 4
"""What is left for health and reflection when every call is taken."""

HEALTH_SECONDS: Final = 1.0
"""How often what the walls say is brought to health."""

_SERVING: Final = health_pb2.HealthCheckResponse.SERVING
_NOT_SERVING: Final = health_pb2.HealthCheckResponse.NOT_SERVING


class _Health(health.HealthServicer):  # type: ignore[misc]  # grpc has no types
    """Health that tells what is known of the walls, too: a status alone says no reason."""

    def __init__(self, engine: FunctionEngine | None) -> None:
        super().__init__(experimental_non_blocking=True)
        self._engine = engine

    def Check(  # noqa: N802 - its name in the contract of health
        self, request: health_pb2.HealthCheckRequest, context: grpc.ServicerContext
    ) -> health_pb2.HealthCheckResponse:
        context.set_trailing_metadata(((ATTESTATION_KEY, walls_text(self._engine)),))
        answer: health_pb2.HealthCheckResponse = super().Check(request, context)
        return answer


class Server:
    """A server that listens once it is made.

    Threads start here: whatever has to be forked before any thread is forked before.
    """

    def __init__(
        self, settings: Settings, address: str, engine: FunctionEngine | None = None
    ) -> None:
        self._engine = engine
        self._health = _Health(engine)
        self._pool = ThreadPoolExecutor(MAX_CALLS + SPARE_THREADS, thread_name_prefix="call")
        self._server = grpc.server(
            self._pool,
            options=(
                ("grpc.max_receive_message_length", MAX_MESSAGE_BYTES),
                ("grpc.max_send_message_length", MAX_MESSAGE_BYTES),
                ("grpc.max_metadata_size", MAX_METADATA_BYTES),
                # A port that is taken is an error, unless the processes of this server share it.
                ("grpc.so_reuseport", int(settings.processes > 1)),
            ),
        )
        service = TransformService(Transformer(settings.limits, engine), engine)
        self._server.add_generic_rpc_handlers((service.handlers(),))
        health_pb2_grpc.add_HealthServicer_to_server(self._health, self._server)
        reflection.enable_server_reflection(
            (SERVICE, health.SERVICE_NAME, reflection.SERVICE_NAME), self._server
        )
        self.address = _listen(self._server, address, settings.tls)
        self._server.start()
        self.update_health()

    def update_health(self) -> None:
        """Say what can be asked of this server now."""
        for name in ("", SERVICE):
            self._health.set(name, _SERVING)
        languages: frozenset[Language] = frozenset()
        if self._engine is not None:
            languages = self._engine.attestation().allowed
        for language in Language:
            status = _SERVING if language in languages else _NOT_SERVING
            self._health.set(functions_service(language), status)

    def drain(self, seconds: float) -> bool:
        """Take no more calls and let those in flight end; tells if all of them did in time."""
        self._health.enter_graceful_shutdown()
        done: threading.Event = self._server.stop(seconds)
        ended = done.wait(seconds)
        done.wait()  # what is left has been cancelled
        self._pool.shutdown(wait=False, cancel_futures=True)
        if self._engine is not None:
            self._engine.close()
        return ended


def serve(settings: Settings, address: str, *, parent_is_on_stdin: bool = False) -> int:
    """Serve until SIGTERM, SIGINT or the end of the parent; gives the exit status."""
    log = structlog.get_logger("runtime.server")
    keep_freed_memory()
    look_for_cycles_rarely()
    stop = threading.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda *_: stop.set())
    engine = _started_engine(settings)
    try:
        server = Server(settings, address, engine)
    except AddressError:
        if engine is not None:
            engine.close()
        raise
    if settings.tls is None and not is_local(address):
        log.warning("listening without TLS where others can connect", address=server.address)
    log.info("serving", address=server.address, pid=os.getpid(), functions=engine is not None)
    if parent_is_on_stdin:
        threading.Thread(target=_wait_for_end_of_stdin, args=(stop.set,), daemon=True).start()
    while not stop.wait(HEALTH_SECONDS):
        server.update_health()
    log.info("draining", seconds=settings.drain_seconds)
    ended = server.drain(settings.drain_seconds)
    log.info("stopped", all_calls_ended=ended)
    return 0 if ended else 1


def _started_engine(settings: Settings) -> GuestEngine | None:
    """Start the zygotes, before any thread of this process; the canaries come after."""
    if settings.functions is None:
        return None
    if settings.functions.allow_missing_walls:
        structlog.get_logger("runtime.server").warning(
            "functions run even where the walls do not hold"
        )
    engine = GuestEngine(settings.functions)
    engine.start()
    return engine


def _wait_for_end_of_stdin(tell: Callable[[], None]) -> None:
    # Not through `sys.stdin`: its lock, held by a daemon thread, aborts the end of the process.
    while os.read(0, 1):
        pass
    tell()


def _listen(server: grpc.Server, address: str, tls: Tls | None) -> str:
    """Bind a server to its address; gives the address with the port that it got."""
    path = socket_path(address)
    if path is not None:
        _clear(path, address)
    credentials = None if tls is None else _credentials(tls)
    # Only this user may connect: who can, can have any mapping applied.
    mask = os.umask(0o177)
    try:
        if credentials is None:
            port = server.add_insecure_port(address)
        else:
            port = server.add_secure_port(address, credentials)
    except RuntimeError as error:
        raise AddressError(address, "cannot be listened on; it may be in use") from error
    finally:
        os.umask(mask)
    if path is not None:
        return address
    return f"{address.rpartition(':')[0]}:{port}"


def _credentials(tls: Tls) -> grpc.ServerCredentials:
    client_ca = None if tls.client_ca is None else tls.client_ca.read_bytes()
    return grpc.ssl_server_credentials(
        [(tls.key.read_bytes(), tls.certificate.read_bytes())],
        root_certificates=client_ca,
        require_client_auth=client_ca is not None,
    )


def _clear(path: str, address: str) -> None:
    """Remove the socket of a server that was killed; that of a living one is in use."""
    file = Path(path)
    if not file.parent.is_dir():
        raise AddressError(address, "is in a folder that does not exist")
    if not file.exists():
        return
    if not stat.S_ISSOCK(file.stat().st_mode):
        raise AddressError(address, "is a file that is no socket")
    with socket.socket(socket.AF_UNIX) as probe:
        try:
            probe.connect(path)
        except ConnectionRefusedError:
            file.unlink(missing_ok=True)
        else:
            raise AddressError(address, "is in use by another server")
