"""What signing an href and believing one cost."""

from __future__ import annotations

from urllib.parse import parse_qsl, urlsplit

from benchmarks.timing import best
from stac_bridge.delivery.sign import Signer

TIMES = 5000


def main() -> None:
    """Print the figures."""
    signer = Signer([b"k" * 32], 604800)
    make = signer.href_maker(
        "http://here/", "landsat_ot_c2_l2", "LC08_L2SP_047027_20201204_20210313_02_T1", "LC80470272020339LGN00"
    )
    name = "LC08_L2SP_047027_20201204_20210313_02_T1_SR_B4.TIF"
    query = urlsplit(make("red", name)).query

    def sign() -> None:
        for _ in range(TIMES):
            make("red", name)

    def verify() -> None:
        for _ in range(TIMES):
            signer.verify("landsat_ot_c2_l2", "LC08_L2SP_047027_20201204_20210313_02_T1", "red", name, parse_qsl(query))

    print(f"Hrefs: sign {1e6 * best(sign) / TIMES:.1f} µs, verify {1e6 * best(verify) / TIMES:.1f} µs")
