"""The cost of signing and verifying an href, and of redirecting a client to an asset whose URL is cached."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable
from dataclasses import dataclass
from urllib.parse import urlsplit

import httpx

from benchmarks.parts.benchmark import Benchmark
from benchmarks.parts.figures import Figure
from benchmarks.parts.served import sandboxed
from benchmarks.parts.timing import best
from stac_bridge.assets.href import Signer


@dataclass(frozen=True)
class Size:
    """The number of hrefs that are signed and verified, of requests of one asset, and of repetitions."""

    times: int = 5000
    reads: int = 2000
    repeat: int = 7


def run(size: Size) -> list[Figure]:
    """Measure at a size."""
    signer = Signer([b"k" * 32], 604800)
    make = signer.href_maker(
        "http://here/", "landsat_ot_c2_l2", "LC08_L2SP_047027_20201204_20210313_02_T1", "LC80470272020339LGN00"
    )
    name = "LC08_L2SP_047027_20201204_20210313_02_T1_SR_B4.TIF"
    href = urlsplit(make("red", name))

    def sign() -> None:
        for _ in range(size.times):
            make("red", name)

    def verify() -> None:
        for _ in range(size.times):
            signer.verify(href.path, href.query)

    def per_href(work: Callable[[], None]) -> float:
        return 1e6 * best(work, size.repeat) / size.times

    return [
        Figure("signing an href", per_href(sign), "µs"),
        Figure("verifying an href", per_href(verify), "µs"),
        Figure("redirecting to an asset, in the process", 1e3 * asyncio.run(_redirect(size.reads)), "ms"),
    ]


async def _redirect(reads: int) -> float:
    """Return the seconds of one GET in the process, after the first one has requested the URL."""
    async with sandboxed() as app:
        transport = httpx.ASGITransport(app)
        async with httpx.AsyncClient(transport=transport, base_url="http://here") as client:
            page = (await client.get("/search?collections=landsat_ot_c2_l2&limit=1")).json()
            href = page["features"][0]["assets"]["red"]["href"]
            assert (await client.get(href)).status_code == 302
            request = client.build_request("GET", href)
            start = time.perf_counter()
            for _ in range(reads):
                await transport.handle_async_request(request)
            return (time.perf_counter() - start) / reads


BENCHMARK = Benchmark(run, full=Size(), tiny=Size(times=2, reads=2, repeat=1))

if __name__ == "__main__":
    BENCHMARK.command()
