"""``python -m benchmarks``: all of them. Those under load take minutes and come last."""

from __future__ import annotations

from benchmarks import chaos, geoparquet, hrefs, latency, load, peer, sandbox, search, searches, streaming, translation

for benchmark in (translation, hrefs, search, searches, sandbox, streaming, geoparquet, latency, load, peer, chaos):
    benchmark.main()
