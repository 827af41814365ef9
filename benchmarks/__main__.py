"""``python -m benchmarks``: all of them."""

from __future__ import annotations

from benchmarks import hrefs, sandbox, search, translation

for benchmark in (translation, hrefs, search, sandbox):
    benchmark.main()
