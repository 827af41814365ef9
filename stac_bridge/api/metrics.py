"""Prometheus metrics: counts and durations, never callers, ids, URLs or keys.

One ``Metrics`` per app, with its own registry. Workers on one machine share their counts through files in the folder
of PROMETHEUS_MULTIPROC_DIR, so that any worker reports the totals of all.
"""

from __future__ import annotations

import os
import re
from collections.abc import Callable

from prometheus_client import (
    CollectorRegistry,
    Counter,
    Gauge,
    Histogram,
    disable_created_metrics,
    generate_latest,
)
from prometheus_client.multiprocess import MultiProcessCollector, mark_process_dead
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from stac_bridge.bridge import SearchCounts
from stac_bridge.m2m.calls import Call

METRICS_PATH = "/_mgmt/metrics"

# The _created series would double the number of lines.
disable_created_metrics()  # type: ignore[no-untyped-call]

_TEXT = "text/plain; version=0.0.4; charset=utf-8"
_MULTIPROC_DIR = "PROMETHEUS_MULTIPROC_DIR"
_BUCKETS = (0.005, 0.02, 0.05, 0.1, 0.2, 0.5, 1, 2, 5, 10, 30, 60, 180)
"""Upper bounds of the histograms' buckets, in seconds."""

_LABEL = re.compile(r"[A-Za-z][A-Za-z0-9_ -]{0,40}")
"""Label values from outside; any other becomes ``other``, to keep the number of series bounded."""

_METHODS = frozenset({"GET", "HEAD", "POST", "OPTIONS"})


class Metrics:
    """The instruments, and one method for each event that is counted."""

    def __init__(self) -> None:
        self.registry = own = CollectorRegistry()
        self._calls = Counter(
            "stac_bridge_m2m_calls", "Requests to M2M, by endpoint and outcome.", ["endpoint", "outcome"], registry=own
        )
        self._queued = Histogram(
            "stac_bridge_m2m_queue_seconds", "Wait for the account's turn.", registry=own, buckets=_BUCKETS
        )
        self._call_seconds = Histogram(
            "stac_bridge_m2m_call_seconds", "Requests to M2M.", ["endpoint"], registry=own, buckets=_BUCKETS
        )
        self._cache = Counter(
            "stac_bridge_cache_lookups", "Lookups: hit, miss, coalesced, stale.", ["kind", "outcome"], registry=own
        )
        self._pages = Counter("stac_bridge_pages", "Pages of Items returned.", registry=own)
        self._items = Counter("stac_bridge_items", "Items on those pages.", registry=own)
        self._scenes = Counter("stac_bridge_scenes_looked_at", "M2M scenes that searches read.", registry=own)
        self._matched = Counter("stac_bridge_scenes_matched", "Scenes among them that matched.", registry=own)
        self._resolutions = Counter(
            "stac_bridge_resolutions", "Asset hrefs resolved, by outcome.", ["outcome"], registry=own
        )
        self._bytes = Counter("stac_bridge_asset_bytes", "Bytes of assets sent by the server.", registry=own)
        self._requests = Counter(
            "stac_bridge_requests", "Requests, by route and status.", ["method", "route", "status"], registry=own
        )
        self._request_seconds = Histogram(
            "stac_bridge_request_seconds", "Requests, to the last byte.", ["route"], registry=own, buckets=_BUCKETS
        )
        self._in_flight = Gauge(
            "stac_bridge_requests_in_flight",
            "Requests being answered.",
            registry=own,
            multiprocess_mode="livesum",
        )

    def record_call(self, call: Call) -> None:
        """Counts an attempted request to M2M; its duration only if it was sent."""
        endpoint, outcome = _label(call.endpoint), _label(call.outcome)
        self._calls.labels(endpoint, outcome).inc()
        self._queued.observe(call.queued)
        if call.outcome not in ("turned-away", "left"):
            self._call_seconds.labels(endpoint).observe(call.seconds)

    def record_lookup(self, kind: str, outcome: str) -> None:
        """Counts a lookup in the store; ``kind`` is the first word of its key."""
        self._cache.labels(_label(kind), _label(outcome)).inc()

    def record_search(self, result: SearchCounts) -> None:
        """Counts a search that has ended."""
        self._scenes.inc(result.checked)
        self._matched.inc(result.matched)
        if result.items is not None:
            self._pages.inc()
            self._items.inc(result.items)

    def record_resolution(self, outcome: str) -> None:
        """Counts an asset href that was resolved: ``ok``, or the name of the error."""
        self._resolutions.labels(_label(outcome)).inc()

    def request_started(self) -> None:
        """Counts a request as in flight."""
        self._in_flight.inc()

    def request_finished(self, method: str, route: str, status: int, seconds: float) -> None:
        """Counts a finished request; ``route`` is the path template."""
        self._in_flight.dec()
        self._requests.labels(method if method in _METHODS else "other", route, str(status)).inc()
        self._request_seconds.labels(route).observe(seconds)

    def record_asset_bytes(self, count: int) -> None:
        """Counts bytes of an asset that were sent."""
        self._bytes.inc(count)

    def exposition(self) -> bytes:
        """All metrics in Prometheus's text format; of all workers if they share their counts."""
        if not os.environ.get(_MULTIPROC_DIR):
            return generate_latest(self.registry)
        total = CollectorRegistry()
        MultiProcessCollector(total)  # type: ignore[no-untyped-call]
        return generate_latest(total)

    @staticmethod
    def close() -> None:
        """Removes this process's gauges from the totals; its counts stay."""
        if os.environ.get(_MULTIPROC_DIR):
            mark_process_dead(os.getpid())  # type: ignore[no-untyped-call]


def metrics_route(exposition: Callable[[], bytes]) -> Route:
    """The route that Prometheus scrapes; not in the OpenAPI document."""

    async def metrics(_request: Request) -> Response:
        return Response(exposition(), headers={"Cache-Control": "no-store"}, media_type=_TEXT)

    return Route(METRICS_PATH, metrics, include_in_schema=False)


def _label(value: str) -> str:
    return value if _LABEL.fullmatch(value) else "other"
