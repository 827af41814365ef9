"""GDAL opens a file that USGS prepares first, although it would remember a 503 for ever."""

from __future__ import annotations

import subprocess
import sys

import pystac_client
import pytest

OPENS = """
import rasterio, sys
with rasterio.Env(GDAL_DISABLE_READDIR_ON_OPEN="EMPTY_DIR"), rasterio.open(sys.argv[1]) as frame:
    print(frame.width * frame.height)
"""


@pytest.mark.long
def test_gdal_opens_an_aerial_frame_at_the_first_attempt_without_any_retry(api: str) -> None:
    key = "d197_aerial_photo_single_frame_medium_resolution_download"
    items = pystac_client.Client.open(api).search(collections=["aerial_combin"], limit=50, max_items=200).items()
    # The last one, because other tests read the first.
    href = [
        asset.href for item in items if (asset := item.assets.get(key)) and "order:status" not in asset.extra_fields
    ][-1]
    ran = subprocess.run([sys.executable, "-c", OPENS, href], capture_output=True, text=True, check=False)
    assert ran.returncode == 0, ran.stderr
    assert int(ran.stdout) > 100_000
