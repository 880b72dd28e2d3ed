import re

from prometheus_client.parser import text_string_to_metric_families

from api.telemetry.metrics import NO_ROUTE, Metrics, PoolState

Samples = dict[tuple[str, tuple[tuple[str, str], ...]], float]


def samples(metrics: Metrics) -> Samples:
    return {
        (sample.name, tuple(sorted(sample.labels.items()))): sample.value
        for family in text_string_to_metric_families(metrics.text().decode())
        for sample in family.samples
        if not sample.name.endswith("_created")
    }


def test_requests_are_counted_by_route_method_and_status() -> None:
    metrics = Metrics()
    for status in (200, 200, 404):
        metrics.request_began()
        metrics.request_ended("/v1/keys/{id}", "GET", status, 0.02)
    metrics.request_began()

    found = samples(metrics)

    route = ("route", "/v1/keys/{id}")
    counted = "kiln_http_requests_total"
    assert found[counted, (("method", "GET"), route, ("status", "200"))] == 2
    assert found[counted, (("method", "GET"), route, ("status", "404"))] == 1
    assert found["kiln_http_requests_in_flight", ()] == 1
    assert found["kiln_http_request_seconds_count", (("method", "GET"), route)] == 3
    bucket = "kiln_http_request_seconds_bucket"
    assert found[bucket, (("le", "0.01"), ("method", "GET"), route)] == 0
    assert found[bucket, (("le", "0.025"), ("method", "GET"), route)] == 3


def test_clients_cannot_make_labels() -> None:
    metrics = Metrics()
    for number in range(50):
        metrics.request_began()
        metrics.request_ended(NO_ROUTE, f"METHOD{number}", 405, 0.001)

    names = [key for key in samples(metrics) if key[0] == "kiln_http_requests_total"]

    assert names == [
        (
            "kiln_http_requests_total",
            (("method", "other"), ("route", NO_ROUTE), ("status", "405")),
        )
    ]


def test_calls_of_the_runtime_are_counted_by_outcome() -> None:
    metrics = Metrics()
    metrics.runtime_called("compile", "ok", 0.2)
    metrics.runtime_called("compile", "BusyError", 3.0)

    found = samples(metrics)

    counted = "kiln_runtime_calls_total"
    assert found[counted, (("method", "compile"), ("outcome", "ok"))] == 1
    assert found[counted, (("method", "compile"), ("outcome", "BusyError"))] == 1
    assert found["kiln_runtime_call_seconds_sum", (("method", "compile"),)] == 3.2


def test_the_pool_is_shown_as_it_is_when_somebody_looks() -> None:
    state = PoolState(opened=5, used=2)
    metrics = Metrics()
    metrics.watch_pool(lambda: state)
    assert _pool(metrics) == (2, 3)
    state = PoolState(opened=1, used=1)
    assert _pool(metrics) == (1, 0)


def _pool(metrics: Metrics) -> tuple[float, float]:
    found = samples(metrics)
    name = "kiln_database_connections"
    return found[name, (("state", "used"),)], found[name, (("state", "idle"),)]


def test_every_name_is_ours() -> None:
    metrics = Metrics()
    names = re.findall(r"^# TYPE (\S+)", metrics.text().decode(), re.MULTILINE)
    assert names
    assert [name for name in names if not name.startswith("kiln_")] == []
