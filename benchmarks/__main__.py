"""``python -m benchmarks``: all of them."""

from __future__ import annotations

from benchmarks import hrefs, sandbox, search, searches, streaming, translation

for benchmark in (translation, hrefs, search, searches, sandbox, streaming):
    benchmark.main()
