"""Prometheus metrics of one process; they carry no name of a tenant and no id."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Final

from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram, generate_latest
from prometheus_client.core import GaugeMetricFamily
from prometheus_client.registry import Collector

CONTENT_TYPE: Final = "text/plain; version=1.0.0; charset=utf-8"
NO_ROUTE: Final = "(none)"
"""The route of a request that no route takes: its path is of the client's making."""

_METHODS: Final = frozenset(("GET", "HEAD", "POST", "PUT", "DELETE"))
_SECONDS: Final = (0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0, 30.0)


@dataclass(frozen=True, slots=True, kw_only=True)
class PoolState:
    """How many connections to the database there are, and how many of them work."""

    opened: int
    used: int


class Metrics:
    """The counters of one process, in a registry of their own."""

    def __init__(self) -> None:
        self.registry = CollectorRegistry(auto_describe=True)
        self._requests = Counter(
            "kiln_http_requests",
            "Requests by route, method and status",
            ("route", "method", "status"),
            registry=self.registry,
        )
        self._request_seconds = Histogram(
            "kiln_http_request_seconds",
            "Time to answer, by route and method",
            ("route", "method"),
            buckets=_SECONDS,
            registry=self.registry,
        )
        self._in_flight = Gauge(
            "kiln_http_requests_in_flight", "Requests being answered", registry=self.registry
        )
        self._runtime_calls = Counter(
            "kiln_runtime_calls",
            "Calls of the runtime by method and outcome",
            ("method", "outcome"),
            registry=self.registry,
        )
        self._runtime_seconds = Histogram(
            "kiln_runtime_call_seconds",
            "Time of a call of the runtime, retries included",
            ("method",),
            buckets=_SECONDS,
            registry=self.registry,
        )

    def request_began(self) -> None:
        self._in_flight.inc()

    def request_ended(self, route: str, method: str, status: int, seconds: float) -> None:
        known = method if method in _METHODS else "other"
        self._in_flight.dec()
        self._requests.labels(route, known, str(status)).inc()
        self._request_seconds.labels(route, known).observe(seconds)

    def runtime_called(self, method: str, outcome: str, seconds: float) -> None:
        """Count a call of the runtime; `outcome` is `ok` or the class of its error."""
        self._runtime_calls.labels(method, outcome).inc()
        self._runtime_seconds.labels(method).observe(seconds)

    def watch_pool(self, state: Callable[[], PoolState]) -> None:
        """Show the database's pool as it is whenever somebody looks."""
        self.registry.register(_PoolCollector(state))

    def text(self) -> bytes:
        """Write all of it in the form that Prometheus reads."""
        return generate_latest(self.registry)


class _PoolCollector(Collector):
    def __init__(self, state: Callable[[], PoolState]) -> None:
        self._state = state

    def collect(self) -> Iterator[GaugeMetricFamily]:
        state = self._state()
        gauge = GaugeMetricFamily(
            "kiln_database_connections", "Connections to the database", labels=["state"]
        )
        gauge.add_metric(["used"], state.used)
        gauge.add_metric(["idle"], state.opened - state.used)
        yield gauge
