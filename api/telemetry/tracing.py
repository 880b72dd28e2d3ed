"""Traces, sent to a collector if there is one; OpenTelemetry is not loaded otherwise."""

from collections.abc import Iterable, Iterator
from contextlib import AbstractContextManager, contextmanager, nullcontext
from typing import Final, Protocol

Metadata = tuple[tuple[str, str], ...]

_NAME: Final = "kiln"
_MIN_SERVER_STATUS: Final = 500


class RequestSpan(Protocol):
    """The part of a trace that is one request."""

    def end(self, *, route: str, status: int) -> None:
        """Say what became of the request."""


class Tracing(Protocol):
    """Where traces go."""

    def request(
        self, method: str, headers: Iterable[tuple[bytes, bytes]]
    ) -> AbstractContextManager[RequestSpan]:
        """Trace a request, as a part of the trace that its headers name."""

    def call(self, name: str) -> AbstractContextManager[object]:
        """Trace a call that is made for a request."""

    def metadata(self) -> Metadata:
        """Give what carries the trace into another process."""

    def close(self) -> None:
        """Send what is left."""


class _NoSpan:
    def end(self, *, route: str, status: int) -> None:
        del route, status


class NoTracing:
    """No collector: nothing is traced."""

    def request(
        self, method: str, headers: Iterable[tuple[bytes, bytes]]
    ) -> AbstractContextManager[RequestSpan]:
        del method, headers
        return nullcontext(_NoSpan())

    def call(self, name: str) -> AbstractContextManager[object]:
        del name
        return nullcontext()

    def metadata(self) -> Metadata:
        return ()

    def close(self) -> None:
        return None


def open_tracing(endpoint: str | None) -> Tracing:
    """Trace to a collector at `http://host:4317` that speaks OTLP over gRPC."""
    if endpoint is None:
        return NoTracing()
    return _otlp(endpoint)


def _otlp(endpoint: str) -> Tracing:
    # Loaded here: half a second and an extra that only those need who collect traces.
    from opentelemetry import context, trace
    from opentelemetry.exporter.otlp.proto.grpc.trace_exporter import OTLPSpanExporter
    from opentelemetry.sdk.resources import Resource
    from opentelemetry.sdk.trace import TracerProvider
    from opentelemetry.sdk.trace.export import BatchSpanProcessor
    from opentelemetry.trace.propagation.tracecontext import TraceContextTextMapPropagator

    provider = TracerProvider(resource=Resource.create({"service.name": _NAME}))
    exporter = OTLPSpanExporter(endpoint=endpoint, insecure=endpoint.startswith("http://"))
    provider.add_span_processor(BatchSpanProcessor(exporter))
    tracer = provider.get_tracer(_NAME)
    propagator = TraceContextTextMapPropagator()

    class Span:
        def __init__(self, span: trace.Span, method: str) -> None:
            self._span = span
            self._method = method

        def end(self, *, route: str, status: int) -> None:
            self._span.update_name(f"{self._method} {route}")
            self._span.set_attribute("http.route", route)
            self._span.set_attribute("http.response.status_code", status)
            if status >= _MIN_SERVER_STATUS:
                self._span.set_status(trace.StatusCode.ERROR)

    class Otlp:
        @contextmanager
        def request(
            self, method: str, headers: Iterable[tuple[bytes, bytes]]
        ) -> Iterator[RequestSpan]:
            carrier = {name.decode("latin-1"): value.decode("latin-1") for name, value in headers}
            parent = propagator.extract(carrier, context.Context())
            with tracer.start_as_current_span(
                method,
                parent,
                kind=trace.SpanKind.SERVER,
                attributes={"http.request.method": method},
            ) as span:
                yield Span(span, method)

        @contextmanager
        def call(self, name: str) -> Iterator[None]:
            with tracer.start_as_current_span(name, kind=trace.SpanKind.CLIENT):
                yield

        def metadata(self) -> Metadata:
            carrier: dict[str, str] = {}
            propagator.inject(carrier)
            return tuple(carrier.items())

        def close(self) -> None:
            provider.shutdown()

    return Otlp()
