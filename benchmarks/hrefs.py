"""What signing an href and believing one cost, and what a reader of a warm asset costs the server."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable
from dataclasses import dataclass
from urllib.parse import urlsplit

import httpx

from benchmarks.parts.benchmark import Benchmark
from benchmarks.parts.served import sandboxed
from benchmarks.parts.timing import best
from stac_bridge.assets.href import Signer


@dataclass(frozen=True)
class Size:
    """How many hrefs are signed and verified, and how often a reader comes back."""

    times: int = 5000
    reads: int = 2000
    repeat: int = 7


def run(size: Size) -> None:
    """Print the figures."""
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

    def per(work: Callable[[], None]) -> float:
        return 1e6 * best(work, size.repeat) / size.times

    print(f"Hrefs: sign {per(sign):.1f} µs, verify {per(verify):.1f} µs")
    print(f"A warm asset, verified, looked up and redirected: {1e3 * asyncio.run(_warm(size.reads)):.3f} ms")


async def _warm(reads: int) -> float:
    """Seconds that one GET takes within the process, after the first has minted the URL."""
    async with sandboxed() as app:
        transport = httpx.ASGITransport(app)
        async with httpx.AsyncClient(transport=transport, base_url="http://here") as client:
            page = (await client.get("/search?collections=landsat_ot_c2_l2&limit=1")).json()
            href = page["features"][0]["assets"]["red"]["href"]
            assert (await client.get(href)).status_code == 302
            request = client.build_request("GET", href)
            begun = time.perf_counter()
            for _ in range(reads):
                await transport.handle_async_request(request)
            return (time.perf_counter() - begun) / reads


BENCHMARK = Benchmark(run, full=Size(), tiny=Size(times=2, reads=2, repeat=1))

if __name__ == "__main__":
    BENCHMARK.command()
