"""Traces, as a collector gets them over OTLP."""

from collections.abc import Iterator
from concurrent import futures
from typing import Any

import grpc
import pytest
from opentelemetry.proto.collector.trace.v1 import trace_service_pb2, trace_service_pb2_grpc

from api.telemetry.tracing import NoTracing, open_tracing

TRACE_ID = "4bf92f3577b34da6a3ce929d0e0e4736"
PARENT_ID = "00f067aa0ba902b7"


class Collector(trace_service_pb2_grpc.TraceServiceServicer):
    """Keeps the spans that it is sent."""

    def __init__(self) -> None:
        self.url = ""
        self.spans: list[Any] = []

    def Export(self, request: Any, context: Any) -> Any:  # noqa: ANN401, N802 - as gRPC has it
        del context
        for resource in request.resource_spans:
            for scope in resource.scope_spans:
                self.spans += scope.spans
        return trace_service_pb2.ExportTraceServiceResponse()


@pytest.fixture
def collector() -> Iterator[Collector]:
    found = Collector()
    server = grpc.server(futures.ThreadPoolExecutor(max_workers=2))
    register: Any = trace_service_pb2_grpc.add_TraceServiceServicer_to_server  # untyped
    register(found, server)
    found.url = f"http://127.0.0.1:{server.add_insecure_port('127.0.0.1:0')}"
    server.start()
    yield found
    server.stop(None).wait()


def test_a_request_is_a_part_of_the_trace_that_it_names(collector: Collector) -> None:
    tracing = open_tracing(collector.url)
    headers = [(b"traceparent", f"00-{TRACE_ID}-{PARENT_ID}-01".encode())]
    with tracing.request("POST", headers) as span:
        with tracing.call("runtime compile"):
            metadata = dict(tracing.metadata())
        span.end(route="/v1/pipelines", status=503)
    tracing.close()

    call, request = collector.spans
    assert (request.name, call.name) == ("POST /v1/pipelines", "runtime compile")
    assert request.trace_id.hex() == call.trace_id.hex() == TRACE_ID
    assert request.parent_span_id.hex() == PARENT_ID
    assert call.parent_span_id == request.span_id
    assert metadata["traceparent"] == f"00-{TRACE_ID}-{call.span_id.hex()}-01"
    attributes = {each.key: each.value for each in request.attributes}
    assert attributes["http.route"].string_value == "/v1/pipelines"
    assert attributes["http.response.status_code"].int_value == 503
    assert request.status.code == 2  # an error


def test_a_request_without_a_trace_begins_one(collector: Collector) -> None:
    tracing = open_tracing(collector.url)
    for headers in ([], [(b"traceparent", b"nonsense \xff")]):
        with tracing.request("GET", headers) as span:
            span.end(route="/v1/keys", status=404)
    tracing.close()

    assert [each.parent_span_id for each in collector.spans] == [b"", b""]
    assert len({each.trace_id for each in collector.spans}) == 2
    assert {each.status.code for each in collector.spans} == {0}


def test_without_a_collector_nothing_is_traced() -> None:
    tracing = open_tracing(None)
    assert isinstance(tracing, NoTracing)
    with tracing.request("GET", []) as span, tracing.call("runtime compile"):
        span.end(route="", status=200)
        assert tracing.metadata() == ()
    tracing.close()
