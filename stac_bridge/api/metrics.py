"""What is counted, for Prometheus: how many and how long, never who, what address or which key.

One ``Metrics`` for an app, with a registry of its own. Several workers of one machine share their counts by files in
the folder that PROMETHEUS_MULTIPROC_DIR names, so that every worker tells those of all.
"""

from __future__ import annotations

import os
import re
from typing import TYPE_CHECKING

from prometheus_client import (
    CollectorRegistry,
    Counter,
    Gauge,
    Histogram,
    disable_created_metrics,
    generate_latest,
)
from prometheus_client.multiprocess import MultiProcessCollector, mark_process_dead
from starlette.responses import Response
from starlette.routing import Route

if TYPE_CHECKING:
    from collections.abc import Callable

    from starlette.requests import Request

    from stac_bridge.bridge import SearchCounts
    from stac_bridge.m2m.calls import Call

__all__ = ["METRICS_PATH", "Metrics", "metrics_route"]

METRICS_PATH = "/_mgmt/metrics"

disable_created_metrics()  # type: ignore[no-untyped-call]  # when each began to be counted, twice as many lines

_TEXT = "text/plain; version=0.0.4; charset=utf-8"
_SHARED = "PROMETHEUS_MULTIPROC_DIR"
_SECONDS = (0.005, 0.02, 0.05, 0.1, 0.2, 0.5, 1, 2, 5, 10, 30, 60, 180)
_WORD = re.compile(r"[A-Za-z][A-Za-z0-9_ -]{0,40}")
"""A label that comes from outside; anything else is ``other``, so that nobody makes series without end."""

_METHODS = frozenset({"GET", "HEAD", "POST", "OPTIONS"})


class Metrics:
    """The instruments; each method is a listener of one part of the server."""

    def __init__(self) -> None:
        self.registry = own = CollectorRegistry()
        self._calls = Counter(
            "stac_bridge_m2m_calls", "Requests to M2M, by endpoint and outcome.", ["endpoint", "outcome"], registry=own
        )
        self._queued = Histogram(
            "stac_bridge_m2m_queue_seconds", "Waiting for the account's turn.", registry=own, buckets=_SECONDS
        )
        self._took = Histogram(
            "stac_bridge_m2m_call_seconds", "Requests to M2M.", ["endpoint"], registry=own, buckets=_SECONDS
        )
        self._cache = Counter(
            "stac_bridge_cache_lookups", "Look-ups: hit, miss, coalesced, stale.", ["kind", "outcome"], registry=own
        )
        self._pages = Counter("stac_bridge_pages", "Pages of Items given.", registry=own)
        self._items = Counter("stac_bridge_items", "Items on those pages.", registry=own)
        self._looked = Counter("stac_bridge_scenes_looked_at", "Scenes of M2M that searches read.", registry=own)
        self._matched = Counter("stac_bridge_scenes_matched", "Scenes among them that were asked for.", registry=own)
        self._resolutions = Counter(
            "stac_bridge_resolutions", "Hrefs of assets resolved, by outcome.", ["outcome"], registry=own
        )
        self._bytes = Counter("stac_bridge_asset_bytes", "Bytes of assets that went through the server.", registry=own)
        self._requests = Counter(
            "stac_bridge_requests", "Requests, by route and status.", ["method", "route", "status"], registry=own
        )
        self._answering = Histogram(
            "stac_bridge_request_seconds", "Requests, to the last byte.", ["route"], registry=own, buckets=_SECONDS
        )
        self._in_flight = Gauge(
            "stac_bridge_requests_in_flight",
            "Requests that are being answered.",
            registry=own,
            multiprocess_mode="livesum",
        )

    def called(self, call: Call) -> None:
        """A request to M2M went one way or another."""
        endpoint, outcome = _word(call.endpoint), _word(call.outcome)
        self._calls.labels(endpoint, outcome).inc()
        self._queued.observe(call.queued)
        if call.outcome not in ("turned-away", "left"):
            self._took.labels(endpoint).observe(call.seconds)

    def looked_up(self, kind: str, outcome: str) -> None:
        """Something was looked for in the store: ``kind`` is the first word of its key."""
        self._cache.labels(_word(kind), _word(outcome)).inc()

    def sought(self, sought: SearchCounts) -> None:
        """A search ended."""
        self._looked.inc(sought.checked)
        self._matched.inc(sought.matched)
        if sought.items is not None:
            self._pages.inc()
            self._items.inc(sought.items)

    def resolved(self, outcome: str) -> None:
        """An href led to a source, or to an error of this name."""
        self._resolutions.labels(_word(outcome)).inc()

    def began(self) -> None:
        """A request came."""
        self._in_flight.inc()

    def ended(self, method: str, route: str, status: int, seconds: float) -> None:
        """It was answered, by the route of this template."""
        self._in_flight.dec()
        self._requests.labels(method if method in _METHODS else "other", route, str(status)).inc()
        self._answering.labels(route).observe(seconds)

    def streamed(self, count: int) -> None:
        """So many bytes of an asset went out."""
        self._bytes.inc(count)

    def exposition(self) -> bytes:
        """All in Prometheus's text format; of all workers, where they share their counts."""
        if not os.environ.get(_SHARED):
            return generate_latest(self.registry)
        every = CollectorRegistry()
        MultiProcessCollector(every)  # type: ignore[no-untyped-call]
        return generate_latest(every)

    @staticmethod
    def close() -> None:
        """What this process has in flight is no more; what it counted stays."""
        if os.environ.get(_SHARED):
            mark_process_dead(os.getpid())  # type: ignore[no-untyped-call]


def metrics_route(exposition: Callable[[], bytes]) -> Route:
    """Where Prometheus reads them; not in the OpenAPI document."""

    async def metrics(_request: Request) -> Response:
        return Response(exposition(), headers={"Cache-Control": "no-store"}, media_type=_TEXT)

    return Route(METRICS_PATH, metrics, include_in_schema=False)


def _word(said: str) -> str:
    return said if _WORD.fullmatch(said) else "other"
