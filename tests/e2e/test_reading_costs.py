"""What reading costs: requests to the bridge, bytes, and calls of M2M."""

from __future__ import annotations

import json
import re
import subprocess
import sys
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pystac
import pystac_client
import pytest
import rasterio

from tests.readers import GDAL, Upstream
from tests.serving import started

LANDSAT = "landsat_ot_c2_l2"
BANDS = ("red", "nir08", "qa_pixel")
Places = tuple[Upstream, str, Path]
"""A sandbox, the address of a bridge over it, and the bridge's log."""

MOST_REQUESTS, MOST_BYTES, MOST_CALLS = 4, 600_000, 5


@pytest.fixture(scope="module", params=["auto", pytest.param("stream", marks=pytest.mark.long)])
def places(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[tuple[Upstream, str, Path]]:
    folder = tmp_path_factory.mktemp("costs")
    with started("sandbox", folder, "--faults") as (sandbox, _log):
        told = {"m2m_url": f"{sandbox}/api/api/json/stable/", "m2m_username": "someone", "m2m_token": "a-token"}
        hosts = {"download_hosts": "127.0.0.1", "delivery": request.param}
        with started("serve", folder, **told, **hosts) as (address, log):
            yield Upstream(sandbox), address, log


def scenes(address: str, count: int, when: str) -> list[pystac.Item]:
    search = pystac_client.Client.open(address).search(
        collections=[LANDSAT], datetime=when, bbox=(-30, -40, 60, 75), max_items=count
    )
    return list(search.items())


def test_a_window_of_a_band_costs_few_requests_and_bytes(places: Places) -> None:
    _sandbox, address, log = places
    (item,) = scenes(address, 1, "2024-07-01")
    code = f"""
import rasterio
from rasterio.windows import Window
with rasterio.open({item.assets["red"].href!r}) as band:
    assert band.read(1, window=Window(3072, 3072, 512, 512)).shape == (512, 512)
"""
    told = {"GDAL_DISABLE_READDIR_ON_OPEN": "EMPTY_DIR", "CPL_VSIL_SHOW_NETWORK_STATS": "YES"}
    before = len(read(log))
    ran = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True, env=told)
    assert len(read(log)) - before <= MOST_REQUESTS
    stats: dict[str, Any] = json.loads(re.findall(r"\{.*\}", ran.stdout, re.DOTALL)[0])
    fetched = sum(one.get("downloaded_bytes", 0) for one in stats["methods"].values())
    assert 0 < fetched <= MOST_BYTES


def read(log: Path) -> list[str]:
    """The requests for assets so far."""
    return [line for line in log.read_text().splitlines() if "/assets/" in line and "HTTP/1.1" in line]


def test_many_bands_opened_at_once_cost_few_calls_of_m2m(places: Places) -> None:
    sandbox, address, _log = places
    hrefs = [item.assets[key].href for item in scenes(address, 8, "2024-07-02") for key in BANDS]
    assert len(hrefs) == 24

    def opened(href: str) -> int:
        with rasterio.Env(**GDAL), rasterio.open(href) as band:
            return int(band.width)

    watching = {"kind": "latency", "seconds": 0, "on": ["download-request"]}
    with sandbox.failing(watching), ThreadPoolExecutor(8) as threads:
        assert all(width > 5000 for width in threads.map(opened, hrefs))
        assert 0 < sandbox.calls("download-request") <= MOST_CALLS
