"""What signing an href and believing one cost, and what a reader of a warm asset costs the server."""

from __future__ import annotations

import asyncio
import time
from urllib.parse import urlsplit

import httpx

from benchmarks.served import sandboxed
from benchmarks.timing import best
from stac_bridge.delivery.sign import Signer

TIMES = 5000
READS = 2000


def main() -> None:
    """Print the figures."""
    signer = Signer([b"k" * 32], 604800)
    make = signer.href_maker(
        "http://here/", "landsat_ot_c2_l2", "LC08_L2SP_047027_20201204_20210313_02_T1", "LC80470272020339LGN00"
    )
    name = "LC08_L2SP_047027_20201204_20210313_02_T1_SR_B4.TIF"
    href = urlsplit(make("red", name))

    def sign() -> None:
        for _ in range(TIMES):
            make("red", name)

    def verify() -> None:
        for _ in range(TIMES):
            signer.verify(href.path, href.query)

    print(f"Hrefs: sign {1e6 * best(sign) / TIMES:.1f} µs, verify {1e6 * best(verify) / TIMES:.1f} µs")
    print(f"A warm asset, verified, looked up and redirected: {1e3 * asyncio.run(_warm()):.3f} ms")


async def _warm() -> float:
    """Seconds that one GET takes within the process, after the first has minted the URL."""
    async with sandboxed() as app:
        transport = httpx.ASGITransport(app)
        async with httpx.AsyncClient(transport=transport, base_url="http://here") as client:
            page = (await client.get("/search?collections=landsat_ot_c2_l2&limit=1")).json()
            href = page["features"][0]["assets"]["red"]["href"]
            assert (await client.get(href)).status_code == 302
            request = client.build_request("GET", href)
            begun = time.perf_counter()
            for _ in range(READS):
                await transport.handle_async_request(request)
            return (time.perf_counter() - begun) / READS
